"""Observances on the calendar: their dates for the months to come, and the working days they are
planned with.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from events.database.sessions import new_uid
from events.errors import N_, NotFoundError
from events.installation import day_here, domain_of
from events.models import Observance, ObservanceOccurrence
from events.observances.printed import SECOND_HAND_VI, of_year

HORIZON = timedelta(days=3 * 366)  # lunar days are wanted three years ahead

_THROUGH_THE_YEARS = (
    selectinload(Observance.titles),
    selectinload(Observance.themes),
    selectinload(Observance.bases),
)


def enabled_observances(session: Session) -> Sequence[Observance]:
    """Return the observances this province keeps, with their titles and themes."""
    query = (
        select(Observance).where(Observance.enabled).order_by(Observance.position, Observance.id)
    )
    around = selectinload(Observance.container).selectinload(Observance.themes)
    return session.scalars(query.options(*_THROUGH_THE_YEARS, around)).all()


def get_enabled(session: Session, slug: str) -> Observance:
    """Return the observance with this slug, with its titles and themes.

    Raises ``NotFoundError``, also for one that is switched off.
    """
    query = select(Observance).where(Observance.slug == slug, Observance.enabled)
    found = session.scalar(query.options(*_THROUGH_THE_YEARS))
    if found is None:
        raise NotFoundError(N_("There is no observance at this address."))
    return found


def extend_horizon(session: Session, *, now: datetime, horizon: timedelta = HORIZON) -> int:
    """Write the dates of every enabled observance from last year until ``now + horizon``; return
    how many rows changed.

    Safe to run as often as you like. A new title, theme or rule changes the row and raises its
    SEQUENCE; the UID stays.
    """
    years = range(day_here(session, now).year - 1, day_here(session, now + horizon).year + 1)
    known = {
        (row.observance_id, row.year): row for row in session.scalars(select(ObservanceOccurrence))
    }
    changed = 0
    for observance in enabled_observances(session):
        for year in years:
            changed += _write_occurrence(
                session, observance, year, known.get((observance.id, year)), now
            )
    return changed


def describe(observance: Observance, year: int) -> str:
    """Return the plain text that a calendar shows for an observance in ``year``: what is printed
    about it, and what it rests on then. What nobody entered has no line.
    """
    printed, lines = of_year(observance, year), []
    if printed.anniversary:
        lines.append(f"{printed.anniversary}.")
    if printed.theme:
        doubt = f" ({SECOND_HAND_VI})" if printed.is_second_hand else ""
        lines.append(f"Chủ đề: {printed.theme}{doubt}.")
    if printed.slogans:
        lines.append(f"Khẩu hiệu: {'; '.join(printed.slogans)}")
    if observance.rule["kind"] == "lunar_day":
        lines.append(
            f"Ngày {observance.rule['lunar_day']}/{observance.rule['lunar_month']} âm lịch."
        )
    if printed.bases:
        lines.append(f"Căn cứ: {'; '.join(printed.bases)}.")
    return "\n".join(lines)


def _write_occurrence(
    session: Session,
    observance: Observance,
    year: int,
    row: ObservanceOccurrence | None,
    now: datetime,
) -> bool:
    dates = observance.recurrence.occurrence(year)
    values = {
        "dtstart": dates.dtstart,
        "dtend": dates.dtend,
        "summary": observance.title_in(dates.dtstart.year),
        "description": describe(observance, dates.dtstart.year),
    }
    if row is None:
        identity = {
            "uid": new_uid(domain_of(session)),
            "observance_id": observance.id,
            "year": year,
            "created": now,
            "last_modified": now,
        }
        session.add(ObservanceOccurrence(**identity, **values))
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.touch(now)
    return True
