"""Days off that are announced but not yet law: whether they close offices is a setting, and dates
follow when it is switched.

The setting stands in a file, which nobody previews. So a database remembers by which one its dates
were counted, and the clock moves what would come out otherwise, as a decision on these days would:
what is done and what a hand set stays, and switching back gives back the dates of before.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.installation import installation_of
from events.replanning.preview import Line
from events.replanning.touched_rounds import changed_rounds, write_rounds
from events.units.office import office_of, office_to_change
from events.working_calendar import stamp_what_reads_otherwise, work_calendar


def follow_the_setting(session: Session, *, stamp: Stamp) -> list[Line]:
    """Move the open items whose dates the setting changes since it was last followed, and return
    them. Twice changes nothing; what was counted before anybody remembered by which setting stays.
    """
    wanted, counted = installation_of(session).count_announced, office_of(session).counts_announced
    if counted == wanted:
        return []
    office_to_change(session).counts_announced = wanted
    if counted is None:
        return []
    after = work_calendar(session)
    before = replace(after, count_announced=counted)
    rounds = changed_rounds(session, before, after, lock=True)
    write_rounds(session, rounds, stamp=stamp)
    session.flush()
    stamp_what_reads_otherwise(session, before, after, now=stamp.now)
    return [line for one in rounds for line in one.moved]
