from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from events.activities.planned import Plan, add_activity
from events.campaigns.due_dates import WAITS
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item
from events.checklist.history import history_of
from events.checklist.integration import credit_item
from events.checklist.own_items import OwnItem, add_own_item
from events.database.sessions import new_uid
from events.days.reasons import Cause, DayReason
from events.days.workdays import Shift
from events.errors import ConflictError, InvalidInputError, NotAllowedError, YearOutOfRangeError
from events.models import (
    Anchor,
    Campaign,
    Cascade,
    ChecklistItem,
    Document,
    DocumentKind,
    Round,
    Unit,
)
from events.models.campaigns import same_round
from events.reforms.villages import add_village
from events.replanning import anchors, beside_a_round, new_version
from events.replanning.anchors import NewAnchor
from events.replanning.cancelling import cancel_round
from events.replanning.preview import Difference, Fate, Lateness, grouped
from events.templates import editing
from tests.chance import undone
from tests.conftest import tick_off
from tests.events.campaigns.test_order_of_items import reordered

MARCH_2021 = datetime(2021, 3, 1, 5, tzinfo=UTC)


def open_template(session, vietnam, key, year, now=MARCH_2021):
    template = editing.get_template(session, key)
    [found] = rounds_of(template, year)
    open_round(session, found, now=now, calendar=vietnam)
    return top(session, template, year)


def top(session, template, year):
    return session.scalars(
        select(Campaign).where(
            Campaign.round.has(Round.template_id == template.id),
            Campaign.round.has(Round.year == year),
            Campaign.parent_id.is_(None),
        )
    ).one()


@pytest.fixture
def root(session, vietnam, cast):
    return open_template(session, vietnam, "happiness_day", 2021)


def item_of(session, root, unit, key):
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == unit.id, ChecklistItem.key == key)
    )
    return session.scalars(query.where(same_round(root))).one()


def move(session, root, change, vietnam, by, now=MARCH_2021):
    seen = anchors.preview(session, root, change, vietnam, now=now)
    return anchors.apply(
        session,
        root,
        change,
        expected_fingerprint=seen.fingerprint,
        by=by,
        now=now,
        calendar=vietnam,
    )


def plan(session, root, issued, by, **columns):
    item = next(item for item in root.items if item.key == "plan_province")
    values = {
        "uid": new_uid(),
        "campaign_id": root.id,
        "item_id": item.id,
        "kind": DocumentKind.PLAN,
        "abstract": "Kế hoạch",
    }
    session.add(
        Document(**values | {"dated": issued, "issued": issued} | columns, at=MARCH_2021, by=by)
    )
    session.flush()


def waiting_root(session, vietnam, cast):
    """The round of a template whose visits are counted before the plan that they wait for."""
    template = editing.get_template(session, "happiness_day")
    waits = {"visits": {"offset_days": -30, "depends_on": ["plan_commune"], "level_offsets": {}}}
    entries = [editing.item_entry(item) for item in template.current.items]
    entries = [entry.model_copy(update=waits.get(entry.key, {})) for entry in entries]
    editing.edit_template(session, template, entries, by=cast.hoa, now=MARCH_2021)
    return open_template(session, vietnam, "happiness_day", 2021)


def test_without_anything_new_nothing_moves(session, root, vietnam):
    seen = anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021)

    assert seen.is_empty
    assert seen.lines == ()


def test_moving_the_event_day_moves_every_open_item_and_rearms_its_reminders(
    session, root, vietnam, cast
):
    before = item_of(session, root, cast.commune, "plan_commune")
    due, sequence = before.due, before.sequence

    done = move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)

    after = item_of(session, root, cast.commune, "plan_commune")
    assert (due, after.due, after.nominal_due) == (
        date(2021, 3, 5),
        date(2021, 3, 12),
        date(2021, 3, 14),
    )
    assert (after.anchor_version, after.sequence, after.first_due) == (1, sequence + 1, due)
    assert after.campaign.event_date == date(2021, 3, 27)
    assert {line.fate for line in done.lines} == {Fate.MOVED}
    [change] = history_of(session, after)
    assert (change.before["due"], change.after["due"], change.due) == (
        "2021-03-05",
        "2021-03-12",
        date(2021, 3, 12),
    )


