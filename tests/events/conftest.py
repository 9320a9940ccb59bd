"""What several of these tests begin with."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.days.workdays import WorkCalendar
from events.models import Campaign, ChecklistItem, Person, Unit, UnitSuccession
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.villages import add_village
from events.templates.editing import get_template
from events.units.tree import get_unit
from tests.conftest import Cast

LAST_OF_KON_TUM = date(2025, 6, 30)
NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)


def forget_2025(session: Session) -> None:
    """Let nobody know of the reform of 2025 yet."""
    session.execute(update(Unit).where(Unit.valid_to == LAST_OF_KON_TUM).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()


@pytest.fixture
def before_2025(session: Session) -> Cast:
    """The cast in a province that does not know of the reform of 2025 yet."""
    forget_2025(session)
    return Cast(session)


@pytest.fixture
def neighbour(session: Session, cast: Cast) -> Person:
    """Somebody with a post in the commune that is merged with Thi's."""
    person = add_person(session, "Cán bộ xã bên", "ben@example.org")
    give_post(session, person, get_unit(session, "23344"), "ubnd_xa", since=date(2020, 1, 1))
    return person


def item_of(campaign: Campaign, key: str) -> ChecklistItem:
    return next(item for item in campaign.items if item.key == key)


@pytest.fixture
def happiness(session: Session, vietnam: WorkCalendar, cast: Cast) -> Campaign:
    """Thi's commune's campaign for 20 March 2021."""
    [found] = rounds_of(get_template(session, "happiness_day"), 2021)
    open_round(session, found, now=NOW, calendar=vietnam)
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def banners(happiness: Campaign) -> ChecklistItem:
    """An item of the commune that villages may share; a tick is enough."""
    item = item_of(happiness, "banners")
    item.evidence_min = next(
        each for each in happiness.version.items if each.key == item.key
    ).evidence_min = 0
    return item


@pytest.fixture
def enter(session: Session, cast: Cast, vietnam: WorkCalendar) -> Callable[..., Unit]:
    """Enter a village of Thi's commune, or of another one."""

    def village(
        name: str,
        kind: str = "thon",
        by: Person | None = None,
        commune: Unit | None = None,
        now: datetime = NOW,
    ) -> Unit:
        return add_village(
            session,
            commune or cast.commune,
            kind,
            name,
            by=by or cast.thi,
            now=now,
            calendar=vietnam,
        )

    return village


@pytest.fixture
def who(cast: Cast) -> dict[str, Any]:
    """Thi, who does it today."""
    return {"by": cast.thi, "now": NOW}
