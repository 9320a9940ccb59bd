import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from events.campaigns.opening import open_campaigns
from events.checklist.closing_words import closing_in, why_closed
from events.database.sessions import create_engine, create_session_factory
from events.days.reasons import Cause, DayReason
from events.errors import NotFoundError, YearOutOfRangeError
from events.models import Campaign, ChecklistItem, Observance, Person
from notifications.outbox.table import Message
from scheduler.commands.simulate import _show
from scheduler.memory import copy_of_catalog
from scheduler.simulation.acts.dates import LatePlan, MoveEvent
from scheduler.simulation.copies import copy_of
from scheduler.simulation.days import simulate
from scheduler.simulation.lines import ChangeLine, as_json
from scheduler.tables import metadata

pytestmark = pytest.mark.slow  # plays whole years

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def year_2021(catalog):
    return simulate(copy_of_catalog(catalog, NOW), 2021)


@pytest.fixture(scope="module")
def year_2026(catalog):
    return simulate(copy_of_catalog(catalog, NOW), 2026)


def test_2021_plays_the_four_observances_of_the_plan_and_the_june_month_for_every_level(year_2021):
    played = {(line.observance, line.level) for line in year_2021.campaigns}

    kept = [
        "intl_happiness_day",
        "vn_family_day",
        "dv_action_month",
        "intl_day_evaw",
        "gender_action_month",
    ]
    assert played == {
        (observance, level) for observance in kept for level in ("province", "district", "commune")
    }
    assert len(year_2021.campaigns) == 5 * (1 + 10 + 102)


def test_campaigns_open_on_the_day_their_template_says(year_2021):
    opens = {line.observance: line.opens for line in year_2021.campaigns}

    assert opens == {
        "intl_happiness_day": date(2021, 1, 4),
        "vn_family_day": date(2021, 3, 30),
        "dv_action_month": date(2021, 3, 30),  # 28/6 lives inside it
        "gender_action_month": date(2021, 8, 2),
        "intl_day_evaw": date(2021, 9, 26),
    }


@pytest.mark.parametrize(
    ("year", "item", "due"),
    [
        ("year_2021", "plan_province", date(2021, 2, 19)),
        ("year_2026", "plan_province", date(2026, 2, 13)),
        ("year_2026", "plan_commune", date(2026, 3, 6)),
    ],
)
def test_the_golden_dates_of_20_march_hold(request, year, item, due):
    lines = request.getfixturevalue(year).items

    assert {
        line.due
        for line in lines
        if line.campaign.startswith("intl_happiness_day") and line.template_key == item
    } == {due}


def test_a_moved_deadline_says_why(year_2026):
    [plan] = [
        line
        for line in year_2026.items
        if line.campaign == "intl_happiness_day/2026/51-2025"
        and line.template_key == "plan_province"
    ]

    assert (plan.nominal_due, plan.due, plan.reason) == (
        date(2026, 2, 20),
        date(2026, 2, 13),
        DayReason(Cause.TET),
    )


@pytest.mark.parametrize(
    ("language", "tet", "weekend"),
    [
        ("vi", "trong kỳ nghỉ Tết", "vào ngày nghỉ cuối tuần"),
        ("en", "within the Tết break", "on a weekend"),
    ],
)
def test_the_json_says_why_dates_moved_in_words(year_2026, language, tet, weekend):
    change = ChangeLine(
        datetime(2026, 3, 1, tzinfo=UTC),
        "clock",
        "62",
        "x/2026/62/plan",
        {"due_reason": {"cause": "tet"}},
        {"due_reason": None, "given": {"due_reason": {"cause": "weekend"}}},
    )

    played = as_json(replace(year_2026, changes=[change]), language)

    assert {tet, weekend} <= {line["reason"] for line in played["items"]}
    assert played["changes"][0]["before"] == {"due_reason": tet}
    assert played["changes"][0]["after"] == {"due_reason": None, "given": {"due_reason": weekend}}