def test_a_moved_date_is_said_once_and_its_history_holds_no_state(session, root, vietnam, cast):
    plan(session, root, date(2021, 3, 15), cast.hoa)

    done = move(session, root, NewAnchor(), vietnam, cast.hoa)

    line = next(line for line in done.moved if line.key == "plan_district")
    assert line.reason is not None
    assert line.differences == ()
    [change] = history_of(session, line.item)
    assert change.before.keys() == {"due", "due_reason"}


def test_a_reason_that_stays_is_told_of_the_new_date_too(session, vietnam, cast):
    root = waiting_root(session, vietnam, cast)
    assert item_of(session, root, cast.commune, "visits").due_reason == WAITS

    seen = anchors.preview(
        session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, now=MARCH_2021
    )

    assert {line.reason for line in seen.moved if line.key == "visits"} == {WAITS}


def test_what_is_done_is_not_told_that_only_the_reason_of_its_date_is_another(
    session, root, vietnam, cast
):
    item = item_of(session, root, cast.commune, "plan_commune")
    tick_off(item, cast.thi, MARCH_2021, MARCH_2021.date())
    item.due_reason = DayReason(Cause.IN_LIEU)
    session.flush()

    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).lines == ()


def test_applying_twice_changes_nothing_the_second_time(session, root, vietnam, cast):
    change = NewAnchor(event_date=date(2021, 3, 27))
    seen = anchors.preview(session, root, change, vietnam, now=MARCH_2021)
    args = {
        "expected_fingerprint": seen.fingerprint,
        "by": cast.hoa,
        "now": MARCH_2021,
        "calendar": vietnam,
    }
    anchors.apply(session, root, change, **args)
    marks = session.execute(
        select(ChecklistItem.id, ChecklistItem.sequence).order_by(ChecklistItem.id)
    ).all()

    assert anchors.apply(session, root, change, **args).is_empty
    assert (
        session.execute(
            select(ChecklistItem.id, ChecklistItem.sequence).order_by(ChecklistItem.id)
        ).all()
        == marks
    )
    assert root.changes == 1


def test_what_is_done_and_what_was_edited_by_hand_stays(session, root, vietnam, cast):
    done, held = (
        item_of(session, root, cast.commune, key) for key in ("loudspeaker", "plan_commune")
    )
    tick_off(done, cast.thi, MARCH_2021, date(2021, 3, 1))
    held.edited = ["due"]
    session.flush()
    stood = done.due, held.due

    seen = move(session, root, NewAnchor(event_date=date(2021, 4, 20)), vietnam, cast.hoa)

    assert (done.due, held.due) == stood
    fates = {line.key: line.fate for line in seen.lines if line.unit.id == cast.commune.id}
    assert (fates["loudspeaker"], fates["plan_commune"]) == (Fate.KEPT_DONE, Fate.KEPT_BY_HAND)


def test_a_late_provincial_plan_gives_the_communes_seven_working_days(session, root, vietnam, cast):
    plan(session, root, date(2021, 3, 5), cast.hoa)

    seen = move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert item_of(session, root, cast.district, "plan_district").due == vietnam.add_workdays(
        date(2021, 3, 5), 7
    )
    reasons = {line.reason for line in seen.moved if line.key == "plan_district"}
    assert reasons == {DayReason(Cause.LATE_PLAN, day=date(2021, 3, 5), workdays=7)}
    assert root.changes == 0


def test_an_item_may_count_from_the_day_the_plan_above_was_issued(session, vietnam, cast):
    template = editing.get_template(session, "happiness_day")
    of_plan = {"anchor": Anchor.PLAN, "offset_days": 12}
    entries = [editing.item_entry(item) for item in template.current.items]
    entries = [
        entry.model_copy(update=of_plan) if entry.key == "plan_commune" else entry
        for entry in entries
    ]
    editing.edit_template(session, template, entries, by=cast.hoa, now=MARCH_2021)
    root = open_template(session, vietnam, "happiness_day", 2021)
    plan, below = (
        item_of(session, root, cast.province, "plan_province"),
        item_of(session, root, cast.commune, "plan_commune"),
    )
    assert (plan.due, below.due) == (date(2021, 2, 19), date(2021, 3, 3))
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty

    move(
        session, root, NewAnchor(plan="plan_province", issued=date(2021, 2, 25)), vietnam, cast.hoa
    )

    session.refresh(below)
    assert (below.nominal_due, below.due, below.due_reason) == (
        date(2021, 3, 9),
        date(2021, 3, 9),
        None,
    )


