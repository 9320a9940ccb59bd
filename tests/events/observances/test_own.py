from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.calendars.feeds import all_slugs
from events.campaigns.opening import open_campaigns
from events.campaigns.rounds import rounds_of
from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.days.workdays import WorkCalendar
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.models import (
    Anchor,
    Campaign,
    Observance,
    ObservanceOccurrence,
    Round,
    Template,
    TemplateItem,
    TemplateVersion,
    Unit,
)
from events.observances.occurrences import describe, extend_horizon
from events.observances.own import (
    NewObservance,
    add_observance,
    all_observances,
    correct_observance,
    find_observance,
    give_checklist,
    slug_of,
    switch_observance,
)
from events.observances.yearly_themes import announce_theme, number_anniversaries, withdraw_theme
from events.progress.figures import year_progress
from events.templates.editing import check_template, template_entry
from tests.chance import drawn
from tests.conftest import Cast

NOW = datetime(2026, 8, 1, 2, tzinfo=UTC)
A_DAY = timedelta(days=1)
FIXED = {"kind": "fixed_day", "month": 10, "day": 9}
LUNAR = {"kind": "lunar_day", "lunar_month": 8, "lunar_day": 15}
YEAR_END = NewObservance(
    "Tất niên gia đình", "", {"kind": "lunar_day", "lunar_month": 12, "lunar_day": 30}, "olive"
)
RANGE = {"kind": "fixed_range", "from": "11-20", "to": "11-30"}
THE_DAY = NewObservance(
    "Ngày hội Gia đình xã Đăk Long",
    "Family Festival of Đăk Long",
    FIXED,
    "olive",
    basis="Kế hoạch",
    base_year=2016,
)


@pytest.fixture
def happiness(session: Session) -> Template:
    return session.scalars(select(Template).where(Template.key == "happiness_day")).one()


def occurrences(session: Session, observance: Observance) -> dict[int, ObservanceOccurrence]:
    query = select(ObservanceOccurrence).where(ObservanceOccurrence.observance_id == observance.id)
    return {row.year: row for row in session.scalars(query)}


@pytest.mark.parametrize("name", ["Giỗ Tổ", "Vu Lan", "Trung thu", "8/3", "20/10"])
def test_the_examples_can_be_switched_on(session: Session, name: str):
    wanted = {"8/3": (3, 8), "20/10": (10, 20)}.get(name)
    found = next(
        o
        for o in all_observances(session)
        if (
            wanted == (o.rule.get("month"), o.rule.get("day"))
            if wanted
            else name.lower() in o.title_vi.lower()
        )
    )
    assert not found.enabled

    switch_observance(session, found, by=None, enabled=True, now=NOW)

    assert set(occurrences(session, found)) == {2025, 2026, 2027, 2028, 2029}
    assert found.slug in all_slugs(session)


def test_what_is_switched_off_keeps_its_campaigns_and_opens_no_more(
    session: Session, vietnam: WorkCalendar
):
    extend_horizon(session, now=NOW)
    open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
    observance = find_observance(session, "ngay-gia-dinh-viet-nam")
    mine = select(func.count(Campaign.id)).where(
        Campaign.round.has(Round.observance_id == observance.id)
    )
    before = session.scalar(mine)

    switch_observance(session, observance, by=None, enabled=False, now=NOW)
    open_campaigns(session, now=NOW.replace(year=2027), calendar=vietnam, year=2027)

    assert session.scalar(mine) == before > 0
    assert observance.slug not in all_slugs(session)


@pytest.mark.parametrize(
    ("rule", "first"),
    [(FIXED, date(2026, 10, 9)), (LUNAR, date(2026, 9, 25)), (RANGE, date(2026, 11, 20))],
)
def test_a_day_of_ones_own_comes_round(session: Session, cast: Cast, rule: dict, first: date):
    observance = add_observance(
        session, NewObservance("Ngày hội", "", rule, "olive"), by=cast.hoa, now=NOW
    )

    assert occurrences(session, observance)[2026].dtstart == first
    assert (observance.title_en, observance.status.value) == ("Ngày hội", "own")


