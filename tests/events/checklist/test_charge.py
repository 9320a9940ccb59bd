from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from events.checklist.charge import Charge, charge_of, in_charge, is_in_charge, people_in_charge
from events.checklist.mine import work_of
from events.checklist.rights import may_work_on_item
from events.models import ChecklistItem, Post
from events.people.persons import add_person
from events.people.rights import Capability, may
from tests.chance import drawn, undone
from tests.events.conftest import TODAY, item_of

A_DAY = timedelta(days=1)
ROLES = st.sampled_from(["ubnd_xa", "hoi_lhpn", "truong_thon"])
HERE, BELOW, BESIDE, ABOVE = range(4)  # a commune, its village, another village, the province
PERIODS = st.sampled_from(
    [
        (None, None),
        (TODAY, TODAY),
        (None, TODAY - A_DAY),
        (TODAY + A_DAY, None),
    ]
)
POSTS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([HERE, BELOW, BESIDE, ABOVE]), ROLES, PERIODS),
    max_size=8,
)
DELEGATIONS = st.lists(
    st.tuples(ROLES, st.sampled_from([None, BELOW, BESIDE]), st.none() | ROLES),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize(
    ("delegated", "default", "chosen", "roles"),
    [
        (False, "truong_thon", None, ("ubnd_xa",)),
        (True, None, None, ("ubnd_xa",)),
        (True, "truong_thon", None, ("ubnd_xa", "truong_thon")),
        (True, "ubnd_xa", None, ("ubnd_xa",)),
        (True, "truong_thon", "hoi_lhpn", ("hoi_lhpn",)),
    ],
)
def test_an_item_is_the_charge_of_its_role_or_of_who_it_was_delegated_to(
    session, happiness, enter, delegated, default, chosen, roles
):
    village, item = enter("1"), item_of(happiness, "banners")
    village.level.default_role_key, item.role_key = default, "ubnd_xa"
    item.delegate_unit, item.delegate_role_key = village if delegated else None, chosen
    session.flush()

    assert charge_of(item) == Charge(village.id if delegated else happiness.unit_id, roles)


@pytest.mark.slow
@drawn(40)
@given(posts=POSTS, delegations=DELEGATIONS, default=st.none() | ROLES)
def test_reminders_lists_and_ticks_agree_about_who_is_in_charge(
    session, cast, happiness, enter, posts, delegations, default
):
    with undone(session):
        units = [cast.commune, enter("1"), enter("2"), cast.province]
        people = [add_person(session, f"Người thứ {number}", None) for number in range(3)]
        session.flush()
        units[BELOW].level.default_role_key = default
        for person, unit, role, (first, last) in posts:
            where = {"person": people[person], "unit": units[unit], "role_key": role}
            session.add(Post(valid_from=first, valid_to=last, **where))
        items = happiness.items[: len(delegations)]
        for item, (role, unit, chosen) in zip(items, delegations, strict=True):
            item.role_key, item.delegate_role_key = role, chosen
            item.delegate_unit = units[unit] if unit is not None else None
        session.flush()
        session.expire_all()

        pairs = (
            select(ChecklistItem.id, Post.person_id)
            .join(ChecklistItem.campaign)
            .join(Post, in_charge())
            .where(Post.on(TODAY), ChecklistItem.id.in_([item.id for item in items]))
        )
        reminded = {(row.id, row.person_id) for row in session.execute(pairs)}
        listed = people_in_charge(session, items, TODAY)

        assert {(id_, one.id) for id_, found in listed.items() for one in found} == reminded
        for person in people:
            mine = {item.id for item in work_of(session, person, TODAY, limit=1000).items}
            above = may(session, person, Capability.DO_WORK, cast.commune, TODAY)
            for item in items:
                is_theirs = (item.id, person.id) in reminded
                assert is_in_charge(session, person, item, TODAY) is is_theirs
                assert (item.id in mine) is is_theirs
                assert may_work_on_item(session, person, item, TODAY) is (above or is_theirs)


def test_who_holds_two_posts_is_named_once(session, cast, happiness, enter):
    village, item = enter("1"), item_of(happiness, "banners")
    village.level.default_role_key, item.role_key = "truong_thon", "ubnd_xa"
    item.delegate_unit = village
    for person, role in ((cast.la, "truong_thon"), (cast.la, "ubnd_xa"), (cast.hoa, "ubnd_xa")):
        session.add(Post(person=person, unit=village, role_key=role))
    session.flush()

    assert people_in_charge(session, [item], TODAY)[item.id] == (cast.la, cast.hoa)


def test_who_is_in_charge_is_one_query_for_many_items_and_people(
    session, cast, happiness, count_queries
):
    items, people = list(happiness.items), [cast.thi, cast.la, cast.khanh]
    for person, role in zip(people, ["ubnd_xa", "cc_vhxh", "hoi_lhpn"], strict=True):
        session.add(Post(person=person, unit=cast.commune, role_key=role))
    session.flush()

    def named(items):
        for person in people:
            session.expire(person)
        found = people_in_charge(session, items, TODAY)
        return {person.full_name for persons in found.values() for person in persons}

    assert count_queries(lambda: named(items[:1])) == count_queries(lambda: named(items)) == 1
    assert len(named(items)) > 1
