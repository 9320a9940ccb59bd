"""Units that are new, that stand below another one, or that are called by law what they were not."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.checklist.history import Stamp
from events.errors import ConflictError, InvalidInputError
from events.models import Campaign, Reform, ReformKind, Role, Unit
from events.people.posts import give_post
from events.reforms.reform import found, move, rename
from events.reforms.taking_back import take_back
from events.reforms.writing import NewUnit
from events.units.tree import children, get_unit, predecessors

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TODAY = date(2026, 11, 30)
TOP = "51-2025"


@pytest.fixture
def enter(session, cast):
    give_post(session, cast.hoa, get_unit(session, TOP), "so_vhttdl", since=date(2025, 7, 1))
    return {"on": TODAY, "basis": "Nghị quyết thử", "stamp": Stamp(cast.hoa, NOW)}


def test_a_new_unit_is_made_from_none_and_takes_part_in_what_comes(session, vietnam, enter):
    new = found(session, NewUnit("Đặc khu Mới", parent_key=TOP), "commune", **enter).begun[0]

    open_campaigns(session, now=datetime(2027, 1, 5, 2, tzinfo=UTC), calendar=vietnam)

    assert (new.type, new.name, new.valid_from) == ("dac_khu", "Mới", TODAY)
    assert new.gso_code is None
    assert new.parent.key == TOP
    assert predecessors(session, new) == []
    assert session.scalars(select(Campaign).where(Campaign.unit_id == new.id)).first()


@pytest.mark.parametrize(
    ("name", "parent", "level", "said"),
    [
        ("Mới", TOP, "commune", "Xã, Phường"),
        ("Huyện Mới", TOP, "commune", "Xã, Phường"),
        ("Xã Mới", "62", "commune", "does not exist"),
        ("Xã Mới", "23293-2025", "commune", "higher level"),
        ("Thôn Mới", "23293-2025", "village", "choose a level"),
        ("Xã Mới", TOP, "hamlet", "choose a level"),
    ],
)
def test_a_new_unit_says_what_it_is_and_stands_below_one_that_fits(
    session, enter, name, parent, level, said
):
    with pytest.raises((InvalidInputError, ConflictError), match=said):
        found(session, NewUnit(name, parent_key=parent), level, **enter)


def test_a_new_unit_without_work_can_be_taken_back(session, enter, cast):
    done = found(session, NewUnit("Xã Mới", parent_key=TOP), "commune", **enter)
    key = done.begun[0].key

    take_back(session, done.reform.id, by=cast.hoa, now=NOW)

    assert session.scalar(select(Unit).where(Unit.key == key)) is None


def test_a_moved_unit_begins_again_with_all_below_it_under_the_other_one(session, before_2025):
    cast, district = before_2025, get_unit(session, "611")
    stamp = Stamp(cast.hoa, datetime(2021, 3, 1, 1, tzinfo=UTC))
    done = move(session, "23341", "611", on=date(2021, 3, 1), basis=None, stamp=stamp)

    [new] = done.begun
    assert (new.full_name, new.type, new.parent) == (
        cast.commune.full_name,
        cast.commune.type,
        district,
    )
    assert cast.commune.valid_to == date(2021, 2, 28)
    assert new in children(session, district, date(2021, 3, 1))
    assert done.reform.kind is ReformKind.MOVE


def test_a_unit_is_not_moved_to_where_it_stands_nor_below_itself(session, enter):
    with pytest.raises(InvalidInputError, match="already"):
        move(session, "23293-2025", TOP, **enter)
    with pytest.raises(InvalidInputError):
        move(session, TOP, "23293-2025", **enter)


def test_a_province_that_becomes_a_city_is_called_so_in_the_names_of_its_offices(
    session, catalog, enter
):
    new = next(
        unit
        for unit in rename(session, TOP, "Thành phố Quảng Ngãi", **enter).begun
        if unit.parent_id is None
    )
    import_catalog(session, catalog, now=NOW)

    assert (new.type, new.name) == ("thanh_pho", "Quảng Ngãi")
    assert session.get_one(Role, "ubnd_tinh").title_vi == "UBND thành phố"
    assert [reform.kind for reform in session.scalars(select(Reform))] == [ReformKind.RENAME]
