"""What whoever is looking may see and do, for pages to show or hide.

This hides what would be refused; it refuses nothing itself but whole pages.
"""

from flask import abort, g

from events.errors import NotAllowedError
from events.models import Unit
from events.people import rights, visibility
from events.people.rights import Capability, Held
from events.people.visibility import Fact
from web.kit.context import current_person, get_config, get_session, today


def held() -> Held | None:
    """Return what whoever is signed in holds today, asked for once a request; None for others."""
    if "held" not in g:
        person = current_person()
        g.held = rights.held_by(get_session(), person, today()) if person else None
    found: Held | None = g.held
    return found


def allowed(capability: Capability | str, unit: Unit | None = None) -> bool:
    """Tell whether whoever is looking may do something in ``unit``, or in all of the
    installation.
    """
    mine, wanted = held(), Capability(capability)
    return mine is not None and rights.allowed_by(get_session(), mine, wanted, unit, today())


def sees(fact: Fact, unit: Unit) -> bool:
    """Tell whether whoever is looking may see a kind of fact of ``unit``."""
    public = get_config().public_progress
    return visibility.may_see(get_session(), held(), fact, unit, today(), public_progress=public)


def require_sight(fact: Fact, unit: Unit) -> None:
    """Send strangers to sign in, and others away, unless they may see a kind of fact of ``unit``.

    Raises ``NotAllowedError``.
    """
    if sees(fact, unit):
        return
    if current_person() is None:
        abort(401)
    raise NotAllowedError(unit=unit.full_name)


def steers_all() -> bool:
    """Tell whether whoever is looking decides anything for the whole installation."""
    return any(allowed(one) for one in rights.OF_ALL)