def test_a_plan_issued_in_time_moves_nothing(session, root, vietnam, cast):
    plan(session, root, date(2021, 2, 1), cast.hoa)

    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty


def test_a_plan_that_was_replaced_no_longer_counts(session, root, vietnam, cast):
    plan(session, root, date(2021, 3, 12), cast.hoa)
    old = session.scalars(select(Document)).one()
    plan(session, root, date(2021, 2, 1), cast.hoa, supersedes_id=old.id)

    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty


def test_a_draft_neither_counts_as_issued_nor_takes_back_the_plan_that_it_is_to_replace(
    session, root, vietnam, cast
):
    plan(session, root, None, cast.hoa, dated=date(2021, 3, 12))
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty

    plan(session, root, date(2021, 2, 26), cast.hoa)
    move(session, root, NewAnchor(), vietnam, cast.hoa)
    issued = session.scalars(select(Document).where(Document.issued.is_not(None))).one()
    plan(session, root, None, cast.hoa, supersedes_id=issued.id)

    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty
    assert item_of(session, root, cast.district, "plan_district").due == date(2021, 3, 9)


def test_a_plan_of_the_campaign_as_a_whole_counts_for_the_plan_that_others_wait_for(
    session, root, vietnam, cast
):
    plan(session, root, date(2021, 2, 26), cast.hoa, item_id=None)

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert item_of(session, root, cast.district, "plan_district").due == date(2021, 3, 9)


def test_after_a_late_plan_nothing_below_is_due_too_early_but_what_is_on_the_day_itself(
    session, root, vietnam, cast
):
    plan(session, root, date(2021, 3, 15), cast.hoa)
    earliest = vietnam.add_workdays(date(2021, 3, 15), 7)

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    below = (
        select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.parent_id.is_not(None))
    )
    too_early = {item.key for item in session.scalars(below) if item.due < earliest}
    assert too_early == {"honour"}
    assert item_of(session, root, cast.commune, "honour").due == date(2021, 3, 20)
    assert item_of(session, root, cast.commune, "banners").due == earliest


def test_one_plan_item_for_all_levels_waits_for_itself_above(session, vietnam, cast):
    """Province T-45, commune T-30: the commune's copy leaves time after the province's was issued."""
    template = editing.get_template(session, "happiness_day")
    of_all = {
        "levels": ["province", "commune"],
        "cascade": Cascade.EACH,
        "level_offsets": {"province": -45, "commune": -30},
    }
    entries = [
        editing.item_entry(item)
        for item in template.current.items
        if item.key in ("plan_commune", "report_commune")
    ]
    entries[0] = entries[0].model_copy(update=of_all | {"depends_on": []})
    editing.edit_template(session, template, entries, by=cast.hoa, now=MARCH_2021)
    root = open_template(session, vietnam, "happiness_day", 2021)
    assert [item.key for item in beside_a_round.plans_of(session, root)] == ["plan_commune"]

    move(session, root, NewAnchor(plan="plan_commune", issued=date(2021, 3, 1)), vietnam, cast.hoa)

    assert item_of(session, root, cast.commune, "plan_commune").due == vietnam.add_workdays(
        date(2021, 3, 1), 7
    )


def test_the_day_the_upper_plan_was_done_counts_where_no_document_was_entered(
    session, root, vietnam, cast
):
    tick_off(
        item_of(session, root, cast.province, "plan_province"),
        cast.hoa,
        MARCH_2021,
        date(2021, 3, 1),
    )
    session.flush()

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert item_of(session, root, cast.district, "plan_district").due == date(2021, 3, 10)


def test_the_issue_date_may_be_given_with_the_change_and_is_entered_as_a_document(
    session, root, vietnam, cast
):
    change = NewAnchor(plan="plan_province", issued=date(2021, 3, 1))

    move(session, root, change, vietnam, cast.hoa)

    paper = session.scalars(select(Document)).one()
    assert (paper.dated, paper.issued) == (date(2021, 3, 1), date(2021, 3, 1))
    assert item_of(session, root, cast.district, "plan_district").due == date(2021, 3, 10)
    with pytest.raises(ConflictError):
        move(
            session,
            root,
            NewAnchor(plan="plan_province", issued=date(2021, 2, 28)),
            vietnam,
            cast.hoa,
        )


