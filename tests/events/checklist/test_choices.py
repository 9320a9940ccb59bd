from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from events.campaigns.opening import open_campaigns
from events.checklist.closing_words import Closing, closing_of, why_closed
from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item, take_back_part
from events.checklist.evidence import evidence_missing
from events.checklist.history import history_of
from events.checklist.integration import credit_item, remove_credit
from events.checklist.optional import switch_off, switch_on
from events.checklist.origins import is_gone, parts_of
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.rights import in_charge
from events.checklist.states import (
    block_item,
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.transitions import is_covered
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.language import LANGUAGES
from events.models import Campaign, ChecklistItem, ClosedBecause, ItemState, Post, Unit
from events.people.persons import add_person
from events.people.posts import give_post
from events.progress import figures
from events.progress.as_of import AsOf
from events.progress.figures import own_progress, sum_of
from events.reforms.handover import hand_over_due
from events.reforms.villages import (
    add_village,
    correct_village,
    end_village,
    villages_of,
)
from events.units.lineage import ever_below
from tests.events.replanning.test_anchors import open_template

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)


@pytest.fixture
def happiness(session, vietnam, cast):
    """The commune's campaign for 20 March 2021."""
    open_template(session, vietnam, "happiness_day", 2021, now=NOW)
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def enter(session, cast, vietnam):
    def village(name, kind="thon", by=None, commune=None, now=NOW):
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
def who(cast):
    return {"by": cast.thi, "now": NOW}


def item_of(campaign, key):
    return next(item for item in campaign.items if item.key == key)


def test_an_optional_item_is_switched_off_and_on(session, happiness, who):
    visits = item_of(happiness, "visits")

    assert switch_off(session, visits.id, **who).state is ItemState.NOT_REQUIRED
    assert switch_on(session, visits.id, **who).state is ItemState.NOT_STARTED
    assert len(history_of(session, visits)) == 2


@pytest.mark.parametrize("switch", [switch_off, switch_on])
def test_a_switch_shown_before_an_optional_item_was_done_does_not_undo_it(
    session, happiness, who, switch
):
    visits = item_of(happiness, "visits")
    visits.evidence_min = 0
    complete_item(session, visits.id, **who)

    with pytest.raises(ConflictError, match="closed already"):
        switch(session, visits.id, **who)

    assert visits.is_done


def test_a_required_item_cannot_be_switched_off(session, happiness, who):
    plan = item_of(happiness, "plan_commune")

    with pytest.raises(ConflictError, match="is required"):
        switch_off(session, plan.id, **who)

    assert plan.is_open


def test_a_unit_adds_its_own_item_once(session, happiness, who):
    own = OwnItem("Thi nấu  ăn ", date(2021, 3, 19), "event", ("photo",), 1)

    first = add_own_item(session, happiness, own, **who)

    assert add_own_item(session, happiness, own, **who) is first
    assert (first.summary, first.is_own, first.required, evidence_missing(first)) == (
        "Thi nấu ăn",
        True,
        False,
        1,
    )
    assert history_of(session, first)[0].after == {"added": "Thi nấu ăn"}


@pytest.mark.parametrize(
    "own",
    [
        OwnItem(" ", TODAY, "event"),
        OwnItem("x" * 301, TODAY, "event"),
        OwnItem("Thi", TODAY, "no such phase"),
        OwnItem("Thi", TODAY, "event", ("no such kind",)),
        OwnItem("Thi", TODAY, "event", weight=9),
        OwnItem("Thi", TODAY, "event", role="so_vhttdl"),
        OwnItem("Thi", TODAY, "event", evidence_min=1),
        OwnItem("Thi", date(226, 3, 19), "event"),
        OwnItem("Thi", date(9999, 12, 31), "event"),
        OwnItem("Thi", date(2023, 3, 19), "event"),
    ],
)
def test_an_own_item_that_cannot_be_stored_is_refused(session, happiness, who, own):
    number = len(happiness.items)

    with pytest.raises(InvalidInputError):
        add_own_item(session, happiness, own, **who)

    session.expire(happiness)
    assert len(happiness.items) == number


def test_only_the_units_people_add_to_its_campaign(session, cast, happiness):
    with pytest.raises(NotAllowedError):
        add_own_item(session, happiness, OwnItem("Thi", TODAY, "event"), by=cast.khanh, now=NOW)


def test_a_village_gets_its_copies_of_what_runs(session, happiness, enter):
    village = enter("Đăk Ra")

    campaign = session.scalars(select(Campaign).where(Campaign.unit_id == village.id)).one()
    assert (village.full_name, village.level_key, village.search) == (
        "Thôn Đăk Ra",
        "village",
        "thon dak ra",
    )
    assert campaign.parent_id == happiness.id
    assert [item.key for item in campaign.items] == ["village_meeting", "club_activity"]


