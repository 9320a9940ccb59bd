"""Who may do what: the table itself, how it is asked, and that the use cases ask it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from events.campaigns.ahead import open_year_of
from events.campaigns.other_kinds import get_kind, open_on, set_lead_times, switch_off, switch_on
from events.checklist.history import Stamp
from events.days.workdays import DecisionStatus
from events.errors import NotAllowedError
from events.models import Duty, Role
from events.observances import legal_bases, own, yearly_themes
from events.people.persons import add_person
from events.people.posts import appoint, give_post
from events.people.rights import (
    OF_ALL,
    TABLE,
    Capability,
    Held,
    Relation,
    allowed_by,
    grants,
    may,
    require_by,
)
from events.people.rights_table import as_markdown
from events.people.roles import add_role, call_role, end_role
from events.reforms import reform, taking_back
from events.reforms.reform import NewUnit
from events.replanning import days_off, start_line
from events.templates import editing, toml_files
from tests.conftest import Cast

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
TODAY = date(2021, 3, 1)
DOCS = Path(__file__).parents[3] / "docs" / "rights.md"
_OF_UNITS = sorted(set(Capability) - OF_ALL)


def holding(unit, duty: Duty) -> Held:
    return Held(frozenset({(unit.id, duty)}))


def test_the_manual_prints_the_table_that_is_asked():
    assert DOCS.read_text(encoding="utf-8").endswith(as_markdown("en"))


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (Duty.OFFICER, Duty.ORGANISER),
        (Duty.ORGANISER, Duty.READER),
        (Duty.OFFICER, Duty.LEADER),
        (Duty.LEADER, Duty.READER),
    ],
)
@pytest.mark.parametrize("capability", Capability)
def test_who_has_more_to_do_may_do_all_that_others_may(more, less, capability):
    assert TABLE[more][capability] >= TABLE[less][capability]


@pytest.mark.parametrize("capability", Capability)
@pytest.mark.parametrize("duty", Duty)
def test_nothing_is_allowed_sideways_and_only_reading_campaigns_above(duty, capability):
    assert not grants(duty, capability, Relation.SIDEWAYS)
    assert not grants(duty, capability, Relation.NONE)
    assert not grants(duty, capability, Relation.ABOVE) or capability is Capability.READ_CAMPAIGNS


@given(
    duty=st.sampled_from(Duty),
    capability=st.sampled_from(_OF_UNITS),
    places=st.sampled_from(
        [
            ("province", "province", Relation.OWN),
            ("province", "district", Relation.BELOW),
            ("province", "commune", Relation.BELOW),
            ("district", "commune", Relation.BELOW),
            ("commune", "commune", Relation.OWN),
            ("commune", "district", Relation.ABOVE),
            ("commune", "province", Relation.ABOVE),
            ("commune", "other_commune", Relation.SIDEWAYS),
            ("district", "other_commune", Relation.SIDEWAYS),
        ]
    ),
)
def test_a_post_allows_in_the_tree_what_the_table_says(
    session, cast: Cast, duty, capability, places
):
    post, asked, relation = places
    mine = holding(getattr(cast, post), duty)

    found = allowed_by(session, mine, capability, getattr(cast, asked), TODAY)

    assert found is grants(duty, capability, relation)


@pytest.mark.parametrize("capability", Capability)
def test_what_holds_for_all_is_decided_at_the_top_alone(session, cast: Cast, capability):
    for duty in Duty:
        at_the_top = allowed_by(session, holding(cast.province, duty), capability, None, TODAY)
        assert at_the_top is grants(duty, capability, Relation.OWN)
        assert not allowed_by(session, holding(cast.commune, duty), capability, None, TODAY)


@pytest.mark.parametrize("capability", Capability)
def test_an_administrator_may_everything_and_somebody_without_a_post_nothing(
    session, cast: Cast, capability
):
    for unit in (None, cast.commune):
        assert not may(session, cast.la, capability, unit, TODAY)
        assert not may(session, None, capability, unit, TODAY)
    cast.la.is_administrator = True
    for unit in (None, cast.commune):
        assert may(session, cast.la, capability, unit, TODAY)


def test_a_post_allows_nothing_before_and_after_it_is_held(session, cast: Cast):
    [post] = cast.thi.posts
    post.valid_to = date(2021, 3, 31)
    session.flush()

    days = date(2019, 12, 31), TODAY, date(2021, 4, 1)
    found = [may(session, cast.thi, Capability.DO_WORK, cast.commune, day) for day in days]

    assert found == [False, True, False]


def test_the_catalogue_says_who_steers(session):
    duties = dict(session.execute(select(Role.key, Role.duty)).all())

    steering = {key for key, duty in duties.items() if duty is Duty.OFFICER}
    assert {"bcd_tinh", "so_vhttdl", "ubnd_xa", "phong_vhxh_xa", "truong_thon"} <= steering
    assert duties["ban_tc_lop"] is duties["truong_hoc"] is duties["hoi_lhpn"] is Duty.ORGANISER


def test_the_clock_and_the_command_line_are_not_asked(session, cast: Cast):
    require_by(session, None, Capability.SET_UP, None, TODAY)
    with pytest.raises(NotAllowedError):
        require_by(session, cast.hoa, Capability.SET_UP, None, TODAY)


def test_who_runs_a_class_neither_appoints_nor_steers_but_works_in_the_unit(session, cast: Cast):
    lan = add_person(session, "Người tổ chức lớp (Lan)", "lan@example.org")
    session.flush()
    give_post(session, lan, cast.province, "ban_tc_lop", since=date(2020, 1, 1))
    session.flush()

    def allows(capability: Capability, unit) -> bool:
        return may(session, lan, capability, unit, TODAY)

    assert allows(Capability.DO_WORK, cast.province)
    assert not allows(Capability.DO_WORK, cast.commune)
    assert not allows(Capability.STEER_ROUNDS, cast.province)
    assert not allows(Capability.DECIDE_DAYS_OFF, None)
    with pytest.raises(NotAllowedError):
        appoint(
            session,
            cast.province,
            "ban_tc_lop",
            full_name="Ai đó",
            email="ai@example.org",
            phone=None,
            by=lan,
            now=NOW,
        )


_NEW = own.NewObservance("Ngày mới", "", {"kind": "fixed_day", "month": 5, "day": 5}, "gold")
_BASIS = legal_bases.NewBasis("Luật", "1/2021/QH")
_REFORM = {"on": date(2021, 7, 1), "basis": None}


def _day(session):
    return own.find_observance(session, "ngay-quoc-te-hanh-phuc")


def _decision():
    return days_off.YearDecision(2022, ())


# what changes something for the whole installation, as a person would
_USES = {
    "keep an observance": lambda s, p, c: own.switch_observance(
        s, _day(s), enabled=False, by=p, now=NOW
    ),
    "make an observance": lambda s, p, c: own.add_observance(s, _NEW, by=p, now=NOW),
    "correct an observance": lambda s, p, c: own.correct_observance(
        s, _day(s), _NEW, by=p, now=NOW
    ),
    "give a checklist": lambda s, p, c: own.give_checklist(
        s, _day(s), get_kind(s, "happiness_day"), by=p, now=NOW
    ),
    "announce a theme": lambda s, p, c: yearly_themes.announce_theme(
        s, _day(s), 2021, "x", by=p, now=NOW
    ),
    "withdraw a theme": lambda s, p, c: yearly_themes.withdraw_theme(
        s, _day(s), 2021, by=p, now=NOW
    ),
    "count anniversaries": lambda s, p, c: yearly_themes.number_anniversaries(
        s, _day(s), 2000, "", by=p, now=NOW
    ),
    "keep a basis": lambda s, p, c: legal_bases.keep_basis(s, _day(s), _BASIS, by=p, now=NOW),
    "drop a basis": lambda s, p, c: legal_bases.drop_basis(s, _day(s), "1", by=p, now=NOW),
    "open a year": lambda s, p, c: open_year_of(s, _day(s), 2021, by=p, now=NOW, calendar=c),
    "open a kind": lambda s, p, c: open_on(
        s, get_kind(s, "training_course"), TODAY, by=p, now=NOW, calendar=c
    ),
    "switch a kind on": lambda s, p, c: switch_on(s, get_kind(s, "report_year"), by=p, on=TODAY),
    "switch a kind off": lambda s, p, c: switch_off(s, get_kind(s, "report_year"), by=p, on=TODAY),
    "change lead times": lambda s, p, c: set_lead_times(
        s, get_kind(s, "report_year"), ahead_days=1, late_plan_workdays=1, by=p, on=TODAY
    ),
    "change a template": lambda s, p, c: editing.edit_template(
        s, get_kind(s, "report_year"), [], by=p, now=NOW
    ),
    "rename a template": lambda s, p, c: editing.rename_template(
        s, get_kind(s, "report_year"), "x", "x", by=p, on=TODAY
    ),
    "change a header": lambda s, p, c: editing.edit_header(
        s,
        get_kind(s, "report_year"),
        editing.template_entry(get_kind(s, "report_year")),
        by=p,
        on=TODAY,
    ),
    "take a file in": lambda s, p, c: toml_files.import_template(s, "", by=p, now=NOW),
    "add a role": lambda s, p, c: add_role(s, "x", None, None, by=p, on=TODAY),
    "rename a role": lambda s, p, c: call_role(
        s, s.get_one(Role, "ubnd_xa"), "x", None, by=p, on=TODAY
    ),
    "end a role": lambda s, p, c: end_role(
        s, s.get_one(Role, "ubnd_xa"), TODAY, "phong_vhxh_xa", by=p, on=TODAY
    ),
    "merge": lambda s, p, c: reform.merge(
        s, ["23341", "23344"], NewUnit("Xã Mới"), stamp=Stamp(p, NOW), **_REFORM
    ),
    "split": lambda s, p, c: reform.split(s, "23341", [], stamp=Stamp(p, NOW), **_REFORM),
    "rename": lambda s, p, c: reform.rename(s, "23341", "Xã Mới", stamp=Stamp(p, NOW), **_REFORM),
    "move": lambda s, p, c: reform.move(s, "23341", "608", stamp=Stamp(p, NOW), **_REFORM),
    "found": lambda s, p, c: reform.found(
        s, NewUnit("Xã Mới"), "commune", stamp=Stamp(p, NOW), **_REFORM
    ),
    "abolish": lambda s, p, c: reform.abolish_level(s, "district", stamp=Stamp(p, NOW), **_REFORM),
    "take back": lambda s, p, c: taking_back.take_back(s, 1, by=p, now=NOW),
    "decide on a holiday": lambda s, p, c: days_off.apply_holiday(
        s,
        days_off.HolidayFact("x", DecisionStatus.ENACTED),
        stamp=Stamp(p, NOW),
        expected_fingerprint="",
    ),
    "set the start line": lambda s, p, c: start_line.apply(
        s, TODAY, stamp=Stamp(p, NOW), expected_fingerprint=""
    ),
    "take the start line back": lambda s, p, c: start_line.undo(s, stamp=Stamp(p, NOW)),
}


@pytest.mark.parametrize("use", _USES.values(), ids=_USES.keys())
def test_who_steers_a_commune_decides_nothing_for_all(session, cast: Cast, vietnam, use):
    session.flush()
    with pytest.raises(NotAllowedError):
        use(session, cast.thi, vietnam)
    assert not session.new
    assert not session.dirty
