import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from events.catalog.importing import _NEWER, _digest, import_catalog
from events.catalog.reading import SHIPPED, read_catalog
from events.catalog.wording import worded
from events.database.sessions import Base, create_session_factory
from events.days.reasons import Cause, DayReason
from events.errors import CatalogError
from events.localtime import VIETNAM, local_day
from events.models import (
    CalendarDay,
    EvidenceType,
    Level,
    Needs,
    Observance,
    Phase,
    Template,
    TemplateVersion,
    Unit,
)
from events.templates.entries import TemplateEntry
from events.words.language import say
from events.working_calendar import work_calendar

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
MID_2026 = date(2026, 6, 30)
CULTURE_DAY = "Ngày Văn hóa Việt Nam"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped catalogue to spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "catalog"))


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


MISTAKES = [
    (
        "templates.toml",
        'role = "tt_vhnt"',
        'role = "tt_vhnx"',
        r"templates\.toml:\d+, happiness_day\.message_kit: unknown role 'tt_vhnx'",
    ),
    (
        "templates.toml",
        'levels = ["province"]',
        'levels = ["region"]',
        r"happiness_day\.guidance_in: unknown level 'region'",
    ),
    ("templates.toml", 'phase = "prepare"', 'phase = "preparing"', r"unknown phase 'preparing'"),
    (
        "templates.toml",
        'evidence = ["doc_ref", "file"]',
        'evidence = ["oath"]',
        r"unknown evidence kind 'oath'",
    ),
    (
        "templates.toml",
        'anchor = "event"\noffset_days',
        'anchor = "noon"\noffset_days',
        r"guidance_in.*anchor",
    ),
    (
        "templates.toml",
        'anchor = "day"\noffset_days',
        'anchor = "cutoff"\noffset_days',
        r"anchor 'cutoff' does not go with",
    ),
    (
        "templates.toml",
        'depends_on = ["guidance_in"]',
        'depends_on = ["guidance"]',
        r"plan_province: unknown depends_on 'guidance'",
    ),
    (
        "templates.toml",
        'shift = "prev"\n\n[[template.item]]\nkey = "plan_province"',
        'shift = "prev"\ndepends_on = ["letter_province"]\n\n[[template.item]]\nkey = "plan_province"',
        r"cycle of depends_on: guidance_in → letter_province → plan_province → guidance_in",
    ),
    (
        "templates.toml",
        'key = "plan_province"',
        'key = "guidance_in"',
        r"guidance_in: this key stands twice",
    ),
    ("templates.toml", "weight = 3", "weight = 9", r"weight: .*less than or equal to 5 \(got 9\)"),
    (
        "templates.toml",
        "required = true",
        "requird = true",
        r"guidance_in: requird: there is no such key",
    ),
    (
        "templates.toml",
        'observance = "vn_family_day"',
        'observance = "family"',
        r"vn_family_day: unknown observance 'family'",
    ),
    (
        "observances.toml",
        "month = 3, day = 20",
        "month = 3, day = 32",
        r"observances\.toml:\d+, intl_happiness_day: rule: .*day",
    ),
    (
        "observances.toml",
        'key = "vn_family_day"',
        'key = "intl_happiness_day"',
        r"intl_happiness_day: this key stands twice",
    ),
    (
        "observances.toml",
        'slug = "ngay-gia-dinh-viet-nam"',
        'slug = "huyen-dak-to"',
        r"huyen-dak-to: this slug stands twice",
    ),
    ("units.toml", 'id = "610"', 'id = "608"', r"units\.toml:\d+, 608: this key stands twice"),
    ("units.toml", 'parent = "62"', 'parent = "63"', r"608: unknown parent '63'"),
    (
        "units.toml",
        'valid_to = "2025-06-30"\n\n[[unit]]\nid = "611"',
        'valid_to = "2026-06-30"\n\n[[unit]]\nid = "611"',
        r"610: lives outside",
    ),
    (
        "units.toml",
        'parent = "62"',
        'parent = "608"',
        r"608: parent '608' is not of a higher level",
    ),
    ("units.toml", 'valid_to = "2025-06-30"', 'valid_to = "2025-06-31"', r"62: valid_to"),
    (
        "units.toml",
        'entered_by = "commune"',
        'entered_by = "hamlet"',
        r"units\.toml:\d+, village: unknown level 'hamlet' in entered_by",
    ),
    (
        "units.toml",
        'entered_by = "commune"',
        'entered_by = "village"',
        r"village: entered_by: 'village' is not a higher level",
    ),
    (
        "units.toml",
        'key = "village"',
        'key = "hamlet"\nrank = 4\ntitle_vi = "Xóm"\ntitle_en = "Hamlet"\nentered_by = "district"\n\n'
        '[[level]]\nkey = "village"',
        r"hamlet: types: a level whose units people enter says what they are called",
    ),
    (
        "units.toml",
        'key = "district"',
        'key = "town"\nrank = 2\ntitle_vi = "Thị xã"\ntitle_en = "Town"\nentered_by = "province"\n'
        'types = [{ key = "thi_xa", title = "Thị xã" }]\n\n'
        '[[level]]\nkey = "district"\nentered_by = "province"',
        r"town: entered_by: 'province' enters the units of another level already",
    ),
    (
        "templates.toml",
        'if_no_level = "drop"',
        'if_no_level = "hamlet"',
        r"unknown level 'hamlet'",
    ),
    (
        "templates.toml",
        'needs = "picture"',
        'needs = "painting"',
        r"templates\.toml:\d+, photo: needs",
    ),
    (
        "units.toml",
        'successor = "51-2025"',
        'successor = "51-2026"',
        r"62: unknown successor or predecessor '51-2026'",
    ),
    (
        "calendar.toml",
        "day_off = 2026-01-02",
        "day_off = 2026-02-17",
        r"calendar\.toml:\d+, 2026-02-17: 2026-02-17 is decided twice",
    ),
    (
        "calendar.toml",
        "working_day = 2026-01-10",
        "working_day = 2026-01-12",
        r"2026-01-02: 12/01/2026 cannot be worked in a swap",
    ),
    (
        "calendar.toml",
        "day_off = 2026-01-02",
        "day_off = 2026-01-03",
        r"03/01/2026 cannot be the day off of a swap",
    ),
    (
        "calendar.toml",
        "day_off = 2026-01-02",
        "day_off = 2026-01-01",
        r"01/01/2026 cannot be traded: it is a public holiday",
    ),
    (
        "calendar.toml",
        "first_day_off = 2022-01-31",
        "first_day_off = 2021-12-31",
        r"2022: 31/12/2021 of the Tết break does not lie in 2022|is no Tết break",
    ),
    (
        "calendar.toml",
        "last_day_off = 2027-09-05",
        "last_day_off = 2028-09-05",
        r"Quốc khánh: 2027-09-02 to 2028-09-05 is no break",
    ),
    (
        "observances.toml",
        'color = "gold"',
        'color = "vàng"',
        r"There is no colour “vàng”; possible are: crimson, ",
    ),
    ("calendar.toml", "schema_version = 1", "schema_version 1", r"calendar\.toml, TOML: .*line"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    MISTAKES,
    ids=[re.sub(r"\W+", "-", m[3])[:40] for m in MISTAKES],
)
def test_a_mistake_is_named_with_its_file_entry_and_reason(folder, file, old, new, message):
    spoil(folder, file, old, new)

    with pytest.raises(CatalogError, match=message):
        read_catalog(folder)


def test_a_refusal_is_said_in_vietnamese_and_names_what_is_allowed(folder):
    spoil(folder, "observances.toml", 'status = "core"', 'status = "main"')

    with pytest.raises(CatalogError) as refused:
        read_catalog(folder)

    said = say(refused.value, "vi")
    assert "không thể dùng ở đây" in said
    assert "core, linked, optional, own" in said


def test_every_refusal_of_the_catalogue_is_translated(folder):
    for file, old, new, _ in MISTAKES:
        before = (folder / file).read_text("utf-8")
        spoil(folder, file, old, new)
        with pytest.raises(CatalogError) as refused:
            read_catalog(folder)
        (folder / file).write_text(before, "utf-8")

        reason = refused.value.facts["reason"]
        assert reason.words("vi") != str(reason)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("cp1258", "windows-1258")],
)
def test_a_file_in_another_encoding_is_refused_in_words(folder, encoding, words):
    file = folder / "calendar.toml"
    file.write_bytes("# Lịch nghỉ năm".encode(encoding, errors="replace"))

    with pytest.raises(CatalogError) as refused:
        read_catalog(folder)

    assert words in say(refused.value, "vi")
    assert "hãy lưu tệp" in say(refused.value, "vi").lower()