def test_a_village_entered_after_a_campaign_owes_nothing_in_it(session, happiness, enter, vietnam):
    village = enter("Đăk Ra", now=NOW.replace(month=6))

    open_campaigns(session, now=NOW.replace(month=6), calendar=vietnam)

    owes = session.scalars(select(Campaign.template_id).where(Campaign.unit_id == village.id)).all()
    assert happiness.template_id not in owes


def test_entering_a_village_twice_changes_nothing(session, happiness, cast, enter):
    first = enter("Đăk Ra")

    assert enter(" thôn  đăk ra ") is first
    assert len(villages_of(session, cast.commune, TODAY)) == 1


def test_villages_of_the_same_name_have_keys_and_slugs_of_their_own(session, cast, enter):
    villages = [
        enter("1"),
        enter("1", "to_dan_pho"),
        enter("1", by=cast.khanh, commune=cast.other_commune),
    ]
    villages += [enter("Đăk Hà"), enter("Dak Ha")]

    assert len({village.key for village in villages}) == 5
    assert len({village.slug for village in villages}) == 5
    assert [village.full_name for village in villages[:2]] == ["Thôn 1", "Tổ dân phố 1"]
    assert villages[0].key == "23341-thon-1"


def test_only_a_commune_has_villages_and_only_its_people_enter_them(session, cast, enter):
    with pytest.raises(NotAllowedError):
        enter("1", by=cast.khanh)
    with pytest.raises(ConflictError, match="is none"):
        enter("1", by=cast.hoa, commune=cast.district)
    with pytest.raises(InvalidInputError):
        enter("Thôn ")

    assert (
        session.scalar(select(func.count()).select_from(Unit).where(Unit.level_key == "village"))
        == 0
    )


def test_a_split_item_is_done_when_all_its_parts_are(session, cast, happiness, enter, vietnam, who):
    villages = [enter("1"), enter("2"), enter("3")]
    banners = item_of(happiness, "banners")
    banners.evidence_min = 0

    parts = split_item(session, banners.id, [unit.id for unit in villages], calendar=vietnam, **who)
    complete_item(session, parts[0].id, **who)
    decline_item(session, parts[1].id, "mưa lũ", **who)
    assert banners.is_open
    complete_item(session, parts[2].id, **who)

    assert (banners.state, banners.completed_on) == (ItemState.DONE, TODAY)
    assert banners.closed_because is ClosedBecause.PARTS
    reopen_item(session, parts[2].id, **who)
    assert banners.is_open


def test_an_item_whose_parts_were_all_left_undone_was_not_done(
    session, happiness, enter, vietnam, who
):
    banners = item_of(happiness, "banners")
    parts = split_item(session, banners.id, [enter("1").id, enter("2").id], calendar=vietnam, **who)

    for part in parts:
        decline_item(session, part.id, "mưa lũ", **who)

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (ItemState.NOT_DONE, "mưa lũ")


@pytest.fixture
def banners(session, happiness):
    """An item of the commune that two villages may share; a tick is enough."""
    item = item_of(happiness, "banners")
    item.evidence_min = next(
        each for each in happiness.version.items if each.key == item.key
    ).evidence_min = 0
    return item


@pytest.fixture
def parts(session, banners, enter, vietnam, who):
    return split_item(session, banners.id, [enter("1").id, enter("2").id], calendar=vietnam, **who)


def test_an_item_that_people_closed_stays_closed_whatever_its_parts_do(
    session, banners, parts, who
):
    complete_item(session, banners.id, **who)
    complete_item(session, parts[0].id, **who)
    reopen_item(session, parts[0].id, **who)

    assert (banners.state, banners.completed) == (ItemState.DONE, NOW)


def test_a_part_that_is_opened_again_brings_the_whole_back_to_where_it_was(
    session, banners, parts, who
):
    block_item(session, banners.id, "chờ vải", **who)
    for part in parts:
        complete_item(session, part.id, **who)
    assert banners.is_done

    undo_change(session, parts[1].id, history_of(session, parts[1])[0].id, **who)

    assert (banners.state, banners.blocked) == (ItemState.BLOCKED, "chờ vải")
    assert story_of(history_of(session, banners)[0], "en").startswith(
        "open again, since one of its parts is"
    )
    complete_item(session, parts[1].id, **who)
    assert banners.is_done


def test_an_item_is_not_required_when_none_of_its_parts_is(session, cast, banners, parts):
    for part in parts:
        excuse_item(session, part.id, "không có trụ sở", by=cast.hoa, now=NOW)

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (
        ItemState.NOT_REQUIRED,
        "không có trụ sở",
    )


def test_a_unit_does_not_wish_required_work_away_by_dividing_it(session, banners, parts, who):
    assert banners.required
    for part in parts:
        excuse_item(session, part.id, "không có trụ sở", **who)

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (
        ItemState.NOT_DONE,
        "không có trụ sở",
    )


