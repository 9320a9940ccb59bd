"""What pages of a unit that has ended, or will, say: what becomes of it, and where the same page of
the units that follow is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from events.models import Unit
from events.units.endings import Closure, closure_of
from web.kit.context import get_session, today
from web.kit.language import current


@dataclass(frozen=True, slots=True)
class ClosedNotice:
    """``links`` are names and addresses of the same page in the units that go on.

    ``last_day`` is None while it is to come.
    """

    words: str
    last_day: date | None
    links: list[tuple[str, str]]


def closed_notice(unit: Unit, address: Callable[[Unit], str]) -> ClosedNotice | None:
    """Return what to say above a page of a unit that has ended; None while it lives."""
    if unit.valid_to is None or unit.valid_to >= today():
        return None
    closure = closure_of(get_session(), unit, today())
    assert closure is not None
    return ClosedNotice(closure.words(current()), unit.valid_to, _links(closure, address))


def coming_notice(unit: Unit, address: Callable[[Unit], str]) -> ClosedNotice | None:
    """Return what to say above the page of a unit whose end is entered already; None without one,
    or once it has come.
    """
    if unit.valid_to is None or not unit.is_valid(today()):
        return None
    closure = closure_of(get_session(), unit, today())
    assert closure is not None
    return ClosedNotice(closure.announcement(current()), None, _links(closure, address))


def _links(closure: Closure, address: Callable[[Unit], str]) -> list[tuple[str, str]]:
    return [(one.full_name, address(one)) for one in closure.goes_on_in]