def test_a_file_with_a_byte_order_mark_is_read(folder):
    file = folder / "calendar.toml"
    file.write_bytes(file.read_text("utf-8").encode("utf-8-sig"))

    assert read_catalog(folder).calendar.swap


def test_a_missing_file_is_named(folder):
    (folder / "units.toml").unlink()

    with pytest.raises(CatalogError, match=r"units\.toml, file: cannot be read"):
        read_catalog(folder)


def test_importing_twice_changes_nothing(session, catalog):
    again = import_catalog(session, catalog, now=NOW)

    assert (again.added, again.updated, again.kept) == (0, 0, [])


def test_the_shipped_catalogue_has_what_the_plan_needs(session):
    def count(model, *conditions):
        return session.scalar(select(func.count()).select_from(model).where(*conditions))

    assert count(Observance) == 20
    assert count(Observance, Observance.enabled) == 6
    assert count(Template) == 13
    assert count(Unit, Unit.level_key == "commune", Unit.valid_to.is_not(None)) == 102
    assert count(Unit, Unit.level_key == "commune", Unit.valid_to.is_(None)) == 96


def test_a_template_that_a_new_release_brings_does_not_open_for_days_that_are_over(session, folder):
    path = folder / "templates.toml"
    text = path.read_text(encoding="utf-8").replace(
        'key = "dv_action_month"', 'key = "dv_action_month_2"', 1
    )
    path.write_text(text, encoding="utf-8")

    import_catalog(session, read_catalog(folder), now=NOW)

    since = dict(session.execute(select(Template.key, Template.opens_from)).all())
    assert (since["dv_action_month_2"], since["vn_family_day"]) == (local_day(NOW, VIETNAM), None)


