"""The bytes of a feed: written, compared with what was kept, and kept if they say something else.

Nothing is locked while a feed is written. Who stores it names what it found; where somebody else
stored meanwhile, that is as good.
"""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import CursorResult, Engine, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from events.calendars.hot_weeks import SOON, is_in_week_of
from events.calendars.ical import CalendarEvent, CalendarHead, join_calendar, shown
from events.calendars.limits import nearest
from events.calendars.stamps import Stamp, Stamped, next_moment, stamp_all
from events.calendars.view import View
from events.database.questions import Question
from events.database.sessions import SessionFactory, is_busy
from events.errors import N_
from events.models import Feed, FeedStamp

_COLUMNS = Feed.body, Feed.packed, Feed.etag, Feed.last_modified
_OF_KEY = Feed.key == bindparam("key"), ~Feed.gone
_LOOK_UP = Question(select(*_COLUMNS).where(*_OF_KEY))
_VALIDATORS = Question(select(Feed.etag, Feed.last_modified).where(*_OF_KEY))
_STAMP_COLUMNS = (
    FeedStamp.uid,
    FeedStamp.digest,
    FeedStamp.sequence,
    FeedStamp.last_modified,
    FeedStamp.absent_since,
)
_IN_A_QUESTION = 500  # keys
_LEVEL = 6  # of compression; 9 takes twice as long for one byte in a hundred


class Shown(Protocol):
    """What a calendar shows on a day."""

    @property
    def view(self) -> View: ...

    @property
    def head(self) -> CalendarHead: ...

    def events(self, session: Session) -> Sequence[CalendarEvent]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed as it goes out.

    ``etag`` is the SHA-256 of the body, ``packed`` the body as gzip, ``last_modified`` when the
    body last changed.
    """

    key: str
    body: bytes
    packed: bytes
    etag: str
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A feed as it reads now: what was found (``before``, an ETag) and what is to be kept.

    ``stamps`` are those that are new, ``left`` the UIDs of events that are no longer there and
    ``returned`` of those that are again.
    """

    kept: Kept
    as_of: date
    before: str | None
    stamps: Sequence[tuple[str, Stamp]] = ()
    left: Sequence[str] = ()
    returned: Sequence[str] = ()

    @property
    def is_new(self) -> bool:
        return self.before != self.kept.etag


def read_feed(session: Session, key: str) -> Kept | None:
    """Return a feed as it is kept, in one look-up by its key; None where there is none now."""
    row = session.execute(select(*_COLUMNS, Feed.gone).where(Feed.key == key)).one_or_none()
    return Kept(key, *row[:-1]) if row and not row.gone else None


def look_up(session_factory: SessionFactory, key: str) -> Kept | None:
    """Return the same for a poll, without a session: that would take many times as long.

    ``session_factory`` is one of those that read.
    """
    row = _LOOK_UP.ask(_engine(session_factory), key)
    return Kept(key, *row) if row else None


def validators_of(session_factory: SessionFactory, key: str) -> tuple[str, datetime] | None:
    """Return the ETag of a feed and when it changed, for a poll of whoever may have it already."""
    row = _VALIDATORS.ask(_engine(session_factory), key)
    return (row[0], row[1]) if row else None


def _engine(session_factory: SessionFactory) -> Engine:
    engine: Engine = session_factory.kw["bind"]
    return engine