def test_its_campaigns_open_with_the_items_of_the_template_that_was_copied(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)

    opened = open_campaigns(session, now=NOW, calendar=vietnam, year=2026)

    assert next(result for result in opened if result.observance == observance.key).campaigns == 97
    template = session.scalars(
        select(Template).where(Template.observance_id == observance.id)
    ).one()
    assert (template.kind, template.current.number, template.current.created_by_id) == (
        "observance",
        1,
        cast.hoa.id,
    )
    copied, source = (
        [(i.key, i.offset_days, i.role_key) for i in t.current.items] for t in (template, happiness)
    )
    assert copied == source


def test_an_observance_that_only_stood_in_the_calendar_can_be_given_a_checklist(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    women = find_observance(session, "ngay-phu-nu-viet-nam")
    switch_observance(session, women, by=None, enabled=True, now=NOW)
    before = open_campaigns(session, now=NOW, calendar=vietnam, year=2026)

    template = give_checklist(session, women, happiness, by=cast.hoa, now=NOW)

    assert give_checklist(session, women, happiness, by=cast.hoa, now=NOW) is template
    opened = open_campaigns(session, now=NOW + timedelta(days=30), calendar=vietnam, year=2026)
    assert women.key not in [result.observance for result in before]
    assert next(result for result in opened if result.observance == women.key).campaigns == 97


def test_an_observance_kept_again_does_not_open_the_day_that_was_missed(
    session: Session, vietnam: WorkCalendar
):
    happiness = find_observance(session, "ngay-quoc-te-hanh-phuc")
    for enabled in (False, True):
        switch_observance(session, happiness, by=None, enabled=enabled, now=NOW)

    opened = open_campaigns(session, now=NOW + timedelta(days=160), calendar=vietnam)

    assert {(one.observance, one.year) for one in opened if one.observance == happiness.key} == {
        (happiness.key, 2027)
    }


def test_copied_items_count_from_a_day_that_the_observance_has(session: Session, cast: Cast):
    month = session.scalars(select(Template).where(Template.key == "gender_action_month")).one()
    course = session.scalars(select(Template).where(Template.key == "training_course")).one()
    women, elders = (
        find_observance(session, slug)
        for slug in ("ngay-phu-nu-viet-nam", "thang-hanh-dong-vi-nguoi-cao-tuoi")
    )

    made = [
        give_checklist(session, day, like, by=cast.hoa, now=NOW)
        for day, like in ((women, month), (elders, course))
    ]

    for template in made:
        check_template(session, template_entry(template))


@pytest.mark.parametrize(
    ("rule", "like"), [(FIXED, "happiness_day"), (RANGE, "gender_action_month")]
)
def test_copied_items_move_with_the_main_event_as_those_they_were_copied_from(
    session: Session, cast: Cast, rule: dict, like: str
):
    source = session.scalars(select(Template).where(Template.key == like)).one()

    observance = add_observance(
        session, replace(THE_DAY, rule=rule), like=source, by=cast.hoa, now=NOW
    )

    template = session.scalars(
        select(Template).where(Template.observance_id == observance.id)
    ).one()
    copied, original = (
        [item.key for item in t.current.items if item.anchor is Anchor.EVENT]
        for t in (template, source)
    )
    assert copied == original != []
    check_template(session, template_entry(template))


def test_the_copy_lives_its_own_life(session: Session, cast: Cast, happiness: Template):
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)
    items = select(TemplateItem.id).join(TemplateItem.version).join(TemplateVersion.template)

    mine = set(session.scalars(items.where(Template.observance_id == observance.id)))
    theirs = set(session.scalars(items.where(Template.id == happiness.id)))

    assert len(mine) == len(theirs)
    assert not mine & theirs