def test_a_new_import_keeps_what_people_edited_and_updates_the_rest(session, folder):
    day = session.scalars(select(Observance).where(Observance.key == "vn_family_day")).one()
    day.title_vi = "Ngày Gia đình (tên địa phương)"
    spoil(
        folder,
        "observances.toml",
        'title_vi = "Ngày Gia đình Việt Nam"',
        'title_vi = "Ngày Gia đình VN"',
    )
    spoil(
        folder,
        "observances.toml",
        'basis = "Quyết định 72/2001/QĐ-TTg ngày 04/5/2001"',
        'basis = "Quyết định 72/2001/QĐ-TTg"',
    )

    result = import_catalog(session, read_catalog(folder), now=NOW)

    assert day.title_vi == "Ngày Gia đình (tên địa phương)"
    assert day.basis == "Quyết định 72/2001/QĐ-TTg"
    assert result.kept == ["observance vn_family_day: title_vi"]


def test_an_observance_that_was_switched_on_stays_on(session, catalog):
    tet = session.scalars(select(Observance).where(Observance.key == "tet")).one()
    tet.enabled = True

    import_catalog(session, catalog, now=NOW)

    assert tet.enabled


def test_changed_items_make_a_new_version_and_leave_the_old_one(session, folder):
    spoil(folder, "templates.toml", "offset_days = -28", "offset_days = -45")

    import_catalog(session, read_catalog(folder), now=NOW)

    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    plans = [
        item.offset_days
        for version in template.versions
        for item in version.items
        if item.key == "plan_province"
    ]
    assert plans == [-28, -45]


