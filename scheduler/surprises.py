"""What a simulated year is given to cope with: an event on another day, an upper plan that comes late."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events import reanchor
from events.errors import N_, InvalidInputError, NotFoundError
from events.models import Campaign, Observance, Person, Template
from events.people import posts_of_unit
from events.workdays import WorkCalendar


class SurpriseKind(StrEnum):
    """What goes otherwise than the template says."""

    EVENT = "event"
    LATE_PLAN = "late-plan"


@dataclass(frozen=True, slots=True)
class Surprise:
    """One thing that goes otherwise: ``key`` names the observance or template, ``day`` the event's or the plan's real day."""

    kind: SurpriseKind
    key: str
    day: date


def surprise_from(kind: SurpriseKind, text: str) -> Surprise:
    """Read ``KEY=YYYY-MM-DD``. Raises ``InvalidInputError``."""
    key, _, day = text.partition("=")
    try:
        return Surprise(kind, key.strip(), date.fromisoformat(day.strip()))
    except ValueError as error:
        raise InvalidInputError(N_("“%(text)s” is not of the form KEY=YYYY-MM-DD."), text=text) from error


def strike(session: Session, surprise: Surprise, *, today: date, now: datetime, calendar: WorkCalendar) -> bool:
    """Let a surprise happen if its day has come; return whether anything moved.

    An event is moved as soon as its campaign is open, a late plan is issued on its day.
    """
    if surprise.kind is SurpriseKind.LATE_PLAN and surprise.day != today:
        return False
    root = _root(session, surprise)
    if root is None or (surprise.kind is SurpriseKind.EVENT and root.event_date == surprise.day):
        return False
    change = _change(session, surprise, root)
    found = reanchor.preview(session, root, change, calendar, now=now)
    by = _somebody(session, root, today)
    reanchor.apply(session, root, change, expected_fingerprint=found.fingerprint, by=by, now=now, calendar=calendar)
    return True


def _root(session: Session, surprise: Surprise) -> Campaign | None:
    key = func.coalesce(Observance.key, Template.key)
    query = select(Campaign).join(Campaign.template).outerjoin(Campaign.observance)
    ofyear = (key == surprise.key, Campaign.year == surprise.day.year, Campaign.parent_id.is_(None))
    return session.scalars(query.where(*ofyear).order_by(Campaign.id)).first()


def _change(session: Session, surprise: Surprise, root: Campaign) -> reanchor.NewAnchor:
    if surprise.kind is SurpriseKind.EVENT:
        return reanchor.NewAnchor(event_date=surprise.day)
    plans = reanchor.plans_of(session, root)
    if not plans:
        raise NotFoundError(kind="plan", key=surprise.key)
    return reanchor.NewAnchor(plan=plans[0].key, issued=surprise.day)


def _somebody(session: Session, root: Campaign, today: date) -> Person:
    """Return a person who may move the campaign: whoever holds a post in its unit, on a copy where every post is filled."""
    return posts_of_unit(session, root.unit_id, today)[0].person