def test_a_new_import_of_the_catalogue_leaves_it_alone(
    session: Session, cast: Cast, catalog: Catalog, happiness: Template
):
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)

    assert not import_catalog(session, catalog, now=NOW).changed

    assert find_observance(session, observance.slug) is observance


def test_its_address_collides_with_no_unit_and_no_other_observance(session: Session, cast: Cast):
    unit = (
        session.scalars(select(Unit).where(Unit.slug == slug_of("Tỉnh Quảng Ngãi"))).first()
        or cast.province
    )
    titles = [unit.slug.replace("-", " "), "Ngày Gia đình Việt Nam"]

    made = [
        add_observance(session, NewObservance(title, "", FIXED, "olive"), by=cast.hoa, now=NOW)
        for title in titles
    ]

    slugs = [*session.scalars(select(Observance.slug)), *session.scalars(select(Unit.slug))]
    assert len(set(slugs)) == len(slugs)
    assert [observance.slug for observance in made] == [
        f"{unit.slug}-2",
        "ngay-gia-dinh-viet-nam-2",
    ]


@drawn(25)
@given(titles=st.lists(st.text("aăâđêôơưÀẾỘ Đ-/2", max_size=12), min_size=1, max_size=5))
def test_every_title_gets_an_ascii_address_of_its_own(
    session: Session, cast: Cast, titles: list[str]
):
    with session.begin_nested() as undo:
        made = []
        for day, title in enumerate(titles, 1):
            if not slug_of(title):
                continue
            made.append(
                add_observance(
                    session,
                    NewObservance(title, "", FIXED | {"day": day}, "olive"),
                    by=cast.hoa,
                    now=NOW,
                )
            )

        slugs = [observance.slug for observance in made]
        assert len(set(slugs)) == len(slugs) == len({observance.key for observance in made})
        assert all(slug.isascii() and slug == slug.lower() and " " not in slug for slug in slugs)
        undo.rollback()


def test_dd_with_stroke_is_d_in_an_address():
    assert slug_of("Ngày hội Đại đoàn kết 18/11") == "ngay-hoi-dai-doan-ket-18-11"


def test_a_form_that_is_sent_twice_makes_one_day(session: Session, cast: Cast):
    add_observance(session, THE_DAY, by=cast.hoa, now=NOW)

    with pytest.raises(ConflictError, match="already there"):
        add_observance(session, THE_DAY, by=cast.hoa, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"title_vi": " "},
        {"title_vi": "!!!"},
        {"title_vi": "x" * 501},
        {"rule": {"kind": "fixed_day", "month": 2, "day": 30}},
        {"rule": {"kind": "fixed_day", "month": 10**12, "day": 5}},
        {"rule": {"kind": "fixed_range", "from": f"{10**12}-05", "to": "03-01"}},
        {"rule": {"kind": "fixed_range", "from": "02-30", "to": "03-01"}},
        {"rule": {"kind": "fixed_range", "from": "x", "to": "y"}},
        {"rule": {"kind": "lunar_day", "lunar_month": 13, "lunar_day": 1}},
        {"rule": {"kind": "weekly"}},
        {"color": "beige"},
        {"base_year": 2027},
        {"base_year": 0},
        {"anniversary": "Kỷ niệm"},
        {"anniversary": "N năm, lần thứ N"},
        {"inside_key": "gender_action_month"},
    ],
)
def test_what_cannot_be_is_refused_in_words(session: Session, cast: Cast, change: dict):
    fields = {name: getattr(THE_DAY, name) for name in NewObservance.__slots__} | change

    with pytest.raises(InvalidInputError):
        add_observance(session, NewObservance(**fields), by=cast.hoa, now=NOW)

    assert len(all_observances(session)) == session.scalar(
        select(func.count(Observance.id)).where(Observance.status != "own")
    )