def test_a_catalogue_of_before_leaves_what_levels_and_templates_are(session, catalog, folder):
    _as_migrated(session, catalog)
    for file in ("units.toml", "templates.toml"):
        _as_it_was_before(folder / file)

    result = import_catalog(session, read_catalog(folder).as_known_on(MID_2026), now=NOW)

    assert (result.added, result.updated, result.kept) == (0, 0, [])
    levels = {level.key: level for level in session.scalars(select(Level))}
    assert levels["district"].is_optional
    assert levels["village"].entered_by == "commune"
    assert [t["key"] for t in levels["village"].types] == ["thon", "lang", "to_dan_pho"]
    assert session.get_one(Phase, "event").is_the_day
    assert session.get_one(EvidenceType, "photo").needs is Needs.PICTURE


def test_what_a_catalogue_says_no_more_is_as_it_is_by_itself(session, folder):
    spoil(folder, "units.toml", "is_optional = true\n", "")
    spoil(folder, "templates.toml", "is_the_day = true\n", "")

    import_catalog(session, read_catalog(folder), now=NOW)

    assert session.scalars(select(Level).where(Level.is_optional)).all() == []
    assert session.scalars(select(Phase).where(Phase.is_the_day)).all() == []


# as computed for these two items before templates said which items are plans
DIGEST_OF_BEFORE = "46e87b2c280d9833a9bd4b892289217edc787a3cc39d8cbcf04a47310b761c66"
ITEM = {
    "key": "plan_a",
    "title_vi": "Kế hoạch",
    "title_en": "Plan",
    "phase": "direct",
    "anchor": "day",
    "offset_days": -7,
    "levels": ["commune"],
    "cascade": "each",
    "role": "r",
    "evidence": ["tick"],
    "evidence_min": 0,
    "weight": 1,
    "required": True,
    "shift": "prev",
    "if_no_district": "commune",
}
OTHER_ITEM = ITEM | {"key": "b", "level_end_offsets": {"commune": 3}, "end_offset_days": 1}
OF_TEMPLATE = {
    "key": "t",
    "kind": "observance",
    "title_vi": "T",
    "title_en": "T",
    "anchor": "day",
    "generate_ahead_days": 1,
    "owner_role": "r",
}


def test_the_digest_of_a_template_is_the_one_of_before():
    entry = TemplateEntry.model_validate(OF_TEMPLATE | {"item": [ITEM, OTHER_ITEM]})

    assert _digest(entry) == DIGEST_OF_BEFORE


def test_a_template_of_a_database_of_before_gets_no_new_version(session, catalog):
    today = _digests(session)
    _as_migrated(session, catalog)
    assert _digests(session) != today

    result = import_catalog(session, catalog, now=NOW)

    assert (result.added, result.updated, result.kept) == (0, 0, [])
    assert _digests(session) == today


def test_another_plan_in_a_template_is_another_version(session, folder):
    spoil(folder, "templates.toml", "is_plan = true\n", "")

    import_catalog(session, read_catalog(folder), now=NOW)

    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    plans = [
        item.is_plan
        for version in template.versions
        for item in version.items
        if item.key == "plan_province"
    ]
    assert plans == [True, False]


def _digests(session) -> dict[int, str]:
    return {version.id: version.digest for version in session.scalars(select(TemplateVersion))}


def _as_migrated(session, catalog) -> None:
    """Let the rows be those of a database of before, in which a migration filled new columns."""
    for model, newer in _NEWER.items():
        for row in session.scalars(select(model)):
            row.catalog_base = {k: v for k, v in row.catalog_base.items() if k not in newer}
    entries = {entry.key: entry for entry in worded(catalog).templates.template}
    for version in session.scalars(select(TemplateVersion)):
        version.digest = _digest(entries[version.template.key], with_plans=False)
    session.flush()