def test_what_waits_for_a_late_item_follows_it(session, root, vietnam, cast):
    plan(session, root, date(2021, 3, 10), cast.hoa)

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert_order(session, root)
    assert item_of(session, root, cast.district, "plan_district").due == date(2021, 3, 19)


def assert_order(session, root):
    campaigns = session.scalars(select(Campaign).where(same_round(root)))
    for campaign in campaigns:
        due = {item.key: item.due for item in campaign.items if item.is_open and not item.edited}
        late = [
            (item.key, key)
            for item in campaign.items
            if item.key in due
            for key in item.depends_on
            if due.get(key, item.due) > item.due
        ]
        assert late == [], campaign.unit.full_name


def test_moving_the_day_of_a_peoples_template_leaves_nothing_due_before_what_it_waits_for(
    session, vietnam, cast
):
    template = editing.get_template(session, "happiness_day")
    reordered(session, cast, template, [-5, -15], [Shift.PREVIOUS])
    root = open_template(session, vietnam, "happiness_day", 2021)

    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)

    assert_order(session, root)
    assert item_of(session, root, cast.commune, "report_commune").due_reason == WAITS


def test_a_preview_tells_what_would_be_overdue_at_once_and_what_for_more_days(
    session, root, vietnam, cast
):
    today = date(2021, 3, 3)

    seen = anchors.preview(
        session, root, NewAnchor(event_date=date(2021, 3, 6)), vietnam, now=MARCH_2021
    )

    found = {
        group.key: (group.old_due, group.new_due, group.lateness)
        for group in grouped(seen.lines, today)
    }
    assert found["plan_province"] == (date(2021, 2, 19), date(2021, 2, 5), Lateness.MORE_DAYS)
    assert found["plan_commune"] == (date(2021, 3, 5), date(2021, 2, 19), Lateness.AT_ONCE)
    assert found["report_province"][2] is None


def test_a_moved_day_and_a_new_version_come_to_the_same_dates_in_either_order_also_where_work_is_overdue(
    session, root, vietnam, cast
):
    template, late = root.template, MARCH_2021 + timedelta(days=10)
    entries = [editing.item_entry(item) for item in template.current.items]
    earlier = [
        entry.model_copy(update={"offset_days": entry.offset_days - 5, "end_offset_days": None})
        for entry in entries
    ]
    version = editing.edit_template(session, template, earlier, by=cast.hoa, now=late)

    def move_day():
        move(session, root, NewAnchor(event_date=date(2021, 3, 16)), vietnam, cast.hoa, late)

    def take_version():
        mark = new_version.compare(session, root, version, calendar=vietnam, now=late).fingerprint
        who = {"by": cast.hoa, "now": late, "calendar": vietnam}
        new_version.apply_version(session, root, version, expected_fingerprint=mark, **who)

    found = []
    for steps in ((move_day, take_version), (take_version, move_day)):
        with undone(session):
            for step in steps:
                step()
            session.expire_all()
            items = session.scalars(
                select(ChecklistItem).where(
                    ChecklistItem.campaign.has(Campaign.round.has(template_id=template.id))
                )
            )
            found.append({item.id: item.due for item in items})

    assert found[0] == found[1]
    assert min(found[0].values()) < late.date()


def test_what_stays_or_moves_to_a_later_day_is_not_said_to_become_overdue(
    session, root, vietnam, cast
):
    held = item_of(session, root, cast.commune, "plan_commune")
    held.edited = ["due"]
    session.flush()

    earlier, later = (
        anchors.preview(session, root, NewAnchor(event_date=day), vietnam, now=MARCH_2021)
        for day in (date(2021, 3, 6), date(2021, 3, 22))
    )

    kept = [
        group
        for group in grouped(earlier.lines, date(2021, 3, 30))
        if group.fate is Fate.KEPT_BY_HAND
    ]
    assert [group.lateness for group in kept] == [None]
    assert {group.lateness for group in grouped(later.lines, date(2021, 12, 31))} == {None}