def test_every_item_is_told_about_step_by_step_and_to_the_units_above(year_2021):
    kinds = Counter(line.kind for line in year_2021.notices)

    for step in ("before-7", "before-1", "overdue-1", "again-1", "again-4", "late-1"):
        assert {line.item for line in year_2021.notices if line.kind == step} <= {
            f"{line.campaign}/{line.template_key}" for line in year_2021.items
        }
        assert kinds[step] >= 0.9 * len(year_2021.items)
    assert {kind.partition("-")[0] for kind in kinds} == {
        *("before", "overdue", "again", "late", "opened", "week")
    }
    assert all(line.to for line in year_2021.notices)
    assert {(line.at.hour, line.at.minute) for line in year_2021.notices} == {(7, 30)}


def test_notices_of_a_person_in_post_name_that_person(catalog):
    copy = copy_of_catalog(catalog, NOW)
    with copy.begin() as session:
        from tests.conftest import Cast

        Cast(session)

    played = simulate(copy, 2021, unit="23341")

    own = [line for line in played.notices if line.kind.startswith(("before", "overdue"))]
    assert {line.email for line in own if line.role == "ubnd_xa"} == {"thi@example.org"}
    assert {line.email for line in own if line.role != "ubnd_xa"} == {None}


def test_a_unit_is_played_with_those_below_it(catalog):
    played = simulate(copy_of_catalog(catalog, NOW), 2021, unit="618")

    assert {line.unit for line in played.campaigns} == {"618", "23535", "23537", "23538"}
    assert {line.unit for line in played.items} <= {"618", "23535", "23537", "23538"}


def test_levels_without_a_unit_are_named(year_2021):
    assert year_2021.without_units == {"village": 7}


def test_the_json_has_its_documented_keys(year_2026):
    played = json.loads(json.dumps(as_json(year_2026, "vi")))

    assert set(played) == {
        "year",
        "until",
        "story",
        "campaigns",
        "items",
        "notices",
        "changes",
        "without_units",
    }
    assert {"observance", "year", "unit", "opens", "dtstart", "dtend", "summary"} <= set(
        played["campaigns"][0]
    )
    assert {"campaign", "template_key", "unit", "level", "nominal_due", "due", "reason"} <= set(
        played["items"][0]
    )
    assert {"at", "kind", "to", "item"} <= set(played["notices"][0])
    campaigns = {line["id"] for line in played["campaigns"]}
    assert {line["campaign"] for line in played["items"]} <= campaigns


def test_nothing_is_written_or_sent(tmp_path, catalog, vietnam):
    from events.catalog.importing import import_catalog

    engine = create_engine(f"sqlite:///{tmp_path / 'real.db'}")
    metadata.create_all(engine)
    factory = create_session_factory(engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=NOW)
        session.scalars(
            select(Observance).where(Observance.key == "vn_family_day")
        ).one().title_vi = "Tên sửa ở tỉnh"
        open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
    counted = [_counts(factory)]

    played = simulate(copy_of(engine), 2026)

    counted.append(_counts(factory))
    assert counted[0] == counted[1]
    # what was edited is played
    assert "Tên sửa ở tỉnh năm 2026" in {line.summary for line in played.campaigns}
    engine.dispose()


@pytest.mark.parametrize("year", [1899, 2101])
def test_a_year_beyond_the_tables_is_refused(catalog, year):
    with pytest.raises(YearOutOfRangeError):
        simulate(copy_of_catalog(catalog, NOW), year)


def test_an_unknown_unit_is_named(catalog):
    with pytest.raises(NotFoundError, match="nowhere"):
        simulate(copy_of_catalog(catalog, NOW), 2021, unit="nowhere")


@pytest.fixture(scope="module")
def year_2025(catalog):
    return simulate(copy_of_catalog(catalog, NOW), 2025)


