"""From which day an installation is followed, and each unit that joined it later.

What was due before that day is nobody's debt. An installation without a start line follows
everything, as all of them did before there was one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError
from events.installation import day_here
from events.models import Person, StartLine, Unit

_LONGEST_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class StartLines:
    """The start line of the installation, and of the units that joined after it."""

    installation: date | None
    joined: Mapping[int, date] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session) -> "StartLines":
        """Read them, in two queries; in one where everything is followed."""
        day = start_line(session)
        if day is None:
            return cls(None)
        return cls(day, {unit_id: own for unit_id, own in cls.joined_units(session) if own > day})

    @staticmethod
    def joined_units(session: Session) -> list[tuple[int, date]]:
        """Return the units that joined an installation, with the day."""
        query = select(Unit.id, Unit.followed_from).where(Unit.followed_from.is_not(None))
        return [(unit_id, day) for unit_id, day in session.execute(query) if day]

    def of(self, unit_id: int) -> date | None:
        """Return the day from which a unit is followed; None for one that always was."""
        return self.joined.get(unit_id, self.installation)


def start_line(session: Session, *, before: datetime | None = None) -> date | None:
    """Return the day from which the installation is followed; None where everything is.

    With ``before`` as it was known until that instant.
    """
    newest = newest_start_line(session, before=before)
    return newest.day if newest else None


def newest_start_line(session: Session, *, before: datetime | None = None) -> StartLine | None:
    """Return the start line that counts, or counted ``before`` an instant: the newest that was not
    undone.
    """
    stood: ColumnElement[bool] = StartLine.undone.is_(None)
    if before is not None:
        stood = (StartLine.at < before) & (stood | (StartLine.undone >= before))
    query = select(StartLine).where(stood).order_by(StartLine.id.desc())
    return session.scalars(query.limit(1)).first()


def begin_to_follow(
    session: Session, day: date | None = None, *, by: Person | None = None, now: datetime
) -> StartLine:
    """Follow a new installation from ``day``, or from today; before anything is opened in it.

    Raises ``InvalidInputError`` and ``YearOutOfRangeError`` for days that cannot be. Where work is
    open already, a start line moves with a preview: see `replanning.start_line`.
    """
    day = day or day_here(session, now)
    require_sensible(day, day_here(session, now))
    name = by.full_name if by else None
    line = StartLine(day=day, at=now, by=by, by_name=name, moved={})
    session.add(line)
    session.flush()
    return line


def follow_if_new(session: Session, day: date | None, *, now: datetime) -> None:
    """Set the start line of an installation that has no units yet.

    In another one nothing changes; raises ``ConflictError`` when it is to have another day.
    """
    if session.scalar(select(Unit.id).limit(1)) is None:
        begin_to_follow(session, day, now=now)
    elif day is not None and day != start_line(session):
        raise ConflictError(
            N_("This installation has begun already. Its start line moves with: sumvay start-line")
        )


def require_sensible(day: date, today: date) -> None:
    """Raise ``InvalidInputError`` for a start line more than a year ahead."""
    check_year(day.year)
    if day > today + _LONGEST_AHEAD:
        raise InvalidInputError(
            N_("%(day)s is too far ahead: a start line lies at most a year after today."),
            day=f"{day:%d/%m/%Y}",
        )
