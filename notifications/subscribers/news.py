"""What public subscribers are told: what comes in some days, and what was moved or called off.

Only what is public is looked at (`events/people/visibility.py`): the days of observances and
activities that are open to everybody. What subscribers know stands in ``PublicFact``; what is
otherwise by now is news, and is told in the transaction that writes it down, so once.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from events.activities.times import A_WEEK
from events.installation import day_here, zone_of
from events.localtime import at_local
from events.models import (
    Activity,
    ActivityCredit,
    Campaign,
    Observance,
    ObservanceOccurrence,
    Round,
)
from notifications.outbox.sets import insert_new
from notifications.outbox.suppression import suppressed
from notifications.outbox.table import Message, MessageKind
from notifications.outbox.writing import LIFETIME, Postmark, message_row
from notifications.subscribers.table import PublicFact, Subscriber

DAYS_BEFORE = 3
_AHEAD = timedelta(days=400)  # as far as days and activities are watched
_AT_ONCE = 50  # letters that leave one after the other before others have their turn
_TURN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Fact:
    """A day or an activity as it is now, and to whom it matters: whoever chose one of these
    observances, if it is of the top, or its unit.
    """

    key: str
    starts: datetime
    says: dict[str, Any]
    observance_ids: frozenset[int]
    unit_id: int | None = None
    is_top: bool = True

    @property
    def is_off(self) -> bool:
        return bool(self.says["off"])

    def matters_to(self, subscriber: Subscriber) -> bool:
        if self.unit_id is not None and self.unit_id == subscriber.unit_id:
            return True
        chosen = {row.observance_id for row in subscriber.chosen}
        return self.is_top and bool(self.observance_ids & chosen)


@dataclass(frozen=True, slots=True)
class News:
    """One line of a letter: what comes, or how what was known is otherwise now."""

    fact: Fact
    was: dict[str, Any] | None = None  # what was known before it changed; None: it is coming


def write_news(session: Session, *, now: datetime, send_at: time) -> int:
    """Write the letters of what is new; return how many. Safe to run as often as you like.

    What comes is told from ``send_at`` (local) on the day that lies some days before.
    """
    zone, today = zone_of(session), day_here(session, now)
    facts = {fact.key: fact for fact in _facts(session, now)}
    known = {row.key: row for row in session.scalars(select(PublicFact))}
    news = [*_changes(session, facts, known, now)]
    if now >= at_local(today, send_at, zone):
        until = at_local(today + timedelta(days=DAYS_BEFORE + 1), time.min, zone)
        news += _coming(facts.values(), known, now, until)
    for key in known.keys() - facts.keys():  # over, or not for everybody any more
        session.delete(known[key])
    session.flush()
    return _write(session, news, now) if news else 0


def _facts(session: Session, now: datetime) -> Iterator[Fact]:
    yield from _days(session, now)
    yield from _activities(session, now)


def _days(session: Session, now: datetime) -> Iterator[Fact]:
    today, zone = day_here(session, now), zone_of(session)
    query = (
        select(ObservanceOccurrence)
        .join(ObservanceOccurrence.observance)
        .where(Observance.enabled, ObservanceOccurrence.dtend > today)
        .where(ObservanceOccurrence.dtstart < today + _AHEAD)
    )
    for row in session.scalars(query.order_by(ObservanceOccurrence.id)):
        says = {"start": row.dtstart.isoformat(), "end": row.dtend.isoformat(), "off": False}
        starts = at_local(row.dtstart, time.min, zone)
        yield Fact(f"day:{row.id}", starts, says, frozenset({row.observance_id}))


def _activities(session: Session, now: datetime) -> Iterator[Fact]:
    today = day_here(session, now)
    still_on = or_(Activity.dtend > now, Activity.weekly_until >= today - A_WEEK)
    query = (
        select(Activity)
        .join(Activity.campaign)
        .where(Activity.public, still_on, Activity.dtstart < now + _AHEAD)
        .options(contains_eager(Activity.campaign).joinedload(Campaign.unit))
    )
    credited = _credited(session)
    for row in session.scalars(query.order_by(Activity.id)):
        own = {row.campaign.observance_id} if row.campaign.observance_id else set()
        says = {
            "start": row.dtstart.isoformat(),
            "end": row.dtend.isoformat(),
            "place": row.location,
            "weekly": row.weekly_until.isoformat() if row.weekly_until else None,
            "otherwise": row.exceptions or {},
            "off": row.is_cancelled,
        }
        matters = frozenset(own | credited.get(row.id, set()))
        unit = row.campaign.unit
        yield Fact(
            f"activity:{row.id}", row.dtstart, says, matters, unit.id, unit.parent_id is None
        )


def _credited(session: Session) -> dict[int, set[int]]:
    query = (
        select(ActivityCredit.activity_id, Round.observance_id)
        .join(Campaign, Campaign.id == ActivityCredit.campaign_id)
        .join(Campaign.round)
        .where(Round.observance_id.is_not(None))
    )
    found: dict[int, set[int]] = {}
    for activity_id, observance_id in session.execute(query):
        assert observance_id is not None
        found.setdefault(activity_id, set()).add(observance_id)
    return found


def _changes(
    session: Session, facts: dict[str, Fact], known: dict[str, PublicFact], now: datetime
) -> Iterator[News]:
    """Write down what is seen for the first time or otherwise, and yield what is otherwise."""
    for fact in facts.values():
        row = known.get(fact.key)
        if row is None:
            session.add(PublicFact(key=fact.key, says=fact.says, announced=None))
            continue
        if row.says == fact.says:
            continue
        was, row.says = row.says, fact.says
        if was.get("start") != fact.says["start"] or was["off"]:
            row.announced = None  # what comes on another day is told some days before that
        if _begins(was) > now - timedelta(days=1) or fact.starts > now:
            yield News(fact, was)
    session.flush()


def _coming(
    facts: Iterable[Fact], known: dict[str, PublicFact], now: datetime, until: datetime
) -> Iterator[News]:
    for fact in facts:
        row = known.get(fact.key)
        is_near = now < fact.starts < until and not fact.is_off
        if row is not None and is_near and row.announced is None:
            row.announced = now
            yield News(fact)


def _begins(was: dict[str, Any]) -> datetime:
    start = datetime.fromisoformat(was["start"])
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _write(session: Session, news: Sequence[News], now: datetime) -> int:
    query = select(Subscriber).where(Subscriber.confirmed.is_not(None)).order_by(Subscriber.id)
    subscribers = session.scalars(query.options(selectinload(Subscriber.chosen))).all()
    refused = suppressed(session, [one.email for one in subscribers], now)
    postmark = Postmark.of(session)
    rows: list[dict[str, Any]] = []
    for subscriber in subscribers:
        mine = [one for one in news if one.fact.matters_to(subscriber)]
        if mine and subscriber.email not in refused:
            at = now + len(rows) // _AT_ONCE * _TURN
            rows.append(_row(subscriber, mine, now, at, postmark))
    return len(insert_new(session, Message, rows))


def _row(
    subscriber: Subscriber, news: Sequence[News], now: datetime, at: datetime, postmark: Postmark
) -> dict[str, Any]:
    lines = [{"key": one.fact.key, "was": one.was} for one in news]
    told = json.dumps([(one.fact.key, one.fact.says, one.was) for one in news], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    return message_row(
        key=f"{MessageKind.PUBLIC_NEWS}:{subscriber.uid}:{now:%Y%m%d}:{digest}",
        kind=MessageKind.PUBLIC_NEWS,
        person_id=None,
        rcpt_to=subscriber.email,
        language=subscriber.language,
        params={"subscriber": subscriber.uid, "news": lines},
        urgent=False,
        next_attempt=at,
        expires=at + LIFETIME,
        now=now,
        postmark=postmark,
    )
