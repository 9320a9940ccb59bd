"""Which calendars there are, and what each is as it reads now."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.calendars.ical import write_calendar
from events.calendars.kept import Kept, Shown, draft, read_feed, store
from events.calendars.observance_feed import ObservanceFeed
from events.calendars.unit_feed import UnitFeed
from events.calendars.view import View
from events.database import SessionFactory, reading
from events.errors import NotFoundError
from events.installation import day_here
from events.models import Observance, Unit


def serve_feed(
    session_factory: SessionFactory, key: str, *, now: datetime, public_url: str
) -> Kept:
    """Return a calendar as it reads now, and keep it so that stamps and validators stay true.

    Raises ``NotFoundError``. Writes only when something changed, or a day passed.
    """
    with reading(session_factory)() as session:
        today = day_here(session, now)
        feed = find_feed(session, key, today, public_url)
        written = draft(session, key, feed, as_of=today, now=now)
    store(session_factory, written)
    with reading(session_factory)() as session:
        return read_feed(session, key) or written.kept


def find_feed(session: Session, key: str, today: date, public_url: str) -> Shown:
    """Return the calendar of an observance or a unit.

    Raises ``NotFoundError``; an observance that is switched off has none.
    """
    view = View(today, public_url)
    observance = session.scalar(
        select(Observance).where(Observance.slug == key, Observance.enabled)
    )
    if observance is not None:
        return ObservanceFeed(observance, view)
    unit = session.scalar(select(Unit).where(Unit.slug == key))
    if unit is not None:
        return UnitFeed(unit, view)
    raise NotFoundError(kind="calendar", key=key)


def render(session: Session, feed: Shown) -> bytes:
    """Return a calendar as it reads now with the stamps of its rows, without keeping it."""
    return write_calendar(feed.head, feed.events(session))


def all_slugs(session: Session) -> list[str]:
    """Return the slugs of all public feeds: observances first, then units."""
    observances = session.scalars(
        select(Observance.slug)
        .where(Observance.enabled)
        .order_by(Observance.position, Observance.id)
    )
    return [*observances, *session.scalars(select(Unit.slug).order_by(Unit.position, Unit.id))]