def test_the_reform_of_2025_hands_open_items_to_the_40_successors_once(year_2025):
    began = {
        line.unit
        for line in year_2025.items
        if line.campaign.startswith("vn_family_day/2025") and line.unit.endswith("-2025")
    }
    keys = [(line.campaign, line.template_key) for line in year_2025.items]

    assert len(began) == 41  # 40 communes and the province
    assert len(keys) == len(set(keys))
    assert {line.at.date() for line in year_2025.changes} == {date(2025, 7, 1)}
    reasons = {why_closed(closing_in(line.after), "vi") for line in year_2025.changes}
    assert "chuyển cho phường Kon Tum" in reasons


def test_after_the_reform_the_day_of_25_november_lives_inside_the_action_month_of_the_same_unit(
    year_2025,
):
    inner = [line for line in year_2025.campaigns if line.observance == "intl_day_evaw"]

    assert len(inner) == 97
    assert {line.inside for line in inner} == {
        f"gender_action_month/2025/{line.unit}" for line in inner
    }


@pytest.fixture(scope="module")
def year_2027(catalog):
    """A year with an undecided Tết, a plan that comes late and a ceremony held on the Friday before
    the day.
    """
    late = LatePlan(on=date(2027, 3, 12), campaign="intl_happiness_day")
    moved = MoveEvent(
        on=date(2027, 6, 25), campaign="vn_family_day/2027", event=date(2027, 6, 25), early=True
    )
    return simulate(
        copy_of_catalog(catalog, NOW), 2026, until=2027, acts=[late, moved], unit="51-2025"
    )


def test_a_late_plan_gives_the_communes_seven_working_days_and_new_reminders(year_2027):
    plans = [
        line
        for line in year_2027.items
        if line.template_key == "plan_commune" and "happiness_day/2027" in line.campaign
    ]
    told = [
        line.at.date()
        for line in year_2027.notices
        if line.item == f"{plans[0].campaign}/plan_commune"
    ]

    assert {(line.nominal_due, line.due) for line in plans} == {
        (date(2027, 3, 7), date(2027, 3, 23))
    }
    assert date(2027, 3, 22) in told


def test_a_late_plan_is_told_by_its_title(year_2027):
    [told] = [
        line.told.text("en")
        for line in year_2027.story
        if "was issued only on" in line.told.text("en")
    ]

    assert "the plan “Ban hành kế hoạch tổ chức cấp tỉnh” was issued only on 12/03/2027" in told


def test_the_tables_print_titles_and_no_keys(year_2027, capsys):
    _show(year_2027, "table", None)

    shown = capsys.readouterr().out
    assert "Cấp tỉnh: 1, Cấp xã: 96" in shown
    assert "nhắc trước 7 ngày làm việc: " in shown
    assert not re.search(r"before-7|plan_commune|commune \d|“village”", shown)


def test_every_mail_of_the_year_is_shown_with_its_hour_and_what_it_says_and_why(year_2027, capsys):
    _show(year_2027, "mail", None)

    shown = capsys.readouterr().out
    assert "07:30" in shown
    assert "Ban hành kế hoạch tổ chức cấp tỉnh" in shown
    assert "nhắc trước 7 ngày làm việc" in shown
    assert "kế hoạch tuần" in shown


def test_an_event_held_on_another_day_moves_what_counts_from_it(year_2027):
    [ceremony] = [
        line
        for line in year_2027.items
        if f"{line.campaign}/{line.template_key}" == "vn_family_day/2027/51-2025/main_event"
    ]

    assert ceremony.due == date(2027, 6, 25)


def test_the_tet_of_an_undecided_year_is_said_to_be_provisional(year_2027):
    [guidance] = [
        line
        for line in year_2027.items
        if line.campaign == "intl_happiness_day/2027/51-2025" and line.template_key == "guidance_in"
    ]

    assert guidance.reason == DayReason(Cause.TET, provisional=True)


def test_years_are_played_in_a_row(year_2027):
    assert {line.year for line in year_2027.campaigns} == {2026, 2027}


def _counts(factory):
    with factory() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Campaign, ChecklistItem, Person, Message)
        ]
