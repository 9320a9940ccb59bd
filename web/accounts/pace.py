"""Guessing gets slower at every door of this room, and what was refused is in the log."""

from flask import request
from werkzeug.exceptions import TooManyRequests

from events.models import AuditKind, Person
from events.people import audit
from web.accounts.tries import (
    OF_ACCOUNT,
    OF_ADDRESS,
    OF_LINKS,
    OF_SUBSCRIPTIONS,
    Counter,
    count_failure,
    forget_failures,
    time_to_wait,
)
from web.kit.context import get_config, get_reader, get_session, now, writing


def counters_of(whose: str) -> tuple[Counter, Counter]:
    """Return what is counted when somebody tries to be ``whose``: theirs first, then the
    visitor's.
    """
    return Counter("account", whose, OF_ACCOUNT), counter_of_visitor()


def counter_of_visitor() -> Counter:
    return Counter("visitor", request.remote_addr or "", OF_ADDRESS)


def counter_of_links() -> Counter:
    return Counter("links", request.remote_addr or "", OF_LINKS)


def counter_of_subscriptions() -> Counter:
    return Counter("subscriptions", request.remote_addr or "", OF_SUBSCRIPTIONS)


def refuse_the_hasty(*counters: Counter) -> None:
    """Answer 429 with Retry-After (RFC 6585, 4) to whoever has to wait, right password or not."""
    if not get_config().rate_limits:
        return
    with get_reader() as session:
        wait = time_to_wait(session, *counters, now=now())
    if wait.total_seconds() > 0:
        raise TooManyRequests(retry_after=int(wait.total_seconds()) + 1)


def failed(*counters: Counter, about: Person | None, way: str) -> None:
    """Record and commit that a try was refused; nothing else of the request is stored."""
    at = now()
    with writing() as session:
        audit.record(session, AuditKind.REFUSED, now=at, about=about, detail=way)
        if count_failure(session, *counters, now=at):
            audit.record(session, AuditKind.SLOWED_DOWN, now=at, about=about, detail=way)
        session.commit()


def succeeded(counter: Counter) -> None:
    """Begin to count anew; the caller commits."""
    forget_failures(get_session(), counter)
