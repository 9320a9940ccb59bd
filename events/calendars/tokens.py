"""The own calendars of people: made, changed, revoked, replaced; and what fetched them.

The secret stands in the address alone; here is its digest. It is random, so it needs neither salt
nor patience.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory, new_uid
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import domain_of
from events.models import AuditKind, Feed, FeedScope, FeedStamp, FeedToken, Person
from events.people import audit
from events.words.texts import one_line

NAME = "viec-cua-toi"  # at the end of each address; some clients show it
PATH = f"/f/{{secret}}/{NAME}.ics"
PASTS = (0, 30, 90, 365)  # days that may be chosen
_MOST = 20  # calendars of a person
_LONGEST = 80  # letters of a name


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody chooses for a calendar."""

    name: str
    scope: FeedScope = FeedScope.MINE
    language: str = "vi"
    past_days: int = 90
    keeps_done: bool = True
    has_alarms: bool = False
    alarm_at: time | None = None
    has_items: bool = True
    has_activities: bool = True
    has_campaigns: bool = True
    has_main_events: bool = True


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def tokens_of(session: Session, person: Person) -> Sequence[FeedToken]:
    """Return the calendars of a person that are not revoked, the oldest first."""
    query = select(FeedToken).where(FeedToken.person_id == person.id, FeedToken.revoked.is_(None))
    return session.scalars(query.order_by(FeedToken.id)).all()


def own_token(session: Session, person: Person, token_id: int) -> FeedToken:
    """Return one of a person's calendars. Raises ``NotFoundError``, also for those of others."""
    query = select(FeedToken).where(FeedToken.id == token_id, FeedToken.person_id == person.id)
    token = session.scalar(query.where(FeedToken.revoked.is_(None)))
    if token is None:
        raise NotFoundError(kind="calendar", key=token_id)
    return token


def make_token(
    session: Session, person: Person, options: Options, *, now: datetime
) -> tuple[FeedToken, str]:
    """Make a calendar; return it with its secret, which nobody can tell again.

    Raises ``ConflictError`` for one more than somebody may have, ``InvalidInputError`` for a name
    or a choice that cannot be.
    """
    token, secret = _begin(session, person, options, now)
    _record(session, AuditKind.CALENDAR_MADE, token, now)
    return token, secret


def _begin(
    session: Session, person: Person, options: Options, now: datetime
) -> tuple[FeedToken, str]:
    mine = select(func.count()).select_from(FeedToken)
    count = session.scalar(
        mine.where(FeedToken.person_id == person.id, FeedToken.revoked.is_(None))
    )
    if (count or 0) >= _MOST:
        raise ConflictError(
            N_("There are %(count)s calendars already. Please revoke one first."), count=_MOST
        )
    secret = secrets.token_urlsafe(32)
    token = FeedToken(
        uid=new_uid(domain_of(session)),
        person_id=person.id,
        digest=digest_of(secret),
        created=now,
        **_checked(options),
    )
    session.add(token)
    session.flush()
    return token, secret


def change_token(session: Session, person: Person, token_id: int, options: Options) -> FeedToken:
    """Change the options of a calendar; its address stays."""
    token = own_token(session, person, token_id)
    for name, value in _checked(options).items():
        setattr(token, name, value)
    session.flush()
    session.execute(update(Feed).where(Feed.key == token.key).values(stale=0))
    return token


def revoke_token(session: Session, person: Person, token_id: int, *, now: datetime) -> FeedToken:
    """Let the address of a calendar answer 410 for good."""
    token = _end(session, own_token(session, person, token_id), now)
    _record(session, AuditKind.CALENDAR_REVOKED, token, now)
    return token


def rotate_token(
    session: Session, person: Person, token_id: int, *, now: datetime
) -> tuple[FeedToken, str]:
    """Give a calendar another address; the old one answers 410."""
    old = _end(session, own_token(session, person, token_id), now)
    options = Options(**{name: getattr(old, name) for name in Options.__dataclass_fields__})
    token, secret = _begin(session, person, options, now)
    _record(session, AuditKind.CALENDAR_MOVED, token, now)
    return token, secret


def forget_written(session: Session, person: Person) -> None:
    """Remove what was written for a person's calendars, revoked or not; the tokens stay."""
    for token in session.scalars(select(FeedToken).where(FeedToken.person_id == person.id)):
        _forget(session, token)


def _end(session: Session, token: FeedToken, now: datetime) -> FeedToken:
    token.revoked = now
    session.flush()
    _forget(session, token)
    return token


def _forget(session: Session, token: FeedToken) -> None:
    session.execute(delete(FeedStamp).where(FeedStamp.feed_key == token.key))
    session.execute(delete(Feed).where(Feed.key == token.key))


def _record(session: Session, kind: AuditKind, token: FeedToken, now: datetime) -> None:
    """Write down who did it; the name of a calendar is its owner's own matter."""
    owner, scope = token.person, token.scope.value
    audit.record(session, kind, now=now, by=owner, about=owner, detail=scope)


def is_revoked(session: Session, key: str) -> bool:
    """Tell whether a feed of this key was somebody's calendar and is no more."""
    query = select(FeedToken.id).where(
        FeedToken.digest == key.partition("/")[2], FeedToken.revoked.is_not(None)
    )
    return session.scalar(query) is not None


def note_fetches(
    session_factory: SessionFactory, fetches: Mapping[str, tuple[datetime, str]]
) -> None:
    """Write down when calendars were fetched last, by key, and by which kind of program."""
    with session_factory.begin() as session:
        for key, (at, client) in sorted(fetches.items()):
            fetched = update(FeedToken).where(FeedToken.digest == key.partition("/")[2])
            session.execute(fetched.values(fetched=at, client=client))


def _checked(options: Options) -> dict[str, object]:
    name = one_line(options.name)
    if not name or len(name) > _LONGEST:
        raise InvalidInputError(
            N_("A calendar needs a name of at most %(most)s letters."), most=_LONGEST
        )
    if options.past_days not in PASTS or options.language not in ("vi", "en"):
        raise InvalidInputError
    kinds = options.has_activities, options.has_campaigns, options.has_main_events
    if not any(kinds) and (not options.has_items or options.scope is FeedScope.LEADER):
        raise InvalidInputError(N_("Please choose at least one thing that the calendar shows."))
    return asdict(options) | {"name": name}