def test_a_day_may_lie_inside_another_observance(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    wanted = NewObservance(
        "Tuần lễ Gia đình", "Family Week", RANGE, "olive", inside_key="gender_action_month"
    )
    observance = add_observance(session, wanted, like=happiness, by=cast.hoa, now=NOW)

    open_campaigns(session, now=NOW + 60 * A_DAY, calendar=vietnam, year=2026)

    campaign = session.scalars(
        select(Campaign).where(Campaign.round.has(Round.observance_id == observance.id))
    ).first()
    assert campaign.outer.observance.key == "gender_action_month"
    with pytest.raises(NotFoundError):
        add_observance(
            session,
            NewObservance("Khác", "", RANGE, "olive", inside_key="khong_co"),
            by=cast.hoa,
            now=NOW,
        )


def test_a_day_of_the_last_lunar_month_is_work_of_the_solar_year_it_lies_in(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    now = datetime(2026, 1, 10, 2, tzinfo=UTC)
    observance = add_observance(session, YEAR_END, like=happiness, by=cast.hoa, now=now)

    nothing = open_campaigns(session, now=now, calendar=vietnam, year=2025)
    opened = open_campaigns(session, now=now, calendar=vietnam, year=2026)
    again = open_campaigns(session, now=now + A_DAY, calendar=vietnam)

    assert observance.key not in [one.observance for one in nothing + again]
    [one] = [one for one in opened if one.observance == observance.key]
    assert (one.summary, one.year, one.campaigns) == ("Tất niên gia đình năm 2026", 2026, 97)
    found = session.scalars(
        select(Campaign).where(Campaign.round.has(Round.observance_id == observance.id))
    ).all()
    assert {(row.year, row.period, row.dtstart) for row in found} == {
        (2026, "2025", date(2026, 2, 16))
    }
    assert year_progress(
        session, now.date(), Campaign.round.has(Round.observance_id == observance.id)
    ).keys() == {2026}


def test_a_unit_that_joins_late_has_the_campaign_as_its_neighbours_call_it(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)
    open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
    correct_observance(
        session, observance, replace(THE_DAY, title_vi="Ngày hội mới"), by=None, now=NOW
    )
    values = {
        "level_key": "commune",
        "type": "xa",
        "name": "Mới",
        "full_name": "Xã Mới",
        "search": "moi",
    }
    province = session.scalars(
        select(Unit).where(Unit.parent_id.is_(None), Unit.valid_to.is_(None))
    ).one()
    session.add(Unit(key="new", slug="xa-moi", parent=province, **values))
    session.flush()

    open_campaigns(session, now=NOW + A_DAY, calendar=vietnam, year=2026)

    names = session.scalars(
        select(Round.summary)
        .join(Campaign, Campaign.round_id == Round.id)
        .where(Round.observance_id == observance.id)
    ).all()
    assert (len(names), set(names)) == (98, {"Ngày hội Gia đình xã Đăk Long năm 2026"})


def test_two_times_in_one_solar_year_are_told_apart_and_a_year_may_have_none(
    session: Session, cast: Cast, happiness: Template
):
    rule = {"kind": "lunar_day", "lunar_month": 12, "lunar_day": 1}
    observance = add_observance(
        session, replace(YEAR_END, rule=rule), like=happiness, by=cast.hoa, now=NOW
    )
    template = session.scalars(
        select(Template).where(Template.observance_id == observance.id)
    ).one()

    rounds = [found for year in (2027, 2028, 2029) for found in rounds_of(template, year)]

    assert [(found.period, found.year, found.dates.dtstart, found.summary) for found in rounds] == [
        ("2026", 2027, date(2027, 1, 8), "Tất niên gia đình năm 2027"),
        ("2027", 2027, date(2027, 12, 28), "Tất niên gia đình năm 2027 (lần 2)"),
        ("2028", 2029, date(2029, 1, 15), "Tất niên gia đình năm 2029"),
    ]


def test_the_theme_of_a_year_is_printed_on_the_lunar_day_that_lies_in_it(
    session: Session, cast: Cast
):
    observance = add_observance(session, YEAR_END, by=cast.hoa, now=NOW)

    announce_theme(session, observance, 2027, "Đoàn viên", by=None, now=NOW)

    printed = {
        row.dtstart
        for row in occurrences(session, observance).values()
        if "Đoàn viên" in row.description
    }
    assert printed == {date(2027, 2, 5)}


def test_a_lunar_day_stays_inside_the_weeks_that_run_over_the_new_year(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    around = NewObservance(
        "Mùa sum họp", "", {"kind": "fixed_range", "from": "12-01", "to": "02-28"}, "olive"
    )
    outer = add_observance(session, around, like=happiness, by=cast.hoa, now=NOW)
    inner = add_observance(
        session, replace(YEAR_END, inside_key=outer.key), like=happiness, by=cast.hoa, now=NOW
    )

    open_campaigns(session, now=NOW + 150 * A_DAY, calendar=vietnam)

    found = session.scalars(
        select(Campaign).where(Campaign.round.has(Round.observance_id == inner.id))
    ).all()
    assert {(row.dtstart, row.outer.summary) for row in found} == {
        (date(2027, 2, 5), "Mùa sum họp năm 2026")
    }


def test_a_theme_that_is_announced_reaches_the_calendar(session: Session, cast: Cast):
    observance = add_observance(session, THE_DAY, by=cast.hoa, now=NOW)
    before = occurrences(session, observance)[2026].sequence

    for _ in range(2):
        announce_theme(
            session,
            observance,
            2026,
            "Gia đình hạnh phúc",
            ["Một", " "],
            by=None,
            source="Công văn",
            now=NOW + A_DAY,
        )

    row = occurrences(session, observance)[2026]
    assert (row.sequence, "Chủ đề: Gia đình hạnh phúc." in row.description) == (before + 1, True)
    assert observance.theme_in(2026).slogans == ["Một"]
    with pytest.raises(InvalidInputError):
        announce_theme(session, observance, 2026, " ", by=None, now=NOW)


def test_anniversaries_are_worded_as_the_province_does(session: Session, cast: Cast):
    observance = add_observance(session, THE_DAY, by=cast.hoa, now=NOW)
    assert "Kỷ niệm 10 năm (2016–2026)." in occurrences(session, observance)[2026].description

    number_anniversaries(session, observance, 2016, "Lần thứ N", by=None, now=NOW)
    assert "Lần thứ 10.\n" in occurrences(session, observance)[2026].description
    assert "Lần thứ 11.\n" in describe(observance, 2027)

    number_anniversaries(session, observance, None, "", by=None, now=NOW)
    assert "10" not in occurrences(session, observance)[2026].description


def test_the_action_month_is_numbered_every_year_and_family_day_every_fifth(session: Session):
    month, day = (
        find_observance(session, slug)
        for slug in ("thang-hanh-dong-vi-binh-dang-gioi", "ngay-gia-dinh-viet-nam")
    )

    assert [month.anniversary_text(year) for year in (2016, 2021, 2026)] == [
        "Lần thứ 1",
        "Lần thứ 6",
        "Lần thứ 11",
    ]
    assert [day.anniversary_text(year) for year in (2025, 2026)] == [
        None,
        "Kỷ niệm 25 năm (2001–2026)",
    ]


def test_a_wording_chosen_here_is_kept_when_the_catalogue_begins_to_name_wordings(
    session: Session, catalog: Catalog
):
    day = find_observance(session, "ngay-gia-dinh-viet-nam")
    number_anniversaries(session, day, 2001, "N năm Ngày Gia đình", by=None, now=NOW)
    day.catalog_base = {
        name: value for name, value in day.catalog_base.items() if name != "anniversary"
    }

    import_catalog(session, catalog, now=NOW)

    assert day.anniversary == "N năm Ngày Gia đình"


def test_what_was_made_here_is_corrected_and_its_address_and_open_campaigns_stay(
    session: Session, cast: Cast, vietnam: WorkCalendar, happiness: Template
):
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)
    open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
    slug, row = observance.slug, occurrences(session, observance)[2026]
    wanted = replace(
        THE_DAY, title_vi="Ngày hội Gia đình", rule=FIXED | {"day": 10}, color="gold", basis=""
    )

    correct_observance(session, observance, wanted, by=None, now=NOW)

    assert (observance.slug, observance.title_vi, observance.color, observance.basis) == (
        slug,
        "Ngày hội Gia đình",
        "gold",
        None,
    )
    assert (row.dtstart, row.summary, row.sequence) == (date(2026, 10, 10), "Ngày hội Gia đình", 1)
    campaigns = select(Round.dtstart).where(Round.observance_id == observance.id)
    assert set(session.scalars(campaigns)) == {date(2026, 10, 9)}
    assert (
        session.scalars(
            select(Template.title_vi).where(Template.observance_id == observance.id)
        ).one()
        == "Ngày hội Gia đình"
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title_vi": " "}, InvalidInputError),
        ({"rule": {"kind": "fixed_day", "month": 10**12, "day": 1}}, InvalidInputError),
        ({"color": "beige"}, InvalidInputError),
        ({"inside_key": "gender_action_month"}, InvalidInputError),
        ({"rule": RANGE}, ConflictError),
        ({"title_vi": "Ngày khác"}, ConflictError),
    ],
)
def test_a_correction_is_checked_as_a_new_day_is(
    session: Session, cast: Cast, happiness: Template, change: dict, error
):
    add_observance(session, replace(THE_DAY, title_vi="Ngày khác"), by=cast.hoa, now=NOW)
    observance = add_observance(session, THE_DAY, like=happiness, by=cast.hoa, now=NOW)

    with pytest.raises(error):
        correct_observance(session, observance, replace(THE_DAY, **change), by=None, now=NOW)
    correct_observance(session, observance, THE_DAY, by=None, now=NOW)


def test_what_lies_inside_stays_inside(session: Session, cast: Cast):
    outer, inner = (
        add_observance(session, NewObservance(title, "", RANGE, "olive"), by=cast.hoa, now=NOW)
        for title in ("Đợt", "Tuần")
    )
    correct_observance(
        session,
        inner,
        NewObservance("Tuần", "", RANGE, "olive", inside_key=outer.key),
        by=None,
        now=NOW,
    )

    with pytest.raises(ConflictError, match="no longer lie inside"):
        correct_observance(
            session,
            outer,
            NewObservance("Đợt", "", RANGE | {"to": "11-25"}, "olive"),
            by=None,
            now=NOW,
        )
    with pytest.raises(InvalidInputError, match="inside itself"):
        correct_observance(
            session,
            outer,
            NewObservance("Đợt", "", RANGE, "olive", inside_key=inner.key),
            by=None,
            now=NOW,
        )


def test_an_observance_of_the_catalogue_is_not_corrected_here(session: Session):
    with pytest.raises(ConflictError, match="comes with the catalogue"):
        correct_observance(
            session, find_observance(session, "ngay-gia-dinh-viet-nam"), THE_DAY, by=None, now=NOW
        )


def test_a_theme_of_a_wrong_year_is_taken_away_but_none_of_the_catalogue(session: Session):
    day = find_observance(session, "ngay-quoc-te-hanh-phuc")
    shipped = day.themes[0].year
    announce_theme(session, day, 2062, "Nhầm năm", by=None, now=NOW)
    announce_theme(session, day, 2027, "Nhầm năm", by=None, now=NOW)

    for _ in range(2):
        withdraw_theme(session, day, 2027, by=None, now=NOW)

    assert day.theme_in(2027) is None
    assert "Nhầm năm" not in occurrences(session, day)[2027].description
    with pytest.raises(ConflictError, match="comes with the catalogue"):
        withdraw_theme(session, day, shipped, by=None, now=NOW)
