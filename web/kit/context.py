"""What a view reaches for: the session, the settings, the person, the day.

One session lives as long as its request. Looking opens one that never waits for a writer; whoever
sends a form gets one that may write, and its view commits once. What is not committed is rolled
back at the end.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, cast

from flask import Flask, abort, current_app, g, request
from flask_security import current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from events.database import SessionFactory, reading
from events.days.workdays import WorkCalendar
from events.localtime import local_day
from events.models import Office, Person
from events.units.office import office_of
from events.working_calendar import work_calendar
from web.config import WebConfig

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


class Account(Protocol):
    """What pages need to know of an account, whatever keeps it (`web.accounts`)."""

    @property
    def is_administrator(self) -> bool: ...

    @property
    def person(self) -> Person: ...


@dataclass(frozen=True, slots=True)
class SumVay:
    """The collaborators of one application, kept as ``app.extensions["sumvay"]``."""

    session_factory: SessionFactory
    reading_factory: SessionFactory
    config: WebConfig


def install(app: Flask, session_factory: SessionFactory, config: WebConfig) -> None:
    """Give ``app`` its collaborators and close every request's session."""
    app.extensions["sumvay"] = SumVay(session_factory, _reading(session_factory), config)
    app.teardown_appcontext(_close_session)


def get_config() -> WebConfig:
    return _sumvay().config


def get_session() -> Session:
    """Return the request's session, opened when it is first asked for."""
    if "session" not in g:
        factory = (
            _sumvay().reading_factory if request.method in _LOOKING else _sumvay().session_factory
        )
        g.session = factory()
    return cast(Session, g.session)


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


def _sumvay() -> SumVay:
    return cast(SumVay, current_app.extensions["sumvay"])


def _reading(session_factory: SessionFactory) -> SessionFactory:
    """Return a factory for readers.

    A factory bound to one connection already lives in its transaction and stays.
    """
    return (
        reading(session_factory)
        if isinstance(session_factory.kw["bind"], Engine)
        else session_factory
    )


def _close_session(_error: BaseException | None) -> None:
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
