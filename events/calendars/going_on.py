"""An address is for life: where a unit ended, its calendars go on with those who follow it.

Their campaigns of the same rounds stand there under the identity that the old ones had, so that
nobody sees one go and another come, and nothing is marked as called off that only moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from events.calendars.ical import CalendarEvent
from events.calendars.parts import EVENT_OF
from events.models import Campaign, Unit
from events.models.campaigns import same_round
from events.units.lineage import heirs_of


def followers_of(session: Session, unit: Unit, today: date) -> Sequence[Unit]:
    """Return the units that live on the day and follow one that has ended; nobody while it lives.

    A unit that ended without successor says where its work went, and shows nobody else's.
    """
    if unit.valid_to is None or unit.valid_to >= today:
        return []
    return heirs_of(session, [unit], today)


def is_followed(followers: Sequence[Unit]) -> ColumnElement[bool]:
    """Return the condition that a follower has the campaign of a round, and so shows it now."""
    other = aliased(Campaign)
    ids = [unit.id for unit in followers]
    same = select(other.id).where(other.unit_id.in_(ids), same_round(Campaign, other))
    return same.correlate(Campaign).exists()


def identities(session: Session, unit: Unit, followers: Sequence[Unit]) -> Mapping[str, str]:
    """Return by the UID of a follower's campaign that of the unit's own in the same round; of
    several followers the first goes on under it.
    """
    old = aliased(Campaign)
    place = {follower.id: number for number, follower in enumerate(followers)}
    query = (
        select(Campaign.uid, Campaign.unit_id, old.uid)
        .join(old, same_round(Campaign, old))
        .where(Campaign.unit_id.in_(place), old.unit_id == unit.id)
    )
    found: dict[str, str] = {}
    given: set[str] = set()
    for uid, _unit, known in sorted(session.execute(query), key=lambda row: place[row.unit_id]):
        if known not in given:
            given.add(known)
            found[uid] = known
    return found


def under(
    events: Iterable[CalendarEvent], identities: Mapping[str, str]
) -> Iterator[CalendarEvent]:
    """Yield events under the identities that those before them had."""
    for event in events:
        prefix = EVENT_OF if event.uid.startswith(EVENT_OF) else ""
        known = identities.get(event.uid.removeprefix(prefix))
        yield replace(event, uid=f"{prefix}{known}") if known else event