def test_a_change_in_between_is_refused(session, root, vietnam, cast):
    change = NewAnchor(event_date=date(2021, 3, 27))
    seen = anchors.preview(session, root, change, vietnam, now=MARCH_2021)
    item_of(session, root, cast.commune, "plan_commune").touch(MARCH_2021)
    session.flush()

    with pytest.raises(ConflictError):
        anchors.apply(
            session,
            root,
            change,
            expected_fingerprint=seen.fingerprint,
            by=cast.hoa,
            now=MARCH_2021,
            calendar=vietnam,
        )
    assert item_of(session, root, cast.commune, "plan_commune").due == date(2021, 3, 5)


def test_only_the_province_moves_its_campaign(session, root, vietnam, cast):
    with pytest.raises(NotAllowedError):
        move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.thi)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (NewAnchor(event_date=date(1899, 12, 31)), YearOutOfRangeError),
        (NewAnchor(first=date(2101, 1, 1)), YearOutOfRangeError),
        (NewAnchor(first=date(2021, 3, 20), last=date(2021, 3, 19)), InvalidInputError),
        (NewAnchor(plan="plan_province", issued=date(2021, 3, 2)), InvalidInputError),
        (NewAnchor(plan="no_such_item", issued=date(2021, 3, 1)), InvalidInputError),
        # opened on 4 January 2021
        (NewAnchor(plan="plan_province", issued=date(2020, 1, 3)), InvalidInputError),
    ],
)
def test_days_that_cannot_be_are_refused(session, root, vietnam, change, error):
    with pytest.raises(error):
        anchors.preview(session, root, change, vietnam, now=MARCH_2021)


def test_nothing_moves_into_a_closed_year_nor_far_from_the_campaign(session, root, vietnam):
    for change, error in (
        (NewAnchor(event_date=date(2020, 3, 20)), ConflictError),
        (NewAnchor(first=date(2020, 12, 31)), ConflictError),
        (NewAnchor(last=date(2020, 12, 31)), ConflictError),
        (NewAnchor(event_date=date(2023, 3, 20)), InvalidInputError),
    ):
        with pytest.raises(error):
            anchors.preview(session, root, change, vietnam, now=MARCH_2021)


def test_the_launch_of_a_month_leaves_the_days_inside_it_where_they_are(session, vietnam, cast):
    root = open_template(session, vietnam, "gender_action_month", 2021)
    keys = ("launch_province", "plan_commune", "peak_2511", "report_province")
    before = {
        key: item_of(session, root, cast.commune if "commune" in key else cast.province, key).due
        for key in keys
    }

    move(session, root, NewAnchor(event_date=date(2021, 11, 13)), vietnam, cast.hoa)

    after = {
        key: item_of(session, root, cast.commune if "commune" in key else cast.province, key).due
        for key in keys
    }
    assert {key for key in keys if before[key] != after[key]} == {"launch_province", "plan_commune"}
    assert (after["launch_province"], after["peak_2511"]) == (
        date(2021, 11, 13),
        date(2021, 11, 25),
    )

    move(session, root, NewAnchor(event_date=date(2021, 11, 15)), vietnam, cast.hoa)
    assert (root.event_date, item_of(session, root, cast.province, "launch_province").due) == (
        None,
        date(2021, 11, 15),
    )


def test_a_chosen_event_day_stays_when_the_campaigns_days_come_to_lie_on_it_and_move_on(
    session, root, vietnam, cast
):
    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)
    due = item_of(session, root, cast.commune, "plan_commune").due

    move(session, root, NewAnchor(first=date(2021, 3, 27)), vietnam, cast.hoa)
    move(session, root, NewAnchor(first=date(2021, 3, 20)), vietnam, cast.hoa)

    assert root.event_date == date(2021, 3, 27)
    assert item_of(session, root, cast.commune, "plan_commune").due == due


NOVEMBER = datetime(2021, 11, 1, 2, tzinfo=UTC)


@pytest.fixture
def report(session, vietnam):
    """The report on 2021, whose period runs from 15 December 2020 to 14 December 2021."""
    return open_template(session, vietnam, "report_year", 2021, NOVEMBER)


