"""Calendars are written anew after each change, before somebody asks for them.

``renew`` is a plain function, safe to run at any time and by several processes at once. A change
leaves marks in its own transaction (`events.models.marking`); the first step turns them into feeds
that are stale, the second writes these, the newest change first. What a client polls meanwhile is
what was kept.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine, delete, or_, select, update

from events.calendars.feeds import all_slugs, find_feed, serve_feed
from events.calendars.kept import draft, store_gone, store_in
from events.calendars.observance_feed import COMMON
from events.calendars.touched import keys_of, touched_by
from events.database.sessions import AwayErrors, SessionFactory, reading
from events.database.turns import Turn, turn
from events.errors import NotFoundError
from events.installation import day_here
from events.models import Feed, FeedMark
from events.models.marking import EVERYTHING

_AT_ONCE = 20  # feeds that are stored in one transaction: others write in between
_MOST_MARKS = 5_000  # that are read at once
_IN_A_QUESTION = 500  # keys or ids
_PERIOD = 1.0  # seconds between two looks
_REST = 30.0  # seconds after something failed

_T = TypeVar("_T")
_log = logging.getLogger("sumvay")


def renew(session_factory: SessionFactory, *, now: datetime, public_url: str) -> int:
    """Write every calendar anew that a change or a new day touched; return how many.

    What cannot be written does not hold up the others, and is raised at the end.
    """
    written, failed = 0, set[str]()
    problem: Exception | None = None
    take_day(session_factory, now=now)
    while True:
        take_marks(session_factory)
        keys = _stale(session_factory, failed)
        if not keys:
            break
        for key in keys:
            try:
                _renew_one(session_factory, key, now, public_url)
                written += 1
            except AwayErrors:
                raise
            except Exception as error:
                failed.add(key)
                problem = error
    if problem is not None:
        raise problem
    return written


def mark_everything(session_factory: SessionFactory) -> None:
    """Let every calendar be written anew: another version may write otherwise, and the address or
    the zone may be another one.
    """
    with session_factory.begin() as session:
        session.add(FeedMark(what=EVERYTHING, row_id=None))


def write_missing(session_factory: SessionFactory, *, now: datetime, public_url: str) -> int:
    """Write some of the public calendars that nobody has asked for yet; return how many."""
    with reading(session_factory)() as session:
        there = set(session.scalars(select(Feed.key)))
        missing = [key for key in (*COMMON, *all_slugs(session)) if key not in there]
    for key in missing[:_AT_ONCE]:
        serve_feed(session_factory, key, now=now, public_url=public_url)
    return len(missing[:_AT_ONCE])


def take_day(session_factory: SessionFactory, *, now: datetime) -> None:
    """Let every calendar be written anew that was written for a day before.

    Whether there is one is asked every second, so by an index alone: with a second condition SQLite
    takes another index, and reads every calendar.
    """
    with reading(session_factory)() as session:
        today = day_here(session, now)
        of_before = or_(Feed.as_of.is_(None), Feed.as_of < today)
        if session.scalar(select(Feed.key).where(of_before).limit(1)) is None:
            return
    with session_factory.begin() as session:
        session.execute(update(Feed).where(of_before, Feed.stale.is_(None)).values(stale=0))


def take_marks(session_factory: SessionFactory) -> None:
    """Turn the marks that changes left into stale feeds."""
    with reading(session_factory)() as session:
        marks = session.scalars(select(FeedMark).order_by(FeedMark.id).limit(_MOST_MARKS)).all()
        if not marks:
            return
        touched = touched_by(session, marks)
        keys = [] if touched.everything else sorted(keys_of(session, touched))
        ids = [mark.id for mark in marks]
    with session_factory.begin() as session:
        if touched.everything:
            session.execute(update(Feed).values(stale=ids[-1]))
        for some in _some(keys):
            session.execute(update(Feed).where(Feed.key.in_(some)).values(stale=ids[-1]))
        for few in _some(ids):
            session.execute(delete(FeedMark).where(FeedMark.id.in_(few)))


def _stale(session_factory: SessionFactory, failed: set[str]) -> Sequence[str]:
    with reading(session_factory)() as session:
        query = select(Feed.key).where(Feed.stale.is_not(None), Feed.key.not_in(failed))
        return session.scalars(
            query.order_by(Feed.stale.desc(), Feed.key.desc()).limit(_AT_ONCE)
        ).all()


def _renew_one(session_factory: SessionFactory, key: str, now: datetime, public_url: str) -> None:
    with reading(session_factory)() as session:
        stale = session.scalar(select(Feed.stale).where(Feed.key == key))
        today = day_here(session, now)
        try:
            feed = find_feed(session, key, today, public_url)
        except NotFoundError:
            written = None
        else:
            written = draft(session, key, feed, as_of=today, now=now)
    with session_factory.begin() as session:
        if written is not None and not store_in(session, written):
            return  # somebody else wrote it; it is looked at again
        if written is None:
            store_gone(session, key, today)
        values = {"stale": None, "gone": written is None, "as_of": today}
        unchanged = Feed.stale == stale if stale is not None else Feed.stale.is_(None)
        session.execute(update(Feed).where(Feed.key == key, unchanged).values(**values))


class Renewer:
    """Looks for changes every second, in a thread of its own.

    Of several, such as the clock's and those of web servers, whoever has the turn renews the
    calendars of a database; others look again a second later. ``besides`` is done each time by
    every one.
    """

    def __init__(
        self,
        session_factory: SessionFactory,
        public_url: str,
        now: Callable[[], datetime],
        besides: Callable[[], object] = lambda: None,
    ) -> None:
        self._session_factory = session_factory
        self._public_url = public_url
        self._now = now
        self._besides = besides
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._engine: Engine = session_factory.kw["bind"].engine

    def start(self) -> None:
        """Start looking; doing it again changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="renewer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop after what is being written now."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = _PERIOD
        while not self._stopping.wait(pause):
            pause = _PERIOD
            try:
                with turn(self._engine, Turn.RENEW) as mine:
                    if mine:
                        renew(self._session_factory, now=self._now(), public_url=self._public_url)
                self._besides()
            except Exception:  # the database is away or full, or a calendar cannot be written
                _log.exception("calendars could not be renewed")
                pause = _REST


def _some(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[at : at + _IN_A_QUESTION] for at in range(0, len(values), _IN_A_QUESTION))
