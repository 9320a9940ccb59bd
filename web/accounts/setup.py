"""The first administrator: made once, on a page, with a code that only the console shows.

The code lies in a file that only the service's user may read, so that a restart prints the same
one, and goes when the account exists. There is never a password that was set by the program.
"""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory
from events.errors import N_, ConflictError
from events.models import Person, Role, Unit
from events.people.persons import add_person, find_person
from events.people.posts import give_post
from events.secrets.files import secret_in
from web.accounts.models import (
    ADMINISTRATOR,
    Account,
    AccountRole,
    account_of,
)

SETUP_CODE_FILE = "setup_code"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
_GROUPS, _GROUP = 3, 4


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """What the page asks for."""

    full_name: str
    email: str
    password: str  # hashed
    unit: Unit
    role_key: str


def ensure_setup_code(session_factory: SessionFactory, folder: Path) -> str | None:
    """Return the code for the first administrator, made if there is none yet; None when there is an
    administrator.
    """
    with session_factory() as session:
        if has_administrator(session):
            return None
    return secret_in(folder / SETUP_CODE_FILE, _new_code, shortest=_GROUPS * _GROUP)


def has_administrator(session: Session) -> bool:
    """Tell whether the first run is over.

    Accounts that mailed links made do not count, or a visitor could end it.
    """
    query = select(Account.id).join(Account.person).where(Person.is_administrator)
    return session.scalar(query.limit(1)) is not None


def code_is_right(file: Path | None, typed: str) -> bool:
    """Compare a code as people type it, in constant time."""
    if file is None or not file.exists():
        return False
    return hmac.compare_digest(_plain(file.read_text()).encode(), _plain(typed).encode())


def make_administrator(session: Session, who: FirstAdministrator, *, today: date) -> Account:
    """Add the person, the post and the account. Raises ``ConflictError`` when somebody was
    faster.
    """
    if has_administrator(session):
        raise ConflictError(N_("The first administrator exists already."))
    person = find_person(session, who.email) or add_person(session, who.full_name, who.email)
    give_post(session, person, who.unit, who.role_key, since=today)
    session.flush()
    account = account_of(session, person)
    account.password = who.password
    account.roles = [_administrator_role(session)]
    person.is_administrator = True
    session.flush()
    return account


def roles_for(session: Session, units: Collection[Unit], today: date) -> list[Role]:
    """Return the roles that somebody in one of these units can hold."""
    levels = {unit.level_key for unit in units}
    query = (
        select(Role)
        .where(or_(Role.level_key.in_(levels), Role.level_key.is_(None)))
        .order_by(Role.position, Role.key)
    )
    return [role for role in session.scalars(query) if role.is_valid(today)]


def _administrator_role(session: Session) -> AccountRole:
    """Return the role.

    Its name is unique: of two who make it at the same moment, one fails and changes nothing.
    """
    role = session.scalar(select(AccountRole).where(AccountRole.name == ADMINISTRATOR))
    return role or AccountRole(name=ADMINISTRATOR)


def _new_code() -> str:
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").upper()