@pytest.mark.parametrize("cutoff", [date(2021, 12, 10), date(2021, 12, 31), date(2022, 1, 10)])
def test_the_cut_off_of_a_report_moves_and_its_period_begins_when_it_did(
    session, report, vietnam, cast, cutoff
):
    draft, first = item_of(session, report, cast.province, "draft").due, report.dtstart

    move(session, report, NewAnchor(last=cutoff), vietnam, cast.hoa, NOVEMBER)

    assert (report.dtstart, report.dtend) == (first, cutoff + timedelta(days=1))
    assert item_of(session, report, cast.province, "draft").due - draft >= cutoff - date(
        2021, 12, 14
    ) - timedelta(days=3)
    assert anchors.preview(session, report, NewAnchor(), vietnam, now=NOVEMBER).is_empty


@pytest.mark.parametrize(
    "change",
    [
        NewAnchor(event_date=date(2021, 12, 20)),
        NewAnchor(first=date(2021, 12, 20)),
        NewAnchor(last=date(2023, 1, 1)),
    ],
)
def test_a_report_counts_from_nothing_but_a_cut_off_in_its_year_or_the_next(
    session, report, vietnam, change
):
    with pytest.raises(InvalidInputError, match="cut-off day"):
        anchors.preview(session, report, change, vietnam, now=NOVEMBER)


def test_a_cut_off_does_not_move_into_a_closed_year(session, report, vietnam):
    with pytest.raises(ConflictError, match="2021 is closed"):
        anchors.preview(
            session,
            report,
            NewAnchor(last=date(2021, 12, 20)),
            vietnam,
            now=datetime(2022, 1, 4, tzinfo=UTC),
        )


def test_a_late_plan_gives_time_to_the_campaign_too_whose_plan_it_stands_for(
    session, vietnam, cast
):
    october = datetime(2021, 10, 2, 2, tzinfo=UTC)
    month, day = (
        open_template(session, vietnam, key, 2021, october)
        for key in ("gender_action_month", "evaw_day")
    )
    plan, link = (
        item_of(session, month, cast.province, "plan_province"),
        item_of(session, day, cast.province, "plan_link"),
    )
    credit_item(session, plan.id, day, covers_id=link.id, by=cast.hoa, now=october)
    late = datetime(2021, 11, 10, 2, tzinfo=UTC)
    assert item_of(session, day, cast.commune, "plan_commune").due == date(2021, 11, 5)

    move(
        session,
        month,
        NewAnchor(plan="plan_province", issued=date(2021, 11, 9)),
        vietnam,
        cast.hoa,
        late,
    )
    move(session, day, NewAnchor(), vietnam, cast.hoa, late)

    assert item_of(session, day, cast.commune, "plan_commune").due == date(2021, 11, 18)
    cancel_round(session, month, "nhầm", by=cast.hoa, now=late)
    back = anchors.preview(session, day, NewAnchor(), vietnam, now=late)
    assert {line.new_due for line in back.moved if line.key == "plan_commune"} == {
        date(2021, 11, 5)
    }


def test_two_campaigns_may_stand_in_for_each_other_in_different_units(session, vietnam, cast):
    october = datetime(2021, 10, 2, 2, tzinfo=UTC)
    month, day = (
        open_template(session, vietnam, key, 2021, october)
        for key in ("gender_action_month", "evaw_day")
    )
    there = (
        item_of(session, month, cast.commune, "plan_commune"),
        item_of(session, day, cast.commune, "plan_commune"),
    )
    credit_item(
        session, there[1].id, there[0].campaign, covers_id=there[0].id, by=cast.thi, now=october
    )
    plan, link = (
        item_of(session, month, cast.province, "plan_province"),
        item_of(session, day, cast.province, "plan_link"),
    )
    credit_item(session, plan.id, day, covers_id=link.id, by=cast.hoa, now=october)

    assert anchors.preview(session, month, NewAnchor(), vietnam, now=october).is_empty
    assert anchors.preview(session, day, NewAnchor(), vietnam, now=october).is_empty


def test_a_campaign_that_would_not_lie_inside_the_other_any_more_is_named(session, vietnam, cast):
    month, day = (
        open_template(session, vietnam, key, 2021, NOVEMBER)
        for key in ("gender_action_month", "evaw_day")
    )

    def apart(root, **days):
        seen = anchors.preview(session, root, NewAnchor(**days), vietnam, now=NOVEMBER)
        return beside_a_round.no_longer_inside(session, root, seen.dates)

    assert apart(month, first=date(2021, 12, 1), last=date(2021, 12, 31)) == [(day, month)]
    assert apart(month, first=date(2021, 11, 25), last=date(2021, 11, 25)) == []
    assert apart(day, first=date(2021, 12, 20)) == [(day, month)]
    assert apart(day, event_date=date(2021, 12, 20)) == []


