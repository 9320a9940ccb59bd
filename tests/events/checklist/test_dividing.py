from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from events.checklist.closing_words import Closing, closing_of, why_closed
from events.checklist.dividing import split_item, take_back_part
from events.checklist.history import Stamp, history_of
from events.checklist.optional import switch_off
from events.checklist.origins import is_gone, parts_of
from events.checklist.states import (
    block_item,
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
)
from events.checklist.story import story_of
from events.checklist.transitions import is_covered
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.models import Campaign, ClosedBecause, ItemState
from events.progress import figures
from events.progress.as_of import AsOf
from events.progress.figures import own_progress, sum_of
from events.units.lineage import ever_below
from events.words.language import LANGUAGES
from tests.events.conftest import NOW, TODAY, item_of


@pytest.fixture
def parts(session, banners, enter, vietnam, who):
    return split_item(session, banners.id, [enter("1").id, enter("2").id], calendar=vietnam, **who)


def test_a_split_item_is_done_when_all_its_parts_are(session, cast, happiness, enter, vietnam, who):
    villages = [enter("1"), enter("2"), enter("3")]
    banners = item_of(happiness, "banners")
    banners.evidence_min = 0

    parts = split_item(session, banners.id, [unit.id for unit in villages], calendar=vietnam, **who)
    complete_item(session, parts[0].id, Stamp(**who))
    decline_item(session, parts[1].id, "mưa lũ", Stamp(**who))
    assert banners.is_open
    complete_item(session, parts[2].id, Stamp(**who))

    assert (banners.state, banners.completed_on) == (ItemState.DONE, TODAY)
    assert banners.closed_because is ClosedBecause.PARTS
    reopen_item(session, parts[2].id, Stamp(**who))
    assert banners.is_open


def test_an_item_whose_parts_were_all_left_undone_was_not_done(
    session, happiness, enter, vietnam, who
):
    banners = item_of(happiness, "banners")
    parts = split_item(session, banners.id, [enter("1").id, enter("2").id], calendar=vietnam, **who)

    for part in parts:
        decline_item(session, part.id, "mưa lũ", Stamp(**who))

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (ItemState.NOT_DONE, "mưa lũ")


def test_an_item_that_people_closed_stays_closed_whatever_its_parts_do(
    session, banners, parts, who
):
    complete_item(session, banners.id, Stamp(**who))
    complete_item(session, parts[0].id, Stamp(**who))
    reopen_item(session, parts[0].id, Stamp(**who))

    assert (banners.state, banners.completed) == (ItemState.DONE, NOW)


def test_a_part_that_is_opened_again_brings_the_whole_back_to_where_it_was(
    session, banners, parts, who
):
    block_item(session, banners.id, "chờ vải", Stamp(**who))
    for part in parts:
        complete_item(session, part.id, Stamp(**who))
    assert banners.is_done

    undo_change(session, parts[1].id, history_of(session, parts[1])[0].id, Stamp(**who))

    assert (banners.state, banners.blocked) == (ItemState.BLOCKED, "chờ vải")
    assert story_of(history_of(session, banners)[0], "en").startswith(
        "open again, since one of its parts is"
    )
    complete_item(session, parts[1].id, Stamp(**who))
    assert banners.is_done


def test_an_item_is_not_required_when_none_of_its_parts_is(session, cast, banners, parts):
    for part in parts:
        excuse_item(session, part.id, "không có trụ sở", Stamp(cast.hoa, NOW))

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (
        ItemState.NOT_REQUIRED,
        "không có trụ sở",
    )


def test_a_unit_does_not_wish_required_work_away_by_dividing_it(session, banners, parts, who):
    assert banners.required
    for part in parts:
        excuse_item(session, part.id, "không có trụ sở", Stamp(**who))

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (
        ItemState.NOT_DONE,
        "không có trụ sở",
    )


