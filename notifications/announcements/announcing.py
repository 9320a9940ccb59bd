"""An announcement written, tried out, sent and stopped.

It is sent through the outbox, a message for each recipient, under a key that cannot come twice:
sending again changes nothing. Messages become ready in groups, one after the other, so that a
reminder that is due meanwhile waits for one group at most.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import Session

from events.errors import N_, ChangedMeanwhileError, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import AuditKind, Person, Post, Role, Unit
from events.people import audit
from events.people.rights import Capability, require
from events.units.tree import subtree_ids
from events.words.texts import nfc, one_line, required
from notifications.announcements.table import Announcement, Audience
from notifications.outbox.sets import chunks, insert_new
from notifications.outbox.suppression import suppressed
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, enqueue, message_row
from notifications.subscribers.table import Subscriber

LONGEST_SUBJECT, LONGEST_BODY = 200, 20_000  # characters
GROUP = 50  # messages that become ready at once
TURN = timedelta(seconds=10)  # from one group to the next
_LIFETIME = timedelta(days=5)  # holidays among them
NOT_MEANT = "not in one of its posts any more"  # why somebody's message ended
_WAITS = (MessageState.READY, MessageState.LEASED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody writes, and to whom. ``roles`` are keys; none is every post."""

    subject: str
    body: str
    audience: Audience
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom an announcement goes to; ``key`` is what their message is known by."""

    key: str
    name: str
    address: str
    language: str
    person_id: int | None = None
    subscriber: str | None = None


def write(session: Session, unit: Unit, draft: Draft, *, by: Person, now: datetime) -> Announcement:
    """Store a new announcement of a unit; nobody gets it yet.

    Raises ``NotAllowedError``, and ``InvalidInputError`` for what is empty or too long.
    """
    _require(session, unit, draft.audience, by, now)
    one = Announcement(unit=unit, by=by, created=now)
    _put(one, draft)
    session.add(one)
    session.flush()
    return one


def rewrite(
    session: Session, unit: Unit, number: int, draft: Draft, *, by: Person, now: datetime
) -> Announcement:
    """Change what nobody got yet. Raises the errors of ``write``, and ``ConflictError`` for what
    was sent.
    """
    one = find(session, unit, number, by=by, now=now, lock=True)
    _require(session, unit, draft.audience, by, now)
    _require_unsent(one)
    _put(one, draft)
    return one


def announcements_of(session: Session, unit: Unit) -> Sequence[Announcement]:
    """Return what was written in a unit, the newest first."""
    query = select(Announcement).where(Announcement.unit_id == unit.id)
    return session.scalars(query.order_by(Announcement.id.desc())).all()


def find(
    session: Session, unit: Unit, number: int, *, by: Person, now: datetime, lock: bool = False
) -> Announcement:
    """Return an announcement of a unit. Raises ``NotAllowedError`` and ``NotFoundError``."""
    require(session, by, Capability.ANNOUNCE, unit, day_here(session, now))
    query = select(Announcement).where(Announcement.id == number, Announcement.unit_id == unit.id)
    one = session.scalar(query.with_for_update(**FOR_CHANGE) if lock else query)
    if one is None:
        raise NotFoundError(kind="announcement", key=number)
    return one


def recipients_of(session: Session, one: Announcement, *, now: datetime) -> list[Recipient]:
    """Return whom an announcement would go to now, each once, by name; addresses that get no mail
    are left out.
    """
    found = _subscribers(session) if one.audience is Audience.PUBLIC else _people(session, one, now)
    refused = suppressed(session, [each.address for each in found], now)
    return [each for each in found if each.address not in refused]


def try_out(session: Session, unit: Unit, number: int, *, by: Person, now: datetime) -> Message:
    """Send an announcement to whoever looks at it, alone."""
    one = find(session, unit, number, by=by, now=now)
    if by.email is None:
        raise InvalidInputError(N_("There is no e-mail address for you here."))
    return enqueue(
        session,
        key=f"{_key(one)}test:{by.id}:{int(now.timestamp())}",
        kind=MessageKind.ANNOUNCEMENT,
        rcpt_to=by.email,
        language=by.language,
        now=now,
        person=by,
        params={"announcement": one.id, "is_trial": True},
        urgent=True,
    )


def send(
    session: Session, unit: Unit, number: int, expected: int | None, *, by: Person, now: datetime
) -> int:
    """Write a message to each recipient and return to how many; sending twice changes nothing.

    Raises ``NotAllowedError``, ``ConflictError`` for what was stopped or reaches nobody, and
    ``ChangedMeanwhileError`` if there are others than the ``expected`` number that was shown.
    """
    one = find(session, unit, number, by=by, now=now, lock=True)
    _require(session, unit, one.audience, by, now)
    if one.stopped is not None:
        raise ConflictError(N_("This announcement was stopped."))
    if one.sent is not None:
        return one.recipients or 0
    found = recipients_of(session, one, now=now)
    if not found:
        raise ConflictError(N_("This announcement would reach nobody."))
    if expected is not None and expected != len(found):
        raise ChangedMeanwhileError(
            N_("It goes to %(count)s recipients by now. Please look at them and send it again."),
            str(len(found)),
            count=len(found),
        )
    _enqueue(session, one, found, now)
    one.sent, one.recipients = now, len(found)
    session.flush()
    audit.record(session, AuditKind.ANNOUNCED, now=now, by=by, unit=unit, detail=str(one.id))
    return len(found)


def stop(session: Session, unit: Unit, number: int, *, by: Person, now: datetime) -> int:
    """Let nothing of an announcement leave that did not yet; return how many messages that were.
    Stopping twice changes nothing.
    """
    one = find(session, unit, number, by=by, now=now, lock=True)
    if one.stopped is not None:
        return 0
    one.stopped = now
    ended = session.execute(
        update(Message)
        .where(_is_of(one), Message.state.in_(_WAITS), Message.next_attempt.is_not(None))
        .values(state=MessageState.CANCELLED, next_attempt=None, reply="stopped")
        .returning(Message.id)
    ).all()
    audit.record(
        session, AuditKind.ANNOUNCEMENT_STOPPED, now=now, by=by, unit=unit, detail=str(one.id)
    )
    return len(ended)


def still_meant(session: Session, messages: Sequence[Message], *, now: datetime) -> set[int]:
    """Return the ids of those messages of announcements whose people would get them now too: who
    left a post meanwhile is not told what its holders are.
    """
    wanted = {one.id for one in messages if one.person_id is None or one.params.get("is_trial")}
    asked = defaultdict[int, list[Message]](list)
    for message in messages:
        if message.id not in wanted:
            asked[message.params["announcement"]].append(message)
    for number, some in asked.items():
        one = session.get_one(Announcement, number)
        people = _holders(one, day_here(session, now), {message.person_id for message in some})
        there = set(session.scalars(people.with_only_columns(Person.id).order_by(None)))
        wanted |= {message.id for message in some if message.person_id in there}
    return wanted


def progress_of(session: Session, one: Announcement) -> dict[MessageState, int]:
    """Return how many messages of an announcement are where on their way."""
    query = select(Message.state, func.count()).where(_is_of(one)).group_by(Message.state)
    return dict(session.execute(query).all())


def _put(one: Announcement, draft: Draft) -> None:
    one.subject = required(one_line(draft.subject), N_("Please enter the subject."))
    one.body = required(nfc(draft.body).strip(), N_("Please write the text."))
    if len(one.subject) > LONGEST_SUBJECT or len(one.body) > LONGEST_BODY:
        raise InvalidInputError(
            N_("The subject has at most %(subject)s characters, the text %(text)s."),
            subject=LONGEST_SUBJECT,
            text=LONGEST_BODY,
        )
    one.audience = draft.audience
    one.roles = [] if draft.audience is Audience.PUBLIC else sorted(set(draft.roles))


def _require(session: Session, unit: Unit, audience: Audience, by: Person, now: datetime) -> None:
    today = day_here(session, now)
    require(session, by, Capability.ANNOUNCE, unit, today)
    if audience is Audience.PUBLIC:  # for everybody speaks who steers the whole
        require(session, by, Capability.ANNOUNCE, None, today)


def _require_unsent(one: Announcement) -> None:
    if one.sent is not None:
        raise ConflictError(N_("This announcement was sent already."))


def _key(one: Announcement) -> str:
    return f"{MessageKind.ANNOUNCEMENT}:{one.id}:"


def _is_of(one: Announcement) -> ColumnElement[bool]:
    """Return the condition that a message is of an announcement."""
    is_one = Message.kind == MessageKind.ANNOUNCEMENT
    return and_(is_one, Message.key.startswith(_key(one), autoescape=True))


def _enqueue(
    session: Session, one: Announcement, found: Sequence[Recipient], now: datetime
) -> None:
    postmark = Postmark.of(session)
    rows = [
        message_row(
            key=_key(one) + each.key,
            kind=MessageKind.ANNOUNCEMENT,
            person_id=each.person_id,
            rcpt_to=each.address,
            language=each.language,
            params={"announcement": one.id}
            | ({"subscriber": each.subscriber} if each.subscriber else {}),
            urgent=False,
            next_attempt=now + number // GROUP * TURN,
            expires=now + number // GROUP * TURN + _LIFETIME,
            now=now,
            postmark=postmark,
        )
        for number, each in enumerate(found)
    ]
    for some in chunks(rows):
        insert_new(session, Message, some)


def _people(session: Session, one: Announcement, now: datetime) -> list[Recipient]:
    return [
        Recipient(f"person:{number}", name, address, language, person_id=number)
        for number, name, address, language in session.execute(
            _holders(one, day_here(session, now))
        )
        if address
    ]


def _holders(
    one: Announcement, today: date, among: Collection[int | None] | None = None
) -> Select[int, str, str | None, str]:
    """Return the query for whoever holds one of the posts that an announcement is for, ``among``
    these people alone if any are given.
    """
    query = (
        select(Person.id, Person.full_name, Person.email, Person.language)
        .join(Post, Post.person_id == Person.id)
        .where(Post.on(today), Post.unit_id.in_(_units(one, today)))
        .where(Person.email.is_not(None), Person.erased.is_(None))
        .distinct()
        .order_by(Person.full_name, Person.id)
    )
    if one.roles:
        query = query.where(Post.role_key.in_(one.roles))
    return query if among is None else query.where(Person.id.in_(among))


def _units(one: Announcement, today: date) -> Select[int]:
    if one.audience is Audience.UNIT:
        return select(Unit.id).where(Unit.id == one.unit_id)
    everything = subtree_ids(one.unit_id, today)
    if one.audience is Audience.ALL:
        return everything
    return select(Unit.id).where(Unit.id.in_(everything), Unit.id != one.unit_id)


def _subscribers(session: Session) -> list[Recipient]:
    query = select(Subscriber).where(Subscriber.confirmed.is_not(None)).order_by(Subscriber.id)
    return [
        Recipient(f"subscriber:{one.uid}", one.email, one.email, one.language, subscriber=one.uid)
        for one in session.scalars(query)
    ]


def roles_to_choose(session: Session, unit: Unit, now: datetime) -> Sequence[Role]:
    """Return the roles that somebody holds now in a unit or below it."""
    today = day_here(session, now)
    held: Select[str] = select(Post.role_key).where(
        Post.on(today), Post.unit_id.in_(subtree_ids(unit.id, today))
    )
    return session.scalars(
        select(Role).where(Role.key.in_(held)).order_by(Role.position, Role.key)
    ).all()


def known_roles(roles: Sequence[Role], chosen: Collection[str]) -> tuple[str, ...]:
    """Return those of the chosen keys that are offered."""
    return tuple(role.key for role in roles if role.key in chosen)
