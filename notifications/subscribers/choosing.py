"""Subscribing without an account: asked for on a page, confirmed from the mailbox, changed and
ended by links in every letter.

What the form is told is written down and nothing else: the clock looks whether the address is
known. A mailbox that did not ask is written to three times in a week at most, whoever types its
address however often.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.installation import day_here
from events.models import Level, Observance, Unit
from events.observances.occurrences import enabled_observances
from events.secrets.signatures import read_signed, signed
from events.words.texts import nfc
from notifications.addresses import checked_address
from notifications.outbox.suppression import suppressed
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from notifications.subscribers.table import Subscriber, SubscriberObservance, SubscriptionRequest

UNCONFIRMED = timedelta(days=7)  # for which an address is kept that nobody confirmed
CONFIRM, CHOOSE = "confirm a subscription", "choose what a subscription brings"
_UID = 14  # octets
_PAUSES = (timedelta(hours=1), timedelta(days=1))  # before the second and the third mail
_KINDS = (MessageKind.SUBSCRIBE, MessageKind.PUBLIC_NEWS)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants letters about: these observances, and the public activities of a unit; of
    the observances' activities at the top if None.
    """

    observance_ids: frozenset[int] = frozenset()
    unit_id: int | None = None


def ask(session: Session, email: str, wishes: Wishes, *, language: str, now: datetime) -> None:
    """Write down that an address asks for letters; ``answer_requests`` does the rest.

    Raises ``InvalidInputError`` for an address that no mail can have, and for wishes without any.
    """
    address = checked_address(nfc(email).lower())
    checked = _checked(session, wishes, now)
    stored = {"unit": checked.unit_id, "observances": sorted(checked.observance_ids)}
    session.add(SubscriptionRequest(email=address, language=language, wishes=stored, at=now))
    session.flush()


def answer_requests(session: Session, *, now: datetime) -> int:
    """Write the mails that requests ask for and forget the requests; return how many mails.

    An address that is new, or was not confirmed, is asked to confirm; one that is confirmed gets
    the link by which it chooses anew, since whoever typed it may be somebody else.
    """
    requests = session.scalars(select(SubscriptionRequest).order_by(SubscriptionRequest.id)).all()
    refused = suppressed(session, {request.email for request in requests}, now)
    written = 0
    for request in requests:
        if request.email not in refused:
            written += _answer(session, request, now)
        session.delete(request)
    session.flush()
    return written


def token_of(subscriber: Subscriber, secret_key: str, purpose: str) -> str:
    return signed(bytes.fromhex(subscriber.uid), secret_key, purpose)


def is_signed(token: str, secret_key: str, purpose: str) -> bool:
    """Tell whether a token was made here, whoever is still subscribed."""
    return read_signed(token, secret_key, purpose, _UID) is not None


def opened_by(session: Session, token: str, secret_key: str, purpose: str) -> Subscriber | None:
    """Return whose link a token is; None for one that is none, or of whom nothing is known now."""
    uid = read_signed(token, secret_key, purpose, _UID)
    if uid is None:
        return None
    return session.scalar(select(Subscriber).where(Subscriber.uid == uid.hex()))


def confirm(session: Session, subscriber: Subscriber, *, now: datetime) -> None:
    """Let letters go to a subscriber. Confirming twice changes nothing."""
    if subscriber.confirmed is None:
        subscriber.confirmed, subscriber.times = now, 0
        session.flush()


def choose(session: Session, subscriber: Subscriber, wishes: Wishes, *, now: datetime) -> None:
    """Store what a subscriber wants. Raises ``InvalidInputError`` for wishes without any."""
    _store(session, subscriber, _checked(session, wishes, now))


def leave(session: Session, subscriber: Subscriber) -> None:
    """Forget a subscriber with everything that waits for them."""
    forget_address(session, subscriber.email)