def test_an_item_that_its_parts_closed_is_opened_by_opening_one_of_them(
    session, banners, parts, who
):
    for part in parts:
        complete_item(session, part.id, Stamp(**who))

    with pytest.raises(ConflictError, match="open one of its parts"):
        undo_change(session, banners.id, history_of(session, banners)[0].id, Stamp(**who))
    with pytest.raises(ConflictError, match="open one of its parts"):
        reopen_item(session, banners.id, Stamp(**who))

    assert banners.is_done


def test_splitting_again_only_adds_the_units_that_have_no_part(
    session, happiness, enter, vietnam, who
):
    banners, first, second = item_of(happiness, "banners"), enter("1"), enter("2")
    split_item(session, banners.id, [first.id], calendar=vietnam, **who)

    for _ in range(2):
        parts = split_item(session, banners.id, [first.id, second.id], calendar=vietnam, **who)

    assert [part.campaign.unit_id for part in parts] == [first.id, second.id]
    assert len(parts_of(session, banners)) == 2


@pytest.mark.parametrize("chosen", [[], [999_999], ["other"]])
def test_an_item_is_split_among_units_below_alone(session, cast, happiness, vietnam, who, chosen):
    units = [cast.other_commune.id if unit == "other" else unit for unit in chosen]

    with pytest.raises(InvalidInputError):
        split_item(session, item_of(happiness, "banners").id, units, calendar=vietnam, **who)


def test_a_divided_item_counts_once_and_its_parts_beside_it_in_the_villages_that_do_them(
    session, cast, happiness, enter, vietnam, who
):
    villages = [enter(name) for name in ("1", "2", "3")]
    here, item = Campaign.unit_id.in_(ever_below(cast.province.id)), item_of(happiness, "banners")
    before, yesterday = (
        sum_of(own_progress(session, TODAY, here).values()),
        AsOf(TODAY - timedelta(days=1)),
    )

    split = split_item(
        session, item.id, [village.id for village in villages], calendar=vietnam, **who
    )

    own = own_progress(session, TODAY, here)
    assert sum_of(own.values()) == replace(before, parts=3)
    assert [own[village.id].parts for village in villages] == [1, 1, 1]
    assert own[happiness.unit_id].parts == 0
    assert sum_of(own_progress(session, yesterday, here).values()).parts == 0
    for part in split:
        part.without_evidence = True
        complete_item(session, part.id, Stamp(**who))
    after = sum_of(own_progress(session, TODAY, here).values())
    assert (after.done, after.expected, after.parts_done) == (before.done + 1, before.expected, 3)


def test_parts_stand_with_the_item_that_was_divided_also_when_a_part_is_divided_again(
    session, cast, happiness, enter, vietnam, who
):
    village, district = (
        enter("1"),
        session.scalars(select(Campaign).where(Campaign.unit_id == cast.district.id)).one(),
    )
    whole = item_of(district, "plan_district")
    [part] = split_item(
        session, whole.id, [cast.commune.id], by=cast.hoa, now=NOW, calendar=vietnam
    )
    split_item(session, part.id, [village.id], calendar=vietnam, **who)

    found = figures.parts(session, TODAY, Campaign.unit_id.in_(ever_below(cast.district.id)))

    assert {(one.key, one.summary): one.progress.parts for one in found if one.progress.parts} == {
        ("plan_district", whole.summary): 2
    }
    assert not [one.key for one in found if one.key.startswith("part-")]


def test_a_part_that_nobody_touched_is_taken_back_and_may_be_given_again(
    session, cast, banners, parts, vietnam, who
):
    first, second = parts
    complete_item(session, first.id, Stamp(**who))
    with pytest.raises(ConflictError, match="has begun its part"):
        take_back_part(session, first.id, **who)
    with pytest.raises(NotAllowedError):
        take_back_part(session, second.id, by=cast.khanh, now=NOW)

    take_back_part(session, second.id, **who)

    assert (second.state, why_closed(closing_of(second), "vi")) == (
        ItemState.NOT_REQUIRED,
        "Thị trấn Đăk Glei đã thu lại phần việc này",
    )
    assert (parts_of(session, banners), banners.is_done) == ([first], True)
    reopen_item(session, first.id, Stamp(**who))
    assert split_item(session, banners.id, [second.campaign.unit_id], calendar=vietnam, **who) == [
        first,
        second,
    ]
    assert second.state is ItemState.NOT_STARTED