def test_how_a_day_was_counted_is_named_where_only_that_changes(session, root, vietnam):
    item = next(item for item in root.items if item.key == "plan_province")
    item.nominal_due = date(2021, 2, 18)
    session.flush()

    [line] = anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).lines

    assert line.fate is Fate.REWORDED
    assert line.differences == (Difference("nominal_due", date(2021, 2, 18), date(2021, 2, 20)),)


def test_parts_of_a_divided_item_follow_it_when_the_day_moves(session, root, vietnam, cast):
    village = add_village(
        session, cast.commune, "thon", "1", by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    whole = item_of(session, root, cast.commune, "loudspeaker")
    [part] = split_item(
        session, whole.id, [village.id], by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    stood = whole.due

    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)

    assert whole.due > stood
    assert (part.dtstart, part.due, part.anchor_version) == (whole.dtstart, whole.due, 1)


def test_what_a_unit_added_itself_is_shown_as_staying(session, root, vietnam, cast):
    own = OwnItem("Treo cờ dọc đường", date(2021, 3, 18), "event")
    campaign = item_of(session, root, cast.commune, "plan_commune").campaign
    add_own_item(session, campaign, own, by=cast.thi, now=MARCH_2021)

    seen = move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)

    assert [line.summary for line in seen.of(Fate.KEPT_OWN)] == ["Treo cờ dọc đường"]


def test_nothing_begins_after_a_due_date_that_stands_by_hand(session, root, vietnam, cast):
    held = item_of(session, root, cast.commune, "loudspeaker")
    held.edited, held.due = ["due"], date(2021, 3, 19)
    session.flush()

    move(session, root, NewAnchor(event_date=date(2021, 4, 20)), vietnam, cast.hoa)

    assert (held.dtstart, held.due) == (date(2021, 3, 19), date(2021, 3, 19))
    assert not anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).moved


def test_activities_to_come_are_named_because_they_keep_their_time(session, root, cast):
    start = MARCH_2021 + timedelta(days=19)
    for day, name in ((start, "Lễ phát động"), (MARCH_2021 - timedelta(days=9), "Họp báo")):
        add_activity(
            session, root, Plan(name, day, day + timedelta(hours=2)), by=cast.hoa, now=MARCH_2021
        )
    weekly = Plan("Phát thanh", day, day + timedelta(hours=1), weekly_until=date(2021, 3, 16))
    add_activity(session, root, weekly, by=cast.hoa, now=MARCH_2021)

    assert [
        one.summary for one in beside_a_round.activities_to_come(session, root, now=MARCH_2021)
    ] == [
        "Phát thanh",
        "Lễ phát động",
    ]


def test_a_closed_year_does_not_move_any_more(session, root, vietnam):
    with pytest.raises(ConflictError):
        anchors.preview(
            session,
            root,
            NewAnchor(event_date=date(2021, 3, 27)),
            vietnam,
            now=datetime(2022, 1, 1, tzinfo=UTC),
        )


def test_only_the_campaign_at_the_top_moves(session, root, vietnam, cast):
    below = item_of(session, root, cast.commune, "plan_commune").campaign

    with pytest.raises(ConflictError):
        anchors.preview(
            session, below, NewAnchor(event_date=date(2021, 3, 27)), vietnam, now=MARCH_2021
        )


def test_the_preview_says_who_was_told_of_the_old_date(session, root, vietnam, cast):
    told = item_of(session, root, cast.commune, "plan_commune").id

    seen = anchors.preview(
        session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, now=MARCH_2021, told=[told]
    )

    assert seen.told == 1


@pytest.mark.parametrize(
    ("key", "year", "day"),
    [
        ("evaw_day", 2030, date(2030, 11, 24)),  # the launch on the Sunday before 25/11
        ("happiness_day", 2030, date(2030, 2, 4)),  # the second day of Tết
        ("happiness_day", 2028, date(2028, 2, 29)),
        ("evaw_day", 2026, date(2026, 12, 31)),
    ],
)
def test_hard_days_keep_the_order_inside_every_unit(session, vietnam, cast, key, year, day):
    now = datetime(year, 1, 5, tzinfo=UTC)
    root = open_template(session, vietnam, key, year, now)
    person = cast.hoa
    if root.unit_id != cast.province.id:
        from events.people.posts import give_post

        give_post(session, person, root.unit, "so_vhttdl", since=date(2025, 7, 1))

    move(session, root, NewAnchor(event_date=day), vietnam, person, now)

    assert root.event_date == day
    assert_order(session, root)
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=now).is_empty