def etags_of(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """Return the ETags of those feeds that there are now, by their keys.

    Which are gone is asked of an index: it stands behind the bytes, and to learn it from each row
    SQLite would read all of them.
    """
    gone = set(session.scalars(select(Feed.key).where(Feed.gone)))
    found: dict[str, str] = {}
    for at in range(0, len(keys), _IN_A_QUESTION):
        some = [key for key in keys[at : at + _IN_A_QUESTION] if key not in gone]
        there = select(Feed.key, Feed.etag).where(Feed.key.in_(some))
        found.update((key, etag) for key, etag in session.execute(there))
    return found


def _before(session: Session, key: str) -> Kept | None:
    """Return what a feed was when it was written last, though it be gone."""
    row = session.execute(select(*_COLUMNS).where(Feed.key == key)).one_or_none()
    return Kept(key, *row) if row else None


def draft(session: Session, key: str, feed: Shown, *, as_of: date, now: datetime) -> Draft:
    """Write a feed as it reads now. Where that is what it said before, its bytes stay."""
    before = _before(session, key)
    known, absent = _stamps_of(session, key) if before else ({}, set[str]())
    events = list(stamp_all(feed.events(session), known, now))
    if before is None:
        moment = now.replace(microsecond=0)
    else:
        moment = next_moment(before.last_modified, now)
    body = _joined(feed, events, as_of, moment)
    here = {one.event.uid for one in events}
    left, returned = sorted(known.keys() - absent - here), sorted(absent & here)
    if before is not None and shown(body) == shown(before.body):
        return Draft(before, as_of, before.etag, left=left, returned=returned)
    packed = gzip.compress(body, _LEVEL, mtime=0)
    kept = Kept(key, body, packed, hashlib.sha256(body).hexdigest(), moment)
    changed = [
        (one.event.uid, one.stamp) for one in events if known.get(one.event.uid) != one.stamp
    ]
    return Draft(kept, as_of, before.etag if before else None, changed, left, returned)


def store(session_factory: SessionFactory, written: Draft) -> None:
    """Keep a feed, unless somebody else kept it meanwhile, or somebody else writes: then the next
    one keeps it.
    """
    try:
        with session_factory.begin() as session:
            store_in(session, written)
    except IntegrityError:  # another process wrote this feed for the first time just now
        pass
    except OperationalError as error:
        if not is_busy(error):
            raise


def store_in(session: Session, written: Draft) -> bool:
    """Do so in the caller's transaction; tell whether nobody else had kept it."""
    kept = written.kept
    columns = {
        "etag": kept.etag,
        "last_modified": kept.last_modified,
        "body": kept.body,
        "packed": kept.packed,
        "as_of": written.as_of,
    }
    if written.before is None:
        # stale: what changed while it was written found no feed to mark
        session.execute(insert(Feed).values(key=kept.key, stale=0, gone=False, **columns))
    else:
        values = columns if written.is_new else {"as_of": written.as_of}
        found = update(Feed).where(Feed.key == kept.key, Feed.etag == written.before)
        result = session.execute(found.values(**values))
        assert isinstance(result, CursorResult)
        if not result.rowcount:
            return False
    _store_stamps(session, kept.key, written.stamps)
    _store_absence(session, kept.key, written.left, written.as_of)
    _store_absence(session, kept.key, written.returned, None)
    return True


def store_gone(session: Session, key: str, today: date) -> None:
    """Keep that there is no such feed now, and so none of its events."""
    here = update(FeedStamp).where(FeedStamp.feed_key == key, FeedStamp.absent_since.is_(None))
    session.execute(here.values(absent_since=today))


def forget_absent(session: Session, before: date) -> None:
    """Forget the stamps of events that left before a day, and feeds that are gone and have none:
    no client has them any more.
    """
    session.execute(delete(FeedStamp).where(FeedStamp.absent_since < before))
    of_it = select(FeedStamp.uid).where(FeedStamp.feed_key == Feed.key)
    session.execute(delete(Feed).where(Feed.gone, ~of_it.exists()))


def _store_stamps(session: Session, key: str, stamps: Sequence[tuple[str, Stamp]]) -> None:
    if not stamps:
        return
    uids = [uid for uid, _stamp in stamps]
    there = select(FeedStamp.uid).where(FeedStamp.feed_key == key, FeedStamp.uid.in_(uids))
    known = set(session.scalars(there))
    rows = [
        {
            "feed_key": key,
            "uid": uid,
            "digest": stamp.digest,
            "sequence": stamp.sequence,
            "last_modified": stamp.last_modified,
        }
        for uid, stamp in stamps
    ]
    if fresh := [row for row in rows if row["uid"] not in known]:
        session.execute(insert(FeedStamp), fresh)
    if risen := [row for row in rows if row["uid"] in known]:
        session.execute(update(FeedStamp), risen)


def _store_absence(session: Session, key: str, uids: Sequence[str], since: date | None) -> None:
    for at in range(0, len(uids), _IN_A_QUESTION):
        some = FeedStamp.uid.in_(uids[at : at + _IN_A_QUESTION])
        found = update(FeedStamp).where(FeedStamp.feed_key == key, some)
        session.execute(found.values(absent_since=since))


def stamp_in(session: Session, key: str, uid: str) -> Stamp | None:
    """Return the stamps that an event has in a feed, None where that never showed it."""
    row = session.get(FeedStamp, (key, uid))
    return Stamp(row.digest, row.sequence, row.last_modified) if row else None


def _stamps_of(session: Session, key: str) -> tuple[dict[str, Stamp], set[str]]:
    """Return the stamps of all events that a feed ever showed, and the UIDs of those that left."""
    rows = session.execute(select(*_STAMP_COLUMNS).where(FeedStamp.feed_key == key)).all()
    stamps = {row.uid: Stamp(row.digest, row.sequence, row.last_modified) for row in rows}
    return stamps, {row.uid for row in rows if row.absent_since is not None}


def _joined(feed: Shown, events: Sequence[Stamped], today: date, changed: datetime) -> bytes:
    """Return a calendar with as many of its events as clients take, which says what it left out."""
    head, kept = feed.head, nearest(events, today)
    if any(is_in_week_of(today, one.event) for one in kept):
        head = replace(head, refresh=SOON)
    if len(kept) < len(events):
        left_out = N_("Only the %(count)s entries nearest to today are shown, out of %(total)s.")
        said = feed.view.say(left_out, count=len(kept), total=len(events))
        head = replace(head, description=f"{head.description} {said}")
    return join_calendar(head, [(one.event, one.text) for one in kept], changed)