def forget_address(session: Session, email: str) -> None:
    """Forget an address as a subscriber's; what waits for it is not sent."""
    address = email.lower()
    waiting = (Message.rcpt_to == address, Message.kind.in_(_KINDS))
    session.execute(
        update(Message)
        .where(*waiting, Message.state == MessageState.READY)
        .values(state=MessageState.CANCELLED, next_attempt=None, reply="unsubscribed")
    )
    session.execute(delete(SubscriptionRequest).where(SubscriptionRequest.email == address))
    theirs = select(Subscriber).where(Subscriber.email == address)
    for subscriber in session.scalars(theirs):
        session.delete(subscriber)
    session.flush()


def forget_unconfirmed(session: Session, *, now: datetime) -> None:
    """Forget addresses that nobody confirmed within a week."""
    old = select(Subscriber).where(
        Subscriber.confirmed.is_(None), Subscriber.created < now - UNCONFIRMED
    )
    for subscriber in session.scalars(old):
        session.delete(subscriber)


def wishes_of(subscriber: Subscriber) -> Wishes:
    chosen = frozenset(row.observance_id for row in subscriber.chosen)
    return Wishes(chosen, subscriber.unit_id)


def units_to_choose(session: Session, now: datetime) -> Sequence[Unit]:
    """Return the units that may be chosen: those that the catalogue and reforms make."""
    is_of_law = Unit.on(day_here(session, now)), Level.entered_by.is_(None)
    query = select(Unit).join(Unit.level).where(*is_of_law)
    return session.scalars(query.order_by(Level.rank, Unit.position, Unit.id)).all()


def observances_to_choose(session: Session) -> Sequence[Observance]:
    return enabled_observances(session)


def _answer(session: Session, request: SubscriptionRequest, now: datetime) -> bool:
    subscriber = session.scalar(select(Subscriber).where(Subscriber.email == request.email))
    if subscriber is None:
        subscriber = Subscriber(
            uid=secrets.token_bytes(_UID).hex(), email=request.email, language=request.language,
            created=now, times=0,
        )  # fmt: skip
        session.add(subscriber)
    if not _may_be_asked(subscriber, now):
        return False
    if subscriber.confirmed is None:
        subscriber.language = request.language
        stored = Wishes(frozenset(request.wishes["observances"]), request.wishes["unit"])
        _store(session, subscriber, stored)
    subscriber.asked, subscriber.times = now, subscriber.times + 1
    session.flush()
    enqueue(
        session,
        key=f"{MessageKind.SUBSCRIBE}:{subscriber.uid}:{int(now.timestamp())}",
        kind=MessageKind.SUBSCRIBE,
        rcpt_to=subscriber.email,
        language=subscriber.language,
        now=now,
        params={"subscriber": subscriber.uid},
        urgent=True,
    )
    return True


def _store(session: Session, subscriber: Subscriber, wishes: Wishes) -> None:
    subscriber.unit_id = wishes.unit_id
    known = {row.observance_id: row for row in subscriber.chosen}
    subscriber.chosen = [
        known.get(wanted) or SubscriberObservance(observance_id=wanted)
        for wanted in sorted(wishes.observance_ids)
    ]
    session.flush()


def _may_be_asked(subscriber: Subscriber, now: datetime) -> bool:
    if subscriber.asked is None or now - subscriber.asked >= UNCONFIRMED:
        subscriber.times = 0
        return True
    if subscriber.times > len(_PAUSES):
        return False
    return now - subscriber.asked >= _PAUSES[max(subscriber.times, 1) - 1]


def _checked(session: Session, wishes: Wishes, now: datetime) -> Wishes:
    """Return wishes without what there is not, or no longer."""
    offered = {observance.id for observance in observances_to_choose(session)}
    observances = wishes.observance_ids & offered
    unit = wishes.unit_id
    if unit is not None and unit not in {one.id for one in units_to_choose(session, now)}:
        unit = None
    if not observances and unit is None:
        raise InvalidInputError(N_("Please choose at least one day or a unit."))
    return Wishes(frozenset(observances), unit)
