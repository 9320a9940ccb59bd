from datetime import date

import pytest
from sqlalchemy import select

from events.checklist.charge import in_charge
from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item
from events.checklist.history import Stamp, history_of
from events.checklist.integration import credit_item, remove_credit
from events.checklist.optional import switch_off
from events.checklist.states import (
    block_item,
    complete_item,
    excuse_item,
    start_item,
)
from events.checklist.story import story_of
from events.errors import InvalidInputError, NotAllowedError
from events.models import ChecklistItem, ItemState, Post
from events.people.persons import add_person
from events.people.posts import give_post
from tests.events.conftest import NOW, item_of


def test_who_is_in_charge_where_an_item_was_delegated_may_tick_it(session, happiness, enter, who):
    banners, village = item_of(happiness, "banners"), enter("1")
    banners.evidence_min = 0
    head, other = (
        add_person(session, "Trưởng thôn", "truong@example.org"),
        add_person(session, "Khác", "khac@example.org"),
    )
    give_post(session, head, village, "truong_thon")
    give_post(session, other, village, "hoi_lhpn")
    village.level.default_role_key = "truong_thon"
    session.flush()
    with pytest.raises(NotAllowedError):
        complete_item(session, banners.id, Stamp(head, NOW))

    delegate_item(session, banners.id, village.id, **who)

    with pytest.raises(NotAllowedError):
        complete_item(session, banners.id, Stamp(other, NOW))
    with pytest.raises(NotAllowedError):
        delegate_item(session, banners.id, None, by=head, now=NOW)
    assert complete_item(session, banners.id, Stamp(head, NOW)).is_done
    assert history_of(session, banners)[1].after["delegate"] == "Thôn 1"


def test_an_item_may_be_delegated_to_one_post_in_the_unit_below(
    session, cast, happiness, enter, who
):
    banners, village = item_of(happiness, "banners"), enter("1")
    banners.evidence_min = 0
    head, other = (
        add_person(session, "Trưởng thôn", "truong@example.org"),
        add_person(session, "Phụ nữ", "phu-nu@example.org"),
    )
    give_post(session, head, village, "truong_thon")
    give_post(session, other, village, "hoi_lhpn")
    village.level.default_role_key = "truong_thon"
    session.flush()

    delegate_item(session, banners.id, village.id, role="hoi_lhpn", **who)

    charged = (
        select(Post.person_id)
        .select_from(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Post, in_charge())
    )
    assert session.scalars(charged.where(ChecklistItem.id == banners.id)).all() == [other.id]
    assert story_of(history_of(session, banners)[0], "en").endswith(
        "delegated it to Thôn 1 – " + banners.delegate_role.title_vi
    )
    with pytest.raises(NotAllowedError):
        complete_item(session, banners.id, Stamp(head, NOW))
    assert complete_item(session, banners.id, Stamp(other, NOW)).is_done


def test_an_item_is_delegated_to_posts_that_the_unit_has(session, happiness, enter, who):
    with pytest.raises(InvalidInputError, match="no such post in Thôn 1"):
        delegate_item(
            session, item_of(happiness, "banners").id, enter("1").id, role="so_vhttdl", **who
        )


def test_who_an_item_was_delegated_to_does_it_and_decides_nothing_else_about_it(
    session, cast, happiness, enter, vietnam, who
):
    visits, village, other = item_of(happiness, "visits"), enter("1"), enter("2")
    head = add_person(session, "Trưởng thôn", "truong@example.org")
    give_post(session, head, village, "truong_thon")
    village.level.default_role_key = "truong_thon"
    session.flush()
    delegate_item(session, visits.id, village.id, **who)
    does = {"by": head, "now": NOW}

    for choose in (
        lambda: split_item(session, visits.id, [other.id], calendar=vietnam, **does),
        lambda: switch_off(session, visits.id, **does),
        lambda: excuse_item(session, visits.id, "không cần", Stamp(**does)),
        lambda: credit_item(session, visits.id, happiness, **does),
        lambda: remove_credit(session, visits.id, happiness, **does),
    ):
        with pytest.raises(NotAllowedError):
            choose()

    assert start_item(session, visits.id, Stamp(**does)).state is ItemState.IN_PROGRESS
    assert block_item(session, visits.id, "chờ", Stamp(**does)).state is ItemState.BLOCKED


def test_nothing_is_delegated_to_a_unit_beside_or_above(session, cast, happiness, who):
    for unit in (cast.other_commune, cast.province, cast.commune):
        with pytest.raises(InvalidInputError):
            delegate_item(session, item_of(happiness, "banners").id, unit.id, **who)


def test_a_village_that_ended_gets_no_work_from_a_form_that_was_open_for_long(
    session, happiness, enter, vietnam, who
):
    village, banners = enter("1"), item_of(happiness, "banners")
    village.valid_to = date(2021, 3, 3)

    with pytest.raises(InvalidInputError, match="Thôn 1 does not exist on 04/03/2021"):
        delegate_item(session, banners.id, village.id, **who)
    with pytest.raises(InvalidInputError, match="Thôn 1 does not exist on 04/03/2021"):
        split_item(session, banners.id, [village.id], calendar=vietnam, **who)