def test_an_item_that_its_parts_closed_is_opened_by_opening_one_of_them(
    session, banners, parts, who
):
    for part in parts:
        complete_item(session, part.id, **who)

    with pytest.raises(ConflictError, match="open one of its parts"):
        undo_change(session, banners.id, history_of(session, banners)[0].id, **who)
    with pytest.raises(ConflictError, match="open one of its parts"):
        reopen_item(session, banners.id, **who)

    assert banners.is_done


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

    decline_item(session, declined.id, words, **who)

    assert declined.closed_because is ClosedBecause.PERSON
    assert parts_of(session, banners) == parts
    assert own_progress(session, TODAY)[cast.commune.id].parts == 0
    assert sum_of(own_progress(session, TODAY).values()).parts == 2
    complete_item(session, other.id, **who)
    assert (banners.is_done, banners.closed_because) == (True, ClosedBecause.PARTS)
    reopen_item(session, declined.id, **who)
    assert (declined.closed_because, banners.is_open) == (None, True)


@pytest.mark.parametrize("words", OUR_WORDS)
def test_what_people_type_as_a_reason_never_says_what_closed_an_item(
    session, happiness, who, words
):
    visits = item_of(happiness, "visits")

    excuse_item(session, visits.id, words, **who)

    assert (visits.closed_because, visits.closing_facts) == (ClosedBecause.PERSON, None)
    assert (visits.reason, why_closed(closing_of(visits), "en")) == (words, words)
    assert not any((is_covered(visits), is_gone(visits), visits.is_closed_from_outside))
    told = last_change(history_of(session, visits))
    assert told is not None
    assert told.after["closed_because"] == ClosedBecause.PERSON
    undo_change(session, visits.id, told.id, **who)
    assert (visits.state, visits.closed_because) == (ItemState.NOT_STARTED, None)


def test_a_stale_page_that_leaves_an_item_out_once_more_changes_nothing(session, happiness, who):
    visits = item_of(happiness, "visits")

    for _ in range(2):
        switch_off(session, visits.id, **who)

    assert (visits.closed_because, visits.reason) == (ClosedBecause.NOT_CHOSEN, None)
    assert len(history_of(session, visits)) == 1


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
        complete_item(session, banners.id, by=head, now=NOW)

    delegate_item(session, banners.id, village.id, **who)

    with pytest.raises(NotAllowedError):
        complete_item(session, banners.id, by=other, now=NOW)
    with pytest.raises(NotAllowedError):
        delegate_item(session, banners.id, None, by=head, now=NOW)
    assert complete_item(session, banners.id, by=head, now=NOW).is_done
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
        complete_item(session, banners.id, by=head, now=NOW)
    assert complete_item(session, banners.id, by=other, now=NOW).is_done


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
        lambda: excuse_item(session, visits.id, "không cần", **does),
        lambda: credit_item(session, visits.id, happiness, **does),
        lambda: remove_credit(session, visits.id, happiness, **does),
    ):
        with pytest.raises(NotAllowedError):
            choose()

    assert start_item(session, visits.id, **does).state is ItemState.IN_PROGRESS
    assert block_item(session, visits.id, "chờ", **does).state is ItemState.BLOCKED


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
        complete_item(session, part.id, **who)
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


def test_a_village_that_is_entered_before_the_campaign_is_opened_with_it(
    session, cast, enter, vietnam
):
    village = enter("1")

    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)

    query = (
        select(ChecklistItem.key).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    )
    assert "village_meeting" in session.scalars(query).all()


def test_a_village_that_has_reported_nothing_is_called_what_it_is(
    session, cast, happiness, enter, who
):
    village = enter("Đăk Raa")
    other = enter("2")

    assert correct_village(session, village.id, "lang", "Đăk Ra", **who).full_name == "Làng Đăk Ra"
    assert (village.type, village.search) == ("lang", "lang dak ra")
    with pytest.raises(ConflictError, match="already"):
        correct_village(session, other.id, "lang", "đăk ra", **who)
    with pytest.raises(NotAllowedError):
        correct_village(session, village.id, "lang", "Khác", by=cast.khanh, now=NOW)

    item = session.scalars(
        select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    ).first()
    start_item(session, item.id, **who)
    with pytest.raises(ConflictError, match="has reported"):
        correct_village(session, village.id, "lang", "Khác", **who)


def test_a_village_ends_once_what_its_commune_gave_it_is_taken_back(
    session, cast, banners, enter, vietnam, who
):
    village = enter("1")
    [part] = split_item(session, banners.id, [village.id], calendar=vietnam, **who)
    with pytest.raises(ConflictError, match="Please take that back first"):
        end_village(session, village.id, **who)

    take_back_part(session, part.id, **who)
    end_village(session, village.id, **who)

    tomorrow = NOW + timedelta(days=1)
    hand_over_due(session, by=None, now=tomorrow)
    assert villages_of(session, cast.commune, tomorrow.date()) == []
    left = select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    assert {item.state for item in session.scalars(left)} == {ItemState.NOT_REQUIRED}


def test_a_part_that_nobody_touched_is_taken_back_and_may_be_given_again(
    session, cast, banners, parts, vietnam, who
):
    first, second = parts
    complete_item(session, first.id, **who)
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
    reopen_item(session, first.id, **who)
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