def test_a_whole_whose_only_part_is_taken_back_is_to_do_again(
    session, banners, enter, vietnam, who
):
    [part] = split_item(session, banners.id, [enter("1").id], calendar=vietnam, **who)

    assert take_back_part(session, part.id, **who).state is ItemState.NOT_STARTED
    assert story_of(history_of(session, banners)[0], "en").endswith("took the part of Thôn 1 back")


COMMUNES = {"vi": "Cấp xã", "en": "Commune"}


# what the product itself says of closed items, which anybody may type
OUR_WORDS = [
    "Xã đã thu lại phần việc này",
    *(
        why_closed(Closing(because, facts), language)
        for because, facts in [
            (ClosedBecause.NOT_CHOSEN, {}),
            (ClosedBecause.VERSION, {"version": 1}),
            (ClosedBecause.STAND_IN, {"item": "Phát thanh"}),
            (ClosedBecause.WHOLE, {"unit": "Thị trấn Đăk Glei", "whole": {"reason": "mưa"}}),
            (ClosedBecause.TAKEN_BACK, {"unit": "Thị trấn Đăk Glei"}),
            (ClosedBecause.MOVED, {"units": "Xã Đăk Mới"}),
            (ClosedBecause.MOVED, {"count": 5, "level": COMMUNES}),
            (ClosedBecause.ENDED, {"level": COMMUNES}),
        ]
        for language in LANGUAGES
    ),
]


@pytest.mark.parametrize("words", OUR_WORDS)
def test_a_part_that_is_declined_in_words_of_the_product_stays_a_part(
    session, cast, banners, parts, who, words
):
    declined, other = parts

    decline_item(session, declined.id, words, Stamp(**who))

    assert declined.closed_because is ClosedBecause.PERSON
    assert parts_of(session, banners) == parts
    assert own_progress(session, TODAY)[cast.commune.id].parts == 0
    assert sum_of(own_progress(session, TODAY).values()).parts == 2
    complete_item(session, other.id, Stamp(**who))
    assert (banners.is_done, banners.closed_because) == (True, ClosedBecause.PARTS)
    reopen_item(session, declined.id, Stamp(**who))
    assert (declined.closed_because, banners.is_open) == (None, True)


@pytest.mark.parametrize("words", OUR_WORDS)
def test_what_people_type_as_a_reason_never_says_what_closed_an_item(
    session, happiness, who, words
):
    visits = item_of(happiness, "visits")

    excuse_item(session, visits.id, words, Stamp(**who))

    assert (visits.closed_because, visits.closing_facts) == (ClosedBecause.PERSON, None)
    assert (visits.reason, why_closed(closing_of(visits), "en")) == (words, words)
    assert not any((is_covered(visits), is_gone(visits), visits.is_closed_from_outside))
    told = last_change(history_of(session, visits))
    assert told is not None
    assert told.after["closed_because"] == ClosedBecause.PERSON
    undo_change(session, visits.id, told.id, Stamp(**who))
    assert (visits.state, visits.closed_because) == (ItemState.NOT_STARTED, None)


def test_a_stale_page_that_leaves_an_item_out_once_more_changes_nothing(session, happiness, who):
    visits = item_of(happiness, "visits")

    for _ in range(2):
        switch_off(session, visits.id, **who)

    assert (visits.closed_because, visits.reason) == (ClosedBecause.NOT_CHOSEN, None)
    assert len(history_of(session, visits)) == 1
