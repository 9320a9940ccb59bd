from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.days.reasons import Cause, DayReason
from events.models import (
    Campaign,
    ChecklistItem,
    Observance,
    ObservanceOccurrence,
    Round,
    Template,
    Theme,
    Unit,
)
from events.observances.occurrences import extend_horizon
from events.templates.editing import edit_template, get_template, item_entry
from tests.chance import drawn

OCTOBER_2021 = datetime(2021, 10, 1, 1, tzinfo=UTC)
OCTOBER_2026 = datetime(2026, 10, 1, 1, tzinfo=UTC)
# the plan's
THE_FOUR = ["intl_happiness_day", "vn_family_day", "intl_day_evaw", "gender_action_month"]
JUNE = "dv_action_month"  # runs together with the Family Day


def open_year(session, vietnam, now, year=None):
    return open_campaigns(session, now=now, calendar=vietnam, year=year)


def item(session, observance, year, unit, key):
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Campaign.round)
        .join(Round.observance)
        .join(Campaign.unit)
    )
    return session.scalars(
        query.where(
            Observance.key == observance,
            Campaign.round.has(Round.year == year),
            Unit.key == unit,
            ChecklistItem.key == key,
        )
    ).one_or_none()


def test_2021_opens_all_four_observances_of_the_plan_and_the_june_month_at_every_level(
    session, vietnam
):
    opened = open_year(session, vietnam, OCTOBER_2021, 2021)

    assert sorted(result.observance for result in opened) == sorted([*THE_FOUR, JUNE])
    assert {result.campaigns for result in opened} == {1 + 10 + 102}


@pytest.mark.parametrize("order", [("vn_family_day", JUNE), (JUNE, "vn_family_day")])
def test_28_june_lives_inside_the_june_month_whichever_opens_first(session, vietnam, order):
    for key in order:
        template = session.scalars(select(Template).where(Template.key == key)).one()
        [found] = rounds_of(template, 2021)
        open_round(session, found, now=OCTOBER_2021, calendar=vietnam)

    days = session.scalars(
        select(Campaign)
        .join(Campaign.round)
        .join(Round.observance)
        .where(Observance.key == "vn_family_day")
    ).all()
    assert len(days) == 1 + 10 + 102
    assert {(day.outer.observance.key, day.outer.unit_id == day.unit_id) for day in days} == {
        (JUNE, True)
    }


def test_the_june_month_asks_for_no_plan_beside_the_one_it_shares_with_the_family_day(
    session, vietnam
):
    open_year(session, vietnam, datetime(2021, 3, 30, 1, tzinfo=UTC), 2021)

    for unit in ("62", "23341"):
        assert item(
            session,
            "vn_family_day",
            2021,
            unit,
            "plan_province" if unit == "62" else "plan_commune",
        )
        assert (
            item(session, JUNE, 2021, unit, "plan_province" if unit == "62" else "plan_commune")
            is None
        )
    assert item(session, JUNE, 2021, "23341", "report_commune") is None


def test_2026_opens_in_the_new_province_without_a_district_level(session, vietnam):
    opened = open_year(session, vietnam, OCTOBER_2026, 2026)

    levels = Counter(
        session.scalars(select(Unit.level_key).join(Campaign, Campaign.unit_id == Unit.id))
    )
    assert {result.campaigns for result in opened} == {1 + 96}
    assert levels == {"province": 5, "commune": 5 * 96}


@pytest.mark.parametrize(
    ("year", "due"),
    [
        (2021, date(2021, 2, 19)),
        (2022, date(2022, 2, 18)),
        (2024, date(2024, 2, 21)),
        (2026, date(2026, 2, 13)),
        (2027, date(2027, 2, 19)),
    ],
)
def test_the_provincial_plan_for_20_march_is_due_on_the_golden_date(session, vietnam, year, due):
    open_year(session, vietnam, datetime(year, 3, 1, tzinfo=UTC), year)

    root = "62" if year < 2026 else "51-2025"
    assert item(session, "intl_happiness_day", year, root, "plan_province").due == due


def test_both_dates_and_the_reason_are_kept_when_tet_moves_a_deadline(session, vietnam):
    open_year(session, vietnam, datetime(2026, 1, 10, tzinfo=UTC), 2026)

    plan = item(session, "intl_happiness_day", 2026, "51-2025", "plan_province")
    assert (plan.nominal_due, plan.due, plan.due_reason) == (
        date(2026, 2, 20),
        date(2026, 2, 13),
        DayReason(Cause.TET),
    )


def test_only_items_that_moved_have_a_reason(session, vietnam):
    open_year(session, vietnam, OCTOBER_2021)

    has_reason = select(ChecklistItem.id).where(ChecklistItem.due_reason.is_not(None))
    items = session.scalars(select(ChecklistItem)).all()
    moved = {item.id for item in items if item.due != item.nominal_due}
    assert set(session.scalars(has_reason)) == moved
    assert 0 < len(moved) < len(items)