def test_a_unit_that_comes_later_gets_the_moved_dates(session, root, vietnam, cast):
    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa)
    unit = enter_commune(session, cast)

    open_template(session, vietnam, "happiness_day", 2021)

    assert (
        item_of(session, root, unit, "plan_commune").due
        == item_of(session, root, cast.commune, "plan_commune").due
    )
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty


def test_a_unit_that_comes_after_a_late_plan_is_given_the_same_time_as_the_others(
    session, root, vietnam, cast
):
    move(
        session, root, NewAnchor(plan="plan_province", issued=date(2021, 2, 26)), vietnam, cast.hoa
    )
    unit = enter_commune(session, cast)

    open_template(session, vietnam, "happiness_day", 2021)

    new, beside = (
        item_of(session, root, unit, "plan_commune"),
        item_of(session, root, cast.commune, "plan_commune"),
    )
    assert (new.due, new.due_reason, new.first_due) == (
        beside.due,
        beside.due_reason,
        date(2021, 3, 9),
    )
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=MARCH_2021).is_empty


def enter_commune(session, cast):
    unit = Unit(
        key="x-1",
        level_key="commune",
        type="xa",
        name="X",
        full_name="Xã X",
        slug="xa-x",
        search="xa x",
    )
    unit.parent_id = cast.district.id
    session.add(unit)
    session.flush()
    return unit


def test_the_number_of_statements_does_not_depend_on_the_number_of_units(
    session, root, vietnam, cast
):
    def statements(day):
        seen = []

        def listen(*args):
            seen.append(args[2])

        event.listen(session.get_bind(), "before_cursor_execute", listen)
        move(session, root, NewAnchor(event_date=day), vietnam, cast.hoa)
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        return len(seen)

    few = statements(date(2021, 3, 27))
    for number in range(200):
        unit = Unit(
            key=f"c{number}",
            level_key="commune",
            type="xa",
            name="Xã",
            full_name="Xã",
            slug=f"c{number}",
            search="xa",
        )
        unit.parent_id = cast.district.id
        session.add(unit)
    session.flush()
    open_template(session, vietnam, "happiness_day", 2021)

    assert statements(date(2021, 4, 3)) <= few + 2  # a row that nobody held on to is read again


def items(session, root):
    query = select(ChecklistItem.campaign_id, ChecklistItem.key).join(ChecklistItem.campaign)
    return Counter(map(tuple, session.execute(query.where(same_round(root)))))


def test_moving_a_round_writes_its_one_row_and_is_a_change_of_every_campaign(
    session, root, vietnam, cast
):
    written: list[str] = []

    def listen(_c, _cursor, statement, *_rest):
        if statement.startswith(("UPDATE campaign", "UPDATE round")):
            written.append(statement.split()[1])

    campaigns = session.scalars(select(Campaign).where(same_round(root))).all()
    before = {campaign.id: campaign.changes for campaign in campaigns}
    event.listen(session.get_bind(), "before_cursor_execute", listen)

    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa, MARCH_2021)

    event.remove(session.get_bind(), "before_cursor_execute", listen)
    assert written == ["round"]
    assert {one.id: one.changes - 1 for one in campaigns} == before
    assert {one.changed for one in campaigns} == {MARCH_2021}


def test_moving_the_campaigns_own_days_keeps_their_length(session, vietnam, cast):
    now = datetime(2021, 9, 1, tzinfo=UTC)
    root = open_template(session, vietnam, "gender_action_month", 2021, now)
    length = root.dtend - root.dtstart

    move(session, root, NewAnchor(first=root.dtstart + timedelta(days=5)), vietnam, cast.hoa, now)

    assert root.dtend - root.dtstart == length
    assert root.dtstart == date(2021, 11, 20)
    assert (
        session.scalar(
            select(func.count(Campaign.id)).where(Campaign.round.has(Round.dtstart == root.dtstart))
        )
        == 113
    )
