"""What pages of a closed unit say: what became of it, and where the same page of the units that follow is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from events.closures import closure_of
from events.models import Unit
from web.context import get_session, today
from web.language import current


@dataclass(frozen=True, slots=True)
class ClosedNotice:
    """``links`` are names and addresses of the same page in the units that go on."""

    words: str
    last_day: date
    links: list[tuple[str, str]]


def closed_notice(unit: Unit, address: Callable[[Unit], str]) -> ClosedNotice | None:
    """Return what to say above a page of a unit that has ended; None while it lives."""
    if unit.valid_to is None or unit.valid_to >= today():
        return None
    closure = closure_of(get_session(), unit, today())
    assert closure is not None
    return ClosedNotice(closure.words(current()), unit.valid_to, [(one.full_name, address(one)) for one in closure.goes_on_in])