def test_a_campaign_opens_on_the_day_its_template_says_and_not_before(session, vietnam):
    the_day = datetime(2022, 1, 4, tzinfo=UTC)  # 75 days before 20 March

    before = [r for r in open_year(session, vietnam, the_day - timedelta(days=1)) if r.year == 2022]
    on_the_day = [r.observance for r in open_year(session, vietnam, the_day) if r.year == 2022]

    assert (before, on_the_day) == ([], ["intl_happiness_day"])


def test_opening_again_opens_nothing(session, vietnam):
    open_year(session, vietnam, OCTOBER_2021)
    campaigns, items = (
        session.scalar(select(func.count()).select_from(t)) for t in (Campaign, ChecklistItem)
    )

    assert open_year(session, vietnam, OCTOBER_2021) == []
    assert session.scalar(select(func.count()).select_from(Campaign)) == campaigns
    assert session.scalar(select(func.count()).select_from(ChecklistItem)) == items


def test_a_unit_that_is_entered_later_gets_its_own_campaign(session, vietnam, cast):
    open_year(session, vietnam, OCTOBER_2021, 2021)
    village = Unit(
        key="thon-1",
        level_key="village",
        type="thon",
        name="Thôn 1",
        full_name="Thôn 1",
        slug="thon-1",
        search="thon 1",
    )
    village.parent_id = cast.commune.id
    session.add(village)
    session.flush()

    opened = open_year(session, vietnam, OCTOBER_2021, 2021)

    assert {result.campaigns for result in opened} == {1}
    talk = item(session, "intl_day_evaw", 2021, "thon-1", "village_talk")
    assert talk.role_key == "truong_thon"
    assert talk.campaign.parent.unit is cast.commune


def test_child_campaigns_hang_below_the_campaign_of_their_parent_unit(session, vietnam, cast):
    open_year(session, vietnam, OCTOBER_2021, 2021)

    commune = session.scalars(
        select(Campaign).where(
            Campaign.unit_id == cast.commune.id, Campaign.round.has(Round.year == 2021)
        )
    ).first()
    assert commune.parent.unit is cast.district
    assert commune.parent.parent.unit is cast.province
    assert commune.parent.parent.parent is None


def test_an_item_for_one_owner_is_not_copied_to_the_communes(session, vietnam, cast):
    open_year(session, vietnam, OCTOBER_2021, 2021)

    assert item(session, "intl_happiness_day", 2021, "62", "message_kit_ethnic") is not None
    assert item(session, "intl_happiness_day", 2021, cast.commune.key, "message_kit_ethnic") is None


@pytest.mark.parametrize(
    ("key", "observance", "province", "commune"),
    [
        ("plan_district", "intl_day_evaw", False, False),  # drop
        ("men_forum", "intl_day_evaw", False, True),  # the district's copy goes to the communes
        ("main_event", "intl_day_evaw", True, False),  # the district's copy goes to the province
        ("inspection", "gender_action_month", True, False),
    ],
)
def test_a_district_item_goes_where_the_template_says_when_there_is_no_district(
    session, vietnam, key, observance, province, commune
):
    open_year(session, vietnam, OCTOBER_2026, 2026)

    assert (item(session, observance, 2026, "51-2025", key) is not None) == province
    assert (item(session, observance, 2026, "23284-2025", key) is not None) == commune


@pytest.mark.parametrize(
    ("year", "unit", "role"), [(2021, "23341", "cc_vhxh"), (2026, "23341-2025", "phong_vhxh_xa")]
)
def test_roles_are_those_of_their_time(session, vietnam, year, unit, role):
    open_year(session, vietnam, datetime(year, 10, 1, tzinfo=UTC), year)

    assert item(session, "intl_day_evaw", year, unit, "loudspeaker").role_key == role


@pytest.mark.parametrize(
    ("year", "root", "owner"), [(2021, "62", "so_ldtbxh"), (2026, "51-2025", "so_noi_vu")]
)
def test_the_owner_of_the_action_month_changed_hands_in_2025(session, vietnam, year, root, owner):
    open_year(session, vietnam, datetime(year, 10, 1, tzinfo=UTC), year)

    query = (
        select(Campaign.owner_role_key)
        .join(Campaign.round)
        .join(Round.observance)
        .join(Campaign.unit)
    )
    assert (
        session.scalar(
            query.where(
                Observance.key == "gender_action_month",
                Unit.key == root,
                Campaign.round.has(Round.year == year),
            )
        )
        == owner
    )


def test_a_role_of_another_level_gives_way_to_the_default_of_the_copys_level(session, vietnam):
    open_year(session, vietnam, OCTOBER_2021, 2021)

    # the item names the commune
    assert item(session, "intl_happiness_day", 2021, "610", "banners").role_key == "phong_vhtt"


