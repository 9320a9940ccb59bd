"""What goes over with an open item when its unit ends on 1 March 2021, three weeks before 20 March."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.activities.planned import (
    Plan,
    activities_of,
    add_activity,
    cancel_activity,
    credit_activity,
)
from events.calendars.feeds import serve_feed
from events.calendars.parts import deadlines
from events.calendars.view import View
from events.campaigns.opening import open_campaigns
from events.checklist.closing_words import closing_of, why_closed
from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item
from events.checklist.evidence import Proof, add_evidence, evidence_missing, remove_evidence
from events.checklist.history import UNDIVIDED, Stamp, history_of, undivided_in
from events.checklist.integration import credit_item, credited_to
from events.checklist.states import (
    block_item,
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    ItemState,
    Round,
    Template,
    Unit,
)
from events.models.history import Door
from events.observances.printed import inherited
from events.progress.as_of import AsOf
from events.progress.figures import own_progress
from events.reforms.handover import hand_over_due
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.units.tree import get_unit
from tests.conftest import tick_off
from tests.events.replanning.test_anchors import open_template

BEFORE = datetime(2021, 2, 1, 1, tzinfo=UTC)
DAY = date(2021, 3, 1)
ON_THE_DAY = datetime(2021, 3, 1, 1, tzinfo=UTC)
THE_DAY_AFTER = ON_THE_DAY + timedelta(days=1)
DOCUMENT = Proof("doc_ref", text="12/KH-UBND", dated=date(2021, 2, 20))
ANOTHER = Proof("doc_ref", text="7/KH-UBND", dated=date(2021, 2, 22))


@pytest.fixture
def cast(before_2025):
    return before_2025


@pytest.fixture
def happiness(session, cast, vietnam):
    open_round_of(session, vietnam, "happiness_day")
    return cast


def open_round_of(session, vietnam, key):
    open_template(session, vietnam, key, 2021, now=BEFORE)


def item_of(session, unit, key, template="happiness_day"):
    query = (
        select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.round).join(Round.template)
    )
    return session.scalars(
        query.where(Campaign.unit_id == unit.id, ChecklistItem.key == key, Template.key == template)
    ).one()


def merge_pair(session, cast):
    return merge(
        session,
        ["23341", "23344"],
        NewUnit("Xã Đăk Mới"),
        stamp=Stamp(cast.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    ).begun[0]


def works(piece):
    return [one.text for one in piece.evidence_given]


def test_evidence_of_every_predecessor_goes_over_once(session, happiness, neighbour):
    old = item_of(session, happiness.commune, "plan_commune")
    other = item_of(session, get_unit(session, "23344"), "plan_commune")
    add_evidence(session, old.id, DOCUMENT, Stamp(happiness.thi, BEFORE))
    for proof in (DOCUMENT, ANOTHER):
        add_evidence(session, other.id, proof, Stamp(neighbour, BEFORE))

    new = item_of(session, merge_pair(session, happiness), "plan_commune")
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    session.refresh(new)
    assert works(new) == ["12/KH-UBND", "7/KH-UBND"]
    assert [piece.by for piece in new.evidence_given] == [happiness.thi, neighbour]
    assert evidence_missing(new) == 0


def test_the_old_item_keeps_its_evidence_when_the_new_one_loses_it(session, happiness):
    old = item_of(session, happiness.commune, "plan_commune")
    add_evidence(session, old.id, DOCUMENT, Stamp(happiness.thi, BEFORE))
    new = item_of(session, merge_pair(session, happiness), "plan_commune")

    remove_evidence(session, new.evidence_given[0].id, Stamp(happiness.hoa, ON_THE_DAY))

    assert (works(new), works(old)) == ([], ["12/KH-UBND"])


def test_work_that_had_begun_or_was_held_up_is_so_in_the_new_unit(session, happiness, neighbour):
    other = get_unit(session, "23344")
    start_item(
        session,
        item_of(session, happiness.commune, "plan_commune").id,
        Stamp(happiness.thi, BEFORE),
    )
    block_item(
        session,
        item_of(session, happiness.commune, "visits").id,
        "Chờ kinh phí",
        Stamp(happiness.thi, BEFORE),
    )
    block_item(session, item_of(session, other, "visits").id, "Mưa lũ", Stamp(neighbour, BEFORE))

    new = merge_pair(session, happiness)

    assert item_of(session, new, "plan_commune").state is ItemState.IN_PROGRESS
    assert item_of(session, new, "visits").blocked == "Chờ kinh phí; Mưa lũ"
    assert item_of(session, new, "honour").state is ItemState.NOT_STARTED


def test_every_part_of_a_split_unit_gets_the_evidence(session, happiness):
    add_evidence(
        session,
        item_of(session, happiness.commune, "plan_commune").id,
        DOCUMENT,
        Stamp(happiness.thi, BEFORE),
    )

    into = [NewUnit("Xã Đông"), NewUnit("Xã Tây")]
    done = split(session, "23341", into, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)

    assert [works(item_of(session, part, "plan_commune")) for part in done.begun] == [
        ["12/KH-UBND"],
        ["12/KH-UBND"],
    ]


def test_an_item_that_counted_for_another_campaign_still_does(session, cast, vietnam):
    open_round_of(session, vietnam, "gender_action_month")
    open_round_of(session, vietnam, "evaw_day")
    talk = item_of(session, cast.commune, "school_talk", "evaw_day")
    month = item_of(session, cast.commune, "plan_commune", "gender_action_month").campaign
    credit_item(session, talk.id, month, by=cast.thi, now=BEFORE)

    new = merge_pair(session, cast)

    [credited] = credited_to(session, item_of(session, new, "school_talk", "evaw_day"))
    assert (credited.unit_id, credited.template_id) == (new.id, month.template_id)


def test_villages_keep_their_parts_and_what_was_given_to_them(session, happiness, vietnam):
    village = add_village(
        session,
        happiness.commune,
        "thon",
        "1",
        by=happiness.thi,
        now=BEFORE,
        calendar=vietnam,
    )
    banners, loudspeaker = (
        item_of(session, happiness.commune, key) for key in ("banners", "loudspeaker")
    )
    [part] = split_item(
        session, banners.id, [village.id], by=happiness.thi, now=BEFORE, calendar=vietnam
    )
    delegate_item(
        session, loudspeaker.id, village.id, role="truong_thon", by=happiness.thi, now=BEFORE
    )

    new = rename(
        session, "23341", "Xã Tên Mới", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun[0]

    again = session.scalars(select(Unit).where(Unit.parent_id == new.id)).one()
    new_banners, new_part = item_of(session, new, "banners"), item_of(session, again, part.key)
    assert new_part.split_from_id == new_banners.id
    given = item_of(session, new, "loudspeaker")
    assert (given.delegate_unit_id, given.delegate_role_key) == (again.id, "truong_thon")
    new_part.without_evidence = True
    complete_item(session, new_part.id, Stamp(happiness.hoa, ON_THE_DAY))
    assert new_banners.is_done
    assert (
        story_of(history_of(session, given)[0], "en")
        == f"{happiness.hoa.full_name} delegated it to Thôn 1"
    )


def villages_of(session, vietnam, unit, by, *names):
    return [
        add_village(session, unit, "thon", name, by=by, now=BEFORE, calendar=vietnam)
        for name in names
    ]


def divide(session, vietnam, unit, villages, by):
    """Divide an item among villages that need no evidence; return their parts."""
    ids = [village.id for village in villages]
    parts = split_item(
        session, item_of(session, unit, "banners").id, ids, by=by, now=BEFORE, calendar=vietnam
    )
    for part in parts:
        part.without_evidence = True
    return parts


def part_of(session, whole):
    return session.scalars(
        select(ChecklistItem).where(ChecklistItem.split_from_id == whole.id)
    ).one()


def test_parts_alone_do_not_finish_what_one_of_the_merged_units_had_not_divided(
    session, happiness, neighbour, vietnam
):
    villages = villages_of(session, vietnam, happiness.commune, happiness.thi, "1")
    divide(session, vietnam, happiness.commune, villages, happiness.thi)

    banners = item_of(session, merge_pair(session, happiness), "banners")
    complete_item(session, part_of(session, banners).id, Stamp(happiness.hoa, ON_THE_DAY))

    assert banners.is_open
    assert undivided_in(history_of(session, banners)) == ["Xã Đăk Blô"]
    said = "not divided in Xã Đăk Blô: the share of that area is in no part"
    assert said in [story_of(change, "en") for change in history_of(session, banners)]
    again = rename(
        session,
        "23341-2021",
        "Xã Mới Nữa",
        stamp=Stamp(happiness.hoa, THE_DAY_AFTER),
        on=DAY + timedelta(days=1),
        basis=None,
    )
    later = item_of(session, again.begun[0], "banners")
    assert later.is_open
    assert undivided_in(history_of(session, later)) == ["Xã Đăk Blô"]


def test_once_the_new_unit_divides_the_rest_its_parts_finish_the_item(
    session, happiness, neighbour, vietnam
):
    one = villages_of(session, vietnam, happiness.commune, happiness.thi, "1")
    other = villages_of(session, vietnam, get_unit(session, "23344"), neighbour, "2")
    divide(session, vietnam, happiness.commune, one, happiness.thi)
    new = merge_pair(session, happiness)
    banners = item_of(session, new, "banners")

    below = session.scalars(select(Unit.id).where(Unit.parent_id == new.id)).all()
    who = {"by": happiness.hoa, "now": ON_THE_DAY}
    for part in split_item(session, banners.id, below, calendar=vietnam, **who):
        part.without_evidence = True
        complete_item(session, part.id, Stamp(**who))

    assert banners.is_done
    assert other[0].valid_to is not None


def test_what_merged_units_had_all_divided_is_finished_by_its_parts(
    session, happiness, neighbour, vietnam
):
    other = get_unit(session, "23344")
    divide(
        session,
        vietnam,
        happiness.commune,
        villages_of(session, vietnam, happiness.commune, happiness.thi, "1"),
        happiness.thi,
    )
    divide(session, vietnam, other, villages_of(session, vietnam, other, neighbour, "1"), neighbour)

    banners = item_of(session, merge_pair(session, happiness), "banners")
    for part in session.scalars(
        select(ChecklistItem).where(ChecklistItem.split_from_id == banners.id)
    ).all():
        assert banners.is_open
        complete_item(session, part.id, Stamp(happiness.hoa, ON_THE_DAY))

    assert banners.is_done


def test_parts_that_were_done_go_on_counting_where_their_villages_went(session, happiness, vietnam):
    first, *others = villages_of(session, vietnam, happiness.commune, happiness.thi, "1", "2", "3")
    parts = divide(session, vietnam, happiness.commune, [first, *others], happiness.thi)
    complete_item(session, parts[0].id, Stamp(happiness.thi, BEFORE))
    figures = own_progress(session, AsOf(DAY - timedelta(days=1)))

    into = [
        NewUnit("Xã P1", children=(first.key,)),
        NewUnit("Xã P2", children=tuple(unit.key for unit in others)),
    ]
    done = split(session, "23341", into, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)
    session.flush()

    p1, p2 = (
        item_of(session, part, "banners") for part in done.begun if part.level_key == "commune"
    )
    assert (p1.state, p1.completed_on, p1.completed_by) == (
        ItemState.DONE,
        BEFORE.date(),
        happiness.thi,
    )
    assert part_of(session, p1) == parts[0]
    assert [story_of(change, "en") for change in history_of(session, p1)] == [
        "done, since all its parts are closed; the last one by Cán bộ xã (Thi)",
        f"{happiness.hoa.full_name} took it over from Thị trấn Đăk Glei, due on {p1.due:%d/%m/%Y}, with closed parts: Thôn 1",
    ]
    assert p2.is_open
    assert own_progress(session, AsOf(DAY - timedelta(days=1))) == figures
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    reopen_item(session, parts[0].id, Stamp(happiness.hoa, ON_THE_DAY))
    assert p1.is_open


def test_a_done_part_and_an_open_one_finish_the_item_of_the_merged_unit_together(
    session, happiness, neighbour, vietnam
):
    complete_item(
        session,
        open_to_all(session, get_unit(session, "23344"), "banners").id,
        Stamp(neighbour, BEFORE),
    )
    villages = villages_of(session, vietnam, happiness.commune, happiness.thi, "1", "2")
    first, _second = divide(session, vietnam, happiness.commune, villages, happiness.thi)
    complete_item(session, first.id, Stamp(happiness.thi, BEFORE))

    banners = item_of(session, merge_pair(session, happiness), "banners")
    assert banners.is_open
    [still_open] = session.scalars(
        select(ChecklistItem).where(
            ChecklistItem.split_from_id == banners.id, ChecklistItem.completed.is_(None)
        )
    )
    complete_item(session, still_open.id, Stamp(happiness.hoa, ON_THE_DAY))

    assert (banners.state, banners.completed_on) == (ItemState.DONE, DAY)


def open_to_all(session, unit, key):
    item = item_of(session, unit, key)
    item.without_evidence = True
    return item


def test_where_merged_units_had_given_an_item_to_different_villages_the_new_unit_decides(
    session, happiness, neighbour, vietnam
):
    other = get_unit(session, "23344")
    [one] = villages_of(session, vietnam, happiness.commune, happiness.thi, "1")
    [two] = villages_of(session, vietnam, other, neighbour, "2")
    delegate_item(
        session,
        item_of(session, happiness.commune, "banners").id,
        one.id,
        by=happiness.thi,
        now=BEFORE,
    )
    delegate_item(session, item_of(session, other, "banners").id, two.id, by=neighbour, now=BEFORE)
    delegate_item(session, item_of(session, other, "visits").id, two.id, by=neighbour, now=BEFORE)

    new = merge_pair(session, happiness)

    for key, names in (("banners", {"Thôn 1", "Thôn 2"}), ("visits", {"Thôn 2"})):
        item = item_of(session, new, key)
        change = history_of(session, item)[0]
        assert (item.delegate_unit_id, item.delegate_role_key) == (None, None)
        assert set(change.before["delegate"].split(", ")) == names
        assert story_of(change, "en").startswith(
            f"{happiness.hoa.full_name} took it back from Thôn"
        )


def test_a_whole_is_not_done_for_the_reasons_of_its_own_parts_alone(session, happiness, vietnam):
    villages = villages_of(session, vietnam, happiness.commune, happiness.thi, "1", "2")
    divide(session, vietnam, happiness.commune, villages, happiness.thi)
    banners = item_of(session, happiness.commune, "banners")
    keys = [village.key for village in villages]
    merge(
        session,
        keys,
        NewUnit("Thôn Mới"),
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    )
    session.flush()

    parts = session.scalars(
        select(ChecklistItem).where(ChecklistItem.split_from_id == banners.id)
    ).all()
    for part in [part for part in parts if part.is_open]:
        decline_item(session, part.id, "mưa lũ", Stamp(happiness.hoa, ON_THE_DAY))

    assert (banners.state, why_closed(closing_of(banners), "vi")) == (ItemState.NOT_DONE, "mưa lũ")


def test_history_leads_from_one_to_the_other(session, happiness, neighbour):
    old = item_of(session, happiness.commune, "plan_commune")
    new = item_of(session, merge_pair(session, happiness), "plan_commune")

    taken_over = history_of(session, new)
    assert {change.after["moved_from_item"] for change in taken_over} >= {old.id}
    assert [story_of(change, "en") for change in reversed(taken_over)] == [
        "the service took it over from Thị trấn Đăk Glei, due on 05/03/2021".replace(
            "the service", happiness.hoa.full_name
        ),
        f"{happiness.hoa.full_name} took it over from Xã Đăk Blô, due on 05/03/2021",
    ]
    closed = history_of(session, old)[0]
    assert closed.after["moved_to"] == {str(new.id): "Xã Đăk Mới"}
    assert (
        story_of(closed, "en")
        == f"{happiness.hoa.full_name} closed it here: went over to Xã Đăk Mới"
    )


def test_history_names_units_as_they_stand_inside_a_vietnamese_sentence(
    session, happiness, neighbour
):
    old = item_of(session, happiness.commune, "plan_commune")
    new = item_of(session, merge_pair(session, happiness), "plan_commune")

    told = [
        story_of(change, "vi")
        for change in (*history_of(session, new), history_of(session, old)[0])
    ]

    assert [line.removeprefix(f"{happiness.hoa.full_name} ") for line in told] == [
        "nhận việc từ xã Đăk Blô, hạn 05/03/2021",
        "nhận việc từ thị trấn Đăk Glei, hạn 05/03/2021",
        "đóng việc này tại đây: chuyển cho xã Đăk Mới",
    ]


def test_a_unit_that_begins_a_line_of_history_keeps_its_large_letter(session, happiness):
    told = Change(before={}, after={UNDIVIDED: ["Xã Đăk Blô", "Thị trấn Đăk Glei"]})

    assert story_of(told, "vi").startswith("Xã Đăk Blô, thị trấn Đăk Glei chưa chia việc này")


def test_whoever_takes_work_over_reads_how_it_stood_and_what_came_with_it(
    session, happiness, neighbour
):
    add_evidence(
        session,
        item_of(session, happiness.commune, "plan_commune").id,
        DOCUMENT,
        Stamp(happiness.thi, BEFORE),
    )
    start_item(
        session,
        item_of(session, happiness.commune, "plan_commune").id,
        Stamp(happiness.thi, BEFORE),
    )
    block_item(
        session,
        item_of(session, get_unit(session, "23344"), "plan_commune").id,
        "Mưa lũ",
        Stamp(neighbour, BEFORE),
    )

    new = item_of(session, merge_pair(session, happiness), "plan_commune")

    told = {
        story_of(change, "en").partition(" took it over from ")[2]
        for change in history_of(session, new)
    }
    assert told == {
        "Thị trấn Đăk Glei, due on 05/03/2021, in progress, with evidence: số, ký hiệu, ngày văn bản: 12/KH-UBND, 20/02/2021",
        "Xã Đăk Blô, due on 05/03/2021, held up: Mưa lũ",
    }


def test_a_reform_that_is_run_again_adds_nothing(session, happiness, vietnam):
    add_evidence(
        session,
        item_of(session, happiness.commune, "plan_commune").id,
        DOCUMENT,
        Stamp(happiness.thi, BEFORE),
    )
    new = item_of(session, merge_pair(session, happiness), "plan_commune")
    lines = len(history_of(session, new))

    for _morning in range(2):
        open_campaigns(session, now=ON_THE_DAY, calendar=vietnam)
        hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    session.refresh(new)
    assert (works(new), len(history_of(session, new))) == (["12/KH-UBND"], lines)


def test_an_item_that_went_over_is_not_opened_or_done_a_second_time_in_the_old_unit(
    session, happiness
):
    old = item_of(session, happiness.commune, "honour")
    merge_pair(session, happiness)
    session.flush()
    [closed] = history_of(session, old)
    assert last_change([closed]) is None

    for change in (reopen_item, complete_item, start_item):
        with pytest.raises(ConflictError, match="went over to Xã Đăk Mới and is done there"):
            change(session, old.id, Stamp(happiness.hoa, ON_THE_DAY))
    with pytest.raises(ConflictError, match="went over to Xã Đăk Mới"):
        undo_change(session, old.id, closed.id, Stamp(happiness.hoa, ON_THE_DAY))
    assert old.state is ItemState.NOT_REQUIRED


def test_what_nobody_needs_since_its_level_was_abolished_stays_closed(session, happiness):
    abolish_level(session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)
    session.flush()
    items = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == happiness.district.id)
    )
    dropped = next(
        item
        for item in session.scalars(items)
        if why_closed(closing_of(item), "vi") == "cấp huyện không còn"
    )

    with pytest.raises(ConflictError, match="was closed when Huyện Đăk Glei ended"):
        reopen_item(session, dropped.id, Stamp(happiness.hoa, ON_THE_DAY))


def campaign_of(session, unit):
    return session.scalars(select(Campaign).where(Campaign.unit_id == unit.id)).one()


def test_what_was_overdue_in_every_item_goes_over_too_and_older_figures_stay(session, happiness):
    day = date(2021, 4, 20)  # everything for 20 March was due by 25 March
    last_day, now = AsOf(day - timedelta(days=1)), datetime(2021, 4, 20, 1, tzinfo=UTC)
    figures = own_progress(session, last_day)
    old = campaign_of(session, happiness.commune)
    kinds = {item.key for item in old.items}

    done = merge(
        session,
        ["23341", "23344"],
        NewUnit("Xã Đăk Mới"),
        stamp=Stamp(happiness.hoa, now),
        on=day,
        basis=None,
    )

    assert not any(item.is_open for item in old.items)
    assert {item.key for item in campaign_of(session, done.begun[0]).items if item.is_open} == kinds
    assert own_progress(session, last_day) == figures


def test_what_went_over_is_counted_in_the_new_unit_alone(session, happiness):
    done, excused, *_rest = campaign_of(session, happiness.commune).items
    tick_off(done, happiness.thi, BEFORE, BEFORE.date())
    excuse_item(session, excused.id, "Không có trường học", Stamp(happiness.hoa, BEFORE))
    session.flush()
    before = own_progress(session, DAY)[happiness.commune.id]

    new = rename(
        session, "23341", "Xã Tên Mới", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun[0]

    figures = own_progress(session, DAY)
    old = figures[happiness.commune.id]
    assert (old.expected, old.done, old.not_required) == (1, 1, 1)
    assert old + figures[new.id] == before


def test_a_theme_goes_over_where_all_predecessors_agree_on_it(session, happiness):
    old, other = (
        campaign_of(session, happiness.commune),
        campaign_of(session, get_unit(session, "23344")),
    )
    old.theme, old.slogans = other.theme, other.slogans = "Chủ đề của hai xã", ["Khẩu hiệu"]
    session.flush()

    campaign = campaign_of(session, merge_pair(session, happiness))

    assert (inherited(campaign).theme, inherited(campaign).slogans) == (
        "Chủ đề của hai xã",
        ("Khẩu hiệu",),
    )


def test_where_predecessors_differ_the_theme_of_the_year_holds(session, happiness):
    campaign_of(session, happiness.commune).theme = "Chủ đề riêng"
    session.flush()

    assert campaign_of(session, merge_pair(session, happiness)).theme is None


def launch(session, cast, day, **more):
    start = (
        datetime(2021, 3, day, 1, tzinfo=UTC) if day > 0 else datetime(2021, 2, 10, 1, tzinfo=UTC)
    )
    plan = Plan("Lễ phát động", start, start + timedelta(hours=2), "Nhà rông", **more)
    return add_activity(session, campaign_of(session, cast.commune), plan, by=cast.thi, now=BEFORE)


def events_of(session_factory, unit):
    served = serve_feed(
        session_factory, unit.slug, now=ON_THE_DAY, public_url="https://example.org"
    )
    return {
        str(event["UID"]): event
        for event in icalendar.Calendar.from_ical(served.body).walk("VEVENT")
    }


def test_a_planned_activity_goes_over_and_both_calendars_show_it_as_the_same_one(
    session, session_factory, happiness
):
    planned, past = launch(session, happiness, 19), launch(session, happiness, 0)
    old = campaign_of(session, happiness.commune)

    new = merge_pair(session, happiness)
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    session.commit()

    campaign = campaign_of(session, new)
    assert (planned.campaign, past.campaign) == (campaign, old)
    assert activities_of(session, old, with_internal=True) == [past, planned]
    now_here, before = (
        events_of(session_factory, new),
        events_of(session_factory, happiness.commune),
    )
    assert planned.uid in now_here
    assert past.uid not in now_here
    assert {planned.uid, past.uid} <= before.keys()
    assert "Đơn vị tiếp nhận: Xã Đăk Mới" in before[planned.uid]["DESCRIPTION"]
    assert int(before[planned.uid]["SEQUENCE"]) == 1


def test_a_weekly_broadcast_goes_over_and_what_was_called_off_stays(session, happiness):
    weekly = launch(session, happiness, 0, weekly_until=date(2021, 3, 20))
    off = launch(session, happiness, 18)
    cancel_activity(session, off.uid, by=happiness.thi, now=BEFORE)

    new = merge_pair(session, happiness)

    assert weekly.campaign.unit == new
    assert off.campaign.unit == happiness.commune


def test_an_activity_goes_over_where_everything_else_was_done(session, session_factory, happiness):
    for item in campaign_of(session, happiness.commune).items:
        tick_off(item, happiness.thi, BEFORE, BEFORE.date())
    planned = launch(session, happiness, 19)

    done = split(
        session,
        "23341",
        [NewUnit("Xã A"), NewUnit("Xã B")],
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    )

    assert done.handed_over.activities == 1
    first, second = done.begun
    assert planned.campaign.unit == first
    assert activities_of(session, campaign_of(session, second), with_internal=True) == [planned]
    session.commit()
    assert planned.uid in events_of(session_factory, first)
    assert planned.uid not in events_of(session_factory, second)


def test_an_activity_that_counts_for_two_campaigns_counts_for_both_of_the_unit_that_follows(
    session, happiness, vietnam
):
    planned = launch(session, happiness, 19)
    open_round_of(session, vietnam, "vn_family_day")
    other = item_of(session, happiness.commune, "plan_commune", "vn_family_day").campaign
    credit_activity(session, planned.uid, other, by=happiness.thi, now=BEFORE)

    new = merge_pair(session, happiness)

    both = [
        item_of(session, new, "plan_commune", key).campaign
        for key in ("happiness_day", "vn_family_day")
    ]
    assert planned.campaign == both[0]
    assert [activities_of(session, one, with_internal=False) for one in both] == [[planned]] * 2


def test_work_that_goes_over_keeps_its_identity_in_calendars_and_is_not_called_off(
    session, happiness
):
    old = item_of(session, happiness.commune, "plan_commune")
    uid = old.uid

    new = merge_pair(session, happiness)

    assert item_of(session, new, "plan_commune").uid == uid != old.uid
    view = View(ON_THE_DAY.date(), "https://example.org")
    both = Campaign.unit_id.in_([new.id, happiness.commune.id])
    shown = {one.uid: one for one in deadlines(session, both, view)}
    assert old.uid not in shown
    assert {one.status for one in shown.values()} == {"CONFIRMED"}


def test_an_item_given_to_a_village_that_is_merged_is_done_by_the_new_one(
    session, happiness, vietnam
):
    villages = [
        add_village(
            session,
            happiness.commune,
            "thon",
            n,
            by=happiness.thi,
            now=BEFORE,
            calendar=vietnam,
        )
        for n in "12"
    ]
    banners = item_of(session, happiness.commune, "banners")
    delegate_item(session, banners.id, villages[0].id, by=happiness.thi, now=BEFORE)

    new = NewUnit("Thôn Mới")
    done = merge(
        session,
        [one.key for one in villages],
        new,
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    )
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    assert done.handed_over.delegated == 1
    assert banners.delegate_unit == done.begun[0]
    [change, _first] = history_of(session, banners)
    assert story_of(change, "en") == f"{happiness.hoa.full_name} delegated it to Thôn Mới"
    assert change.before == {"delegate": "Thôn 1"}


def test_an_item_given_to_a_village_that_is_split_is_its_communes_again(
    session, happiness, vietnam
):
    village = add_village(
        session,
        happiness.commune,
        "thon",
        "1",
        by=happiness.thi,
        now=BEFORE,
        calendar=vietnam,
    )
    banners = item_of(session, happiness.commune, "banners")
    delegate_item(session, banners.id, village.id, by=happiness.thi, now=BEFORE)

    into = [NewUnit("Thôn 1A"), NewUnit("Thôn 1B")]
    split(session, village.key, into, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)

    assert banners.delegate_unit is None
    assert (
        story_of(history_of(session, banners)[0], "en")
        == f"{happiness.hoa.full_name} took it back from Thôn 1"
    )


def test_the_history_of_what_went_over_tells_its_state_before_and_after(
    session, happiness, neighbour
):
    other = item_of(session, get_unit(session, "23344"), "visits")
    block_item(session, other.id, "Mưa lũ", Stamp(neighbour, BEFORE))
    start_item(
        session, item_of(session, happiness.commune, "visits").id, Stamp(happiness.thi, BEFORE)
    )

    new = item_of(session, merge_pair(session, happiness), "visits")

    second, first = history_of(session, new)
    assert (first.before, first.after["status"], first.after["blocked"]) == ({}, "IN-PROCESS", None)
    assert (second.before["status"], second.before["blocked"], second.after["blocked"]) == (
        "IN-PROCESS",
        None,
        "Mưa lũ",
    )
    [closed, _blocked] = history_of(session, other)
    assert (closed.before["blocked"], closed.after["blocked"], closed.blocked) == (
        "Mưa lũ",
        None,
        False,
    )
    undo_change(session, new.id, second.id, Stamp(happiness.hoa, ON_THE_DAY))
    assert new.state is ItemState.IN_PROGRESS
