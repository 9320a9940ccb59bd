"""What a view reaches for: the session, the settings, the person, the day.

One session lives as long as its request. It begins by reading, and so never waits for a writer: who
somebody is, what they may and what their form says is known before ``begin_writing`` lets it write.
Its view commits once. What is not committed is rolled back at the end.

A view that writes without having said so is refused by its session: in tests it fails, and in
service it is asked once more, writing from its beginning (`collisions`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, cast

from flask import Flask, abort, current_app, g, request
from flask_security import current_user
from sqlalchemy.orm import Session

from events.database.sessions import (
    SessionFactory,
    before_writing,
    impatient,
    reading,
    saying_not_now,
)
from events.days.workdays import WorkCalendar
from events.errors import BusyError
from events.localtime import local_day
from events.models import Office, Person
from events.people.audit import VISITOR
from events.units.office import office_of
from events.working_calendar import work_calendar
from web.kit.config import WebConfig

WAIT = 5  # seconds that somebody who sends a form waits for another writer
# Each that waits holds a thread of the server: beyond these, somebody is told at once, and readers
# go on finding a thread.
_WRITERS = threading.BoundedSemaphore(12)


class Account(Protocol):
    """What pages need to know of an account, whatever keeps it (`web.accounts`)."""

    @property
    def is_administrator(self) -> bool: ...

    @property
    def person(self) -> Person: ...


class NotAnnouncedError(Exception):
    """Raised where a view writes and did not ``begin_writing``: a mistake of the program."""


@dataclass(frozen=True, slots=True)
class SumVay:
    """The collaborators of one application, kept as ``app.extensions["sumvay"]``."""

    session_factory: SessionFactory
    reading_factory: SessionFactory
    config: WebConfig


def install(app: Flask, session_factory: SessionFactory, config: WebConfig) -> None:
    """Give ``app`` its collaborators and close every request's session."""
    app.extensions["sumvay"] = SumVay(session_factory, reading(session_factory), config)
    app.teardown_appcontext(_close_session)


def get_config() -> WebConfig:
    return _sumvay().config


def get_session() -> Session:
    """Return the request's session, opened when it is first asked for."""
    if "session" not in g:
        g.session = _sumvay().reading_factory()
        g.session.info[VISITOR] = request.remote_addr
        before_writing(g.session, _require_announced)
    return cast(Session, g.session)


def get_reader() -> Session:
    """Return a session of one's own that only reads, for what takes long before something is
    written; the caller closes it.
    """
    return _sumvay().reading_factory()


def after_closing(use: Callable[[SessionFactory], None]) -> None:
    """Let ``use`` write something small once the request's session is closed."""
    g.setdefault("afterwards", []).append(use)


def begin_writing() -> Session:
    """Let the request's session write, once whoever writes now is ready; what was read before is
    read again when it is asked for.

    Raises ``BusyError`` after ``WAIT`` seconds.
    """
    session = get_session()
    if "writes" not in g:
        if not _WRITERS.acquire(blocking=False):
            raise BusyError
        g.writes = True
        session.rollback()
        session.bind = impatient(_sumvay().session_factory, WAIT).kw["bind"]
        with saying_not_now():
            session.connection()
    return session


def read_again() -> Session:
    """Give up what is not committed, and let the session read as it did before it wrote."""
    session = get_session()
    session.rollback()
    if g.pop("writes", False):
        _WRITERS.release()
        session.bind = _sumvay().reading_factory.kw["bind"]
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """Let the request's session write and then read again, so that a page is made while nobody
    waits; what was not committed is undone, as after a preview.

    Raises ``BusyError``.
    """
    session = begin_writing()
    try:
        yield session
    finally:
        read_again()


def now() -> datetime:
    return get_config().clock()


def today() -> date:
    """Return the day it is where the officials sit."""
    return local_day(now(), get_config().zone)


def get_calendar() -> WorkCalendar:
    """Return the working calendar as it is decided today, where a day that has passed is no guess
    any more.
    """
    return work_calendar(get_session()).as_of(today())


def calendar_of_the_page() -> WorkCalendar:
    """Return the same, read once a request, for what a page says after all is written."""
    if "calendar" not in g:
        g.calendar = get_calendar()
    return cast(WorkCalendar, g.calendar)


def current_account() -> Account | None:
    """Return the account that is signed in, or None."""
    return (
        cast(Account, current_user._get_current_object()) if current_user.is_authenticated else None
    )


def current_person() -> Person | None:
    """Return the person who is signed in, or None."""
    account = current_account()
    return account.person if account else None


def signed_in_person() -> Person:
    """Return who is signed in, where the door let in nobody else."""
    person = current_person()
    if person is None:
        abort(401)
    return person


def current_office() -> Office:
    """Return what the installation is called, read once a request."""
    if "office" not in g:
        g.office = office_of(get_session())
    return cast(Office, g.office)


def _require_announced() -> None:
    if "writes" not in g:
        raise NotAnnouncedError(f"{request.endpoint} writes and did not begin_writing")


def _sumvay() -> SumVay:
    return cast(SumVay, current_app.extensions["sumvay"])


def _close_session(_error: BaseException | None) -> None:
    if g.pop("writes", False):
        _WRITERS.release()
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
    for use in g.pop("afterwards", ()):
        use(_sumvay().session_factory)