def test_the_report_on_the_action_month_counts_from_its_last_day_across_the_year_end(
    session, vietnam
):
    open_year(session, vietnam, OCTOBER_2021, 2021)

    assert item(session, "gender_action_month", 2021, "62", "report_province").due == date(
        2021, 12, 30
    )


def test_work_over_a_period_starts_and_ends(session, vietnam, cast):
    open_year(session, vietnam, OCTOBER_2021, 2021)

    banners = item(session, "intl_day_evaw", 2021, cast.commune.key, "banners")
    assert (banners.dtstart, banners.due) == (date(2021, 11, 15), date(2021, 12, 10))


def test_work_over_a_period_may_end_at_another_time_in_the_communes(session, vietnam, cast):
    template = get_template(session, "evaw_day")
    entries = [item_entry(item) for item in template.current.items]
    entries = [
        entry.model_copy(update={"level_end_offsets": {"commune": 20}})
        if entry.key == "banners"
        else entry
        for entry in entries
    ]
    edit_template(session, template, entries, by=cast.hoa, now=OCTOBER_2021)

    open_year(session, vietnam, OCTOBER_2021, 2021)

    ends = [
        item(session, "intl_day_evaw", 2021, unit.key, "banners").due
        for unit in (cast.district, cast.commune)
    ]
    assert ends == [date(2021, 12, 10), date(2021, 12, 15)]


def test_the_campaign_prints_the_title_of_its_year(session, vietnam):
    open_year(session, vietnam, OCTOBER_2021, 2021)
    open_year(session, vietnam, datetime(2020, 10, 1, tzinfo=UTC), 2020)

    titles = {
        c.year: c.summary
        for c in session.scalars(select(Campaign).where(Campaign.parent_id.is_(None)))
        if "giới" in c.summary
    }
    assert "phòng ngừa, ứng phó với" in titles[2021]
    assert "phòng, chống" in titles[2020]


def test_the_number_of_statements_does_not_depend_on_the_number_of_units(session, vietnam, cast):
    def statements(year):
        seen = []

        def listen(*args):
            seen.append(args[2])

        event.listen(session.get_bind(), "before_cursor_execute", listen)
        open_year(session, vietnam, datetime(year, 12, 31, tzinfo=UTC), year)
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        return len(seen)

    of_113_units = statements(2021)
    for number in range(300):
        unit = Unit(
            key=f"t{number}",
            level_key="village",
            type="thon",
            name="Thôn",
            full_name="Thôn",
            slug=f"t{number}",
            search="thon",
        )
        unit.parent_id = cast.district.id
        session.add(unit)
    session.flush()

    assert statements(2022) <= of_113_units


@pytest.mark.slow
@drawn(12)
@given(days=st.lists(st.dates(date(2020, 12, 1), date(2022, 2, 28)), min_size=2, max_size=5))
def test_opening_in_any_order_of_days_doubles_nothing(session, vietnam, days):
    nested = session.begin_nested()
    for day in days:
        open_year(session, vietnam, datetime(day.year, day.month, day.day, 3, tzinfo=UTC))

    keys = Counter(
        session.execute(
            select(Round.observance_id, Round.year, Campaign.unit_id).join(Campaign.round)
        ).all()
    )
    items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
    assert set(keys.values()) | set(items.values()) == {1}
    nested.rollback()


@pytest.mark.slow
def test_shifted_deadlines_keep_the_order_of_depends_on(session, vietnam):
    for year in range(2021, 2032):
        open_year(session, vietnam, datetime(year, 12, 31, tzinfo=UTC), year)

    for campaign in session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))):
        due = {entry.key: entry.due for entry in campaign.items}
        for entry in campaign.items:
            assert all(due[key] <= entry.due for key in entry.depends_on if key in due), (
                campaign.summary,
                entry.key,
            )


def occurrences(session, key):
    return session.scalars(
        select(ObservanceOccurrence).where(ObservanceOccurrence.observance.has(key=key))
    ).all()


def test_at_least_13_months_of_observance_days_are_on_the_calendar(session):
    now = datetime(2026, 11, 23, tzinfo=UTC)

    extend_horizon(session, now=now)

    assert {2026, 2027} <= {row.year for row in occurrences(session, "vn_family_day")}
    assert {2026, 2027} <= {row.year for row in occurrences(session, "intl_day_evaw")}


def test_a_new_theme_reaches_the_calendar_with_a_higher_sequence_and_the_same_uid(session):
    now = datetime(2026, 11, 23, tzinfo=UTC)
    extend_horizon(session, now=now)
    day = next(row for row in occurrences(session, "vn_family_day") if row.year == 2027)
    uid = day.uid
    session.add(Theme(observance_id=day.observance_id, year=2027, theme_vi="Chủ đề mới"))
    session.flush()
    session.expire_all()

    extend_horizon(session, now=now + timedelta(days=1))
    extend_horizon(session, now=now + timedelta(days=2))

    assert (day.uid, day.sequence, day.last_modified) == (uid, 1, now + timedelta(days=1))
    assert "Chủ đề mới" in day.description
