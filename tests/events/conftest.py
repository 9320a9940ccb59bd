"""What several of these tests begin with."""

from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from events.models import Person, Unit, UnitSuccession
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from tests.conftest import Cast

LAST_OF_KON_TUM = date(2025, 6, 30)


@pytest.fixture
def before_2025(session: Session) -> Cast:
    """The cast in a province that does not know of the reform of 2025 yet."""
    session.execute(update(Unit).where(Unit.valid_to == LAST_OF_KON_TUM).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()
    return Cast(session)


@pytest.fixture
def neighbour(session: Session, cast: Cast) -> Person:
    """Somebody with a post in the commune that is merged with Thi's."""
    person = add_person(session, "Cán bộ xã bên", "ben@example.org")
    give_post(session, person, get_unit(session, "23344"), "ubnd_xa", since=date(2020, 1, 1))
    return person
