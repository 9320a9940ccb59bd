"""Which calendars there are, and what each is as it reads now."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.calendars.campaign_feed import PREFIX, CampaignFeed
from events.calendars.ical import write_calendar
from events.calendars.kept import Kept, Shown, draft, read_feed, store
from events.calendars.observance_feed import COMMON, CommonFeed, ObservanceFeed
from events.calendars.person_feed import PersonFeed
from events.calendars.unit_feed import UnitFeed
from events.calendars.view import ENGLISH, View
from events.database.sessions import SessionFactory, reading
from events.errors import NotFoundError
from events.installation import day_here
from events.models import Campaign, FeedToken, Observance, Unit
from events.models.feed_tokens import OWN


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
    """Return a calendar by its key: that of an observance, of several, of a unit or of a campaign.

    Raises ``NotFoundError``; an observance that is switched off has none.
    """
    language = "en" if key.startswith(ENGLISH) else "vi"
    if key.startswith(OWN):
        found = _find_own(session, key, today, public_url)
    else:
        found = _find_public(session, key.removeprefix(ENGLISH), View(today, public_url, language))
    if found is None:
        raise NotFoundError(kind="calendar", key=key)
    return found


def _find_own(session: Session, key: str, today: date, public_url: str) -> Shown | None:
    owned = select(FeedToken).where(
        FeedToken.digest == key.removeprefix(OWN), FeedToken.revoked.is_(None)
    )
    token = session.scalar(owned.options(joinedload(FeedToken.person)))
    return PersonFeed(token, View(today, public_url, token.language)) if token else None


def _find_public(session: Session, key: str, view: View) -> Shown | None:
    if key in COMMON:
        return CommonFeed(key, view)
    if key.startswith(PREFIX):
        uid = key.removeprefix(PREFIX)
        campaign = session.scalar(select(Campaign).where(Campaign.uid == uid))
        return CampaignFeed(campaign, view) if campaign else None
    observance = session.scalar(
        select(Observance).where(Observance.slug == key, Observance.enabled)
    )
    if observance is not None:
        return ObservanceFeed(observance, view)
    unit = session.scalar(select(Unit).where(Unit.slug == key))
    return UnitFeed(unit, view) if unit else None


def render(session: Session, feed: Shown) -> bytes:
    """Return a calendar as it reads now with the stamps of its rows, without keeping it."""
    return write_calendar(feed.head, feed.events(session))


def as_file(session: Session, key: str, *, now: datetime, public_url: str) -> bytes:
    """Return a calendar as subscribers have it, or, before the first of them, as it reads now."""
    kept = read_feed(session, key)
    if kept is not None:
        return kept.body
    return render(session, find_feed(session, key, day_here(session, now), public_url))


def all_slugs(session: Session) -> list[str]:
    """Return the slugs of all public feeds: observances first, then units."""
    observances = session.scalars(
        select(Observance.slug)
        .where(Observance.enabled)
        .order_by(Observance.position, Observance.id)
    )
    return [*observances, *session.scalars(select(Unit.slug).order_by(Unit.position, Unit.id))]
