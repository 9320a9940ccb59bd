"""How a unit's items of a round come into being, measured against the day from which the unit is
followed.

In a round that ran before that day, what was due before it is for reference: owed by nobody. A
round that begins later, on a day somebody chose or since it was switched on, is wanted altogether.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.rounds import ComingRound
from events.installation import day_here
from events.models import Anchor, Round, Template
from events.units.start_lines import StartLines

NEVER = date.max  # what is followed from this day is owed by nobody, whenever it is due
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Birth:
    """How items come into being: on the day ``born``, with nothing owed before ``followed_from``.

    Without ``born`` it does not matter that their day had passed by then.
    """

    followed_from: date | None = None
    born: date | None = None

    def is_too_late(self, due: date) -> bool:
        """Tell whether an item is owed that was due before it came into being."""
        if self.born is None or due >= self.born:
            return False
        return self.followed_from is None or due >= self.followed_from


@dataclass(frozen=True, slots=True)
class Births:
    """The births in one round, unit by unit. ``began`` is the day on which it began, or begins."""

    lines: StartLines
    today: date
    began: date
    for_reference: bool = False

    @classmethod
    def load(
        cls, session: Session, found: ComingRound, today: date, *, for_reference: bool = False
    ) -> "Births":
        lines = StartLines.load(session)
        if for_reference or lines.installation is None:
            return cls(lines, today, today, for_reference)
        return cls(lines, today, _began(session, found, today))

    def of(self, unit_id: int) -> Birth:
        if self.for_reference:
            return Birth(NEVER)
        line = self.lines.of(unit_id)
        if line is None:
            return Birth()
        return Birth(line if self.began < line else None, self.today)

    def of_joined(self, unit_id: int, day: date) -> Birth:
        """Return the birth in a unit that joined on ``day``, while the round ran; also where
        everything else is followed.
        """
        if self.for_reference:
            return Birth(NEVER)
        return Birth(max(day, self.lines.of(unit_id) or day), self.today)


def was_over_before(found: ComingRound, line: date) -> bool:
    """Tell whether a round was over before the day ``line``.

    The work on a reporting period comes after it: that is over with the last deadline.
    """
    if found.template.anchor is not Anchor.CUTOFF:
        return found.dates.dtend <= line
    offsets = [
        offset
        for item in found.template.current.items
        for level in item.levels
        if (offset := item.end_at(level) or item.offset_at(level)) is not None
    ]
    return found.dates.last_day + max(offsets, default=0) * _A_DAY < line


def is_chosen(template: Template) -> bool:
    """Tell whether somebody chooses the day of a template's rounds."""
    return template.observance_id is None and not template.cutoffs


def _began(session: Session, found: ComingRound, today: date) -> date:
    """Return the day on which a round opened or, by its template, would have opened."""
    created = session.scalar(
        select(Round.created).where(
            Round.template_id == found.template_id, Round.period == found.period
        )
    )
    opened = day_here(session, created) if created else today
    if is_chosen(found.template):
        return opened
    return min(opened, max(found.opens, found.template.opens_from or found.opens))