def _as_it_was_before(path: Path) -> None:
    """Write a file without the keys that came later, with the name that one had, and with the words
    of a province as they stood there.
    """
    newer = r"(?ms)^(is_optional|code_digits|together_\w+|entered_by|issuer|is_the_day|sums_up|late_workdays|needs|issues_papers|is_plan) = .*?\n|^types = \[.*?^\]\n"
    text = re.sub(newer, "", path.read_text(encoding="utf-8"))
    for place, word in (("{of_type}", "provincial"), ("{Of_type}", "Provincial")):
        text = text.replace(place, word)
    text = re.sub(r"(?m)^(\w+_en = .*)\{type\}", r"\1province", text.replace("{Type}", "Province"))
    text = text.replace("{type}", "tỉnh")
    path.write_text(text.replace("if_no_level", "if_no_district"), encoding="utf-8")


def test_a_version_that_people_made_is_not_replaced(session, folder):
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    session.add(TemplateVersion(template_id=template.id, number=2, created=NOW, digest=""))
    session.flush()
    session.expire(template)
    spoil(folder, "templates.toml", "offset_days = -28", "offset_days = -45")

    import_catalog(session, read_catalog(folder), now=NOW)

    session.expire(template)
    assert [version.number for version in template.versions] == [1, 2]


def test_a_failed_import_leaves_nothing_behind(blank_engine, catalog, monkeypatch):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    monkeypatch.setattr("events.catalog.importing._import_calendar", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError), factory.begin() as session:
        import_catalog(session, catalog, now=NOW)

    with factory() as session:
        assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_the_days_off_of_2026_and_2027_are_the_announced_ones(blank_engine):
    Base.metadata.create_all(blank_engine)
    with create_session_factory(blank_engine).begin() as session:
        import_catalog(session, read_catalog(), now=NOW)
        calendar = work_calendar(session)
        sources = session.scalars(
            select(CalendarDay.source).where(CalendarDay.day >= date(2027, 1, 1))
        )
        assert all(sources)

    assert calendar.is_decided(2027)
    year = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    off = {day: why for day in year if (why := calendar.day_off(day)) and why.cause != "weekend"}
    assert {day for day in off if day.month == 2} == {date(2027, 2, day) for day in range(4, 11)}
    assert {day for day in off if day.month == 9} == {date(2027, 9, day) for day in range(2, 6)}
    assert not any(why.provisional for why in off.values())
    assert calendar.day_off(date(2026, 11, 24)) == DayReason(Cause.HOLIDAY, CULTURE_DAY)
    # whether a weekend is made up for is still open: a Saturday in 2029
    assert calendar.day_off(date(2029, 11, 26)) == DayReason(
        Cause.IN_LIEU_OF, CULTURE_DAY, provisional=True
    )


def test_what_was_announced_later_is_not_known_on_a_day_before():
    catalog = read_catalog()

    before, after = (catalog.as_known_on(day).calendar for day in (MID_2026, date(2026, 10, 2)))

    assert 2027 not in {entry.year for entry in before.tet_break}
    assert (before.holiday_break, before.proposed_holiday[0].status) == ([], "announced")
    assert after == catalog.calendar


def test_the_2021_action_month_has_its_2021_name(session):
    month = session.scalars(select(Observance).where(Observance.key == "gender_action_month")).one()

    assert month.title_in(2021).endswith("phòng ngừa, ứng phó với bạo lực trên cơ sở giới")
    assert month.title_in(2020).endswith("phòng, chống bạo lực trên cơ sở giới")


def test_what_the_catalogue_says_to_people_is_said_in_vietnamese(catalog):
    templates, days = catalog.templates.template, catalog.observances.observance
    notes = [
        entry.note
        for entry in (
            *templates,
            *days,
            *catalog.units.unit,
            *(item for one in templates for item in one.item),
        )
    ]
    sources = [
        entry.source for entry in (*catalog.calendar.swap, *catalog.calendar.proposed_holiday)
    ]

    told = [text for text in (*notes, *(entry.basis for entry in days), *sources) if text]

    assert [text for text in told if not re.search("[à-ỹđ]", text, re.IGNORECASE)] == []
