"""A city under central authority is nowhere called a province, and a province nowhere a city."""

import re
from datetime import UTC, datetime

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import String, Text, select, type_coerce

from events.campaigns.opening import open_campaigns
from events.campaigns.other_kinds import get_kind, open_on
from events.catalog.choosing import catalog_here, choose_province
from events.catalog.country import find_province, provinces
from events.catalog.importing import import_catalog
from events.catalog.reading import SHIPPED, read_catalog
from events.catalog.wording import worded
from events.database.sessions import Base
from events.models import Level, Role, Template, TemplateVersion, Unit
from events.templates.editing import edit_template, get_template, item_entry
from events.units.office import office_of
from events.words.language import TRANSLATIONS

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
OF_A_PROVINCE = re.compile(r"(?<!Đảng )\btỉnh\b|\bprovinc", re.IGNORECASE)
# the old units of before July 2025 were provinces, and laws are called what they are called
NAMES_AND_LAWS = {"unit", "legal_basis"}
# what is the same everywhere, since it speaks of all 34
OF_ALL = re.compile(r"tỉnh, thành phố|province or city|provinces? (?:and|or) cit", re.IGNORECASE)
OF_ALL_SENTENCES = {
    "another province can only be chosen": "of the others",
    "There is no province": "of those that there are",
    "`sumvay province list`": "the name of a command",
    "Begun: %(province)s.": "the name of a fact",
    "Provinces": "the heading of the list",
    "With what it is by law in front": "of a province that becomes a city",
}


def texts(session):
    """Yield every text that the database of an installation holds, with the table it stands in."""
    for table in Base.metadata.sorted_tables:
        columns = [
            column
            for column in table.c
            if isinstance(column.type, (String, Text))
            and not column.name.endswith(("key", "if_no_level"))
        ]
        for column in columns:
            said = select(type_coerce(column, String)).where(column.is_not(None)).distinct()
            yield from ((table.name, column.name, text) for text in session.scalars(said))


def open_everything(session, vietnam):
    for template in session.scalars(select(Template)).all():
        template.enabled = True
    open_campaigns(session, now=NOW, calendar=vietnam)
    for template in session.scalars(select(Template)).all():
        if template.observance_id is None and not template.cutoffs:
            who = {"by": None, "now": NOW, "calendar": vietnam}
            open_on(session, get_kind(session, template.key), NOW.date(), **who)
    session.flush()


@pytest.mark.parametrize("name", ["Hà Nội", "Cần Thơ"])
def test_a_city_is_called_a_city_in_every_text_of_its_installation(session, catalog, vietnam, name):
    choose_province(session, catalog, find_province(name), now=NOW)
    open_everything(session, vietnam)

    wrong = [
        (table, column, text)
        for table, column, text in texts(session)
        if table not in NAMES_AND_LAWS and OF_A_PROVINCE.search(text)
    ]

    assert wrong == []
    level = session.get(Level, "province")
    assert (level.title_vi, level.title_en) == ("Cấp thành phố", "City")
    assert session.get(Role, "ubnd_tinh").title_en == "Municipal People's Committee"


def test_a_province_is_called_a_province_and_no_placeholder_is_left(session, catalog, vietnam):
    open_everything(session, vietnam)

    said = {text for _table, _column, text in texts(session)}

    assert "Ban hành kế hoạch tổ chức cấp tỉnh" in said
    assert "Provincial People's Committee" in said
    assert not [text for text in said if "{type}" in text.lower() or "{of_type}" in text.lower()]


def test_no_sentence_of_the_pages_takes_the_installation_for_a_province():
    with (TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        spoken = [(one.id, one.string) for one in read_po(file) if one.id]
    wrong = [
        (msgid, told)
        for msgid, told in spoken
        for sentence in map(str, (msgid, told))
        if OF_A_PROVINCE.search(OF_ALL.sub("", re.sub(r"%\(\w+\)s", "", sentence)))
        and not any(allowed in str(msgid) for allowed in OF_ALL_SENTENCES)
    ]

    assert wrong == []


def test_no_template_and_no_sentence_of_the_pages_names_a_place():
    """Each of the 34 provinces reads them all."""
    templates = SHIPPED / "templates.toml"
    with (TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        spoken = [text for one in read_po(file) if one.id for text in (one.id, one.string)]
    said = "\n".join([templates.read_text(encoding="utf-8"), *map(str, spoken)])
    named = {name for each in provinces() for name in (each.full_name, *each.made_from)}
    places = {name.removeprefix("Tỉnh ").removeprefix("Thành phố ") for name in named} | {"Đăk Hà"}
    places -= {"Hồ Chí Minh"}  # whose name the Youth Union bears

    assert len(places) > 60
    assert sorted(place for place in places if re.search(rf"\b{place}\b", said)) == []


def test_a_new_installation_of_a_city_begins_with_the_first_version_of_its_templates(
    session, catalog
):
    choose_province(session, catalog, find_province("01"), now=NOW)

    numbers = set(session.scalars(select(TemplateVersion.number)))
    again = import_catalog(session, catalog_here(session, catalog), now=NOW)

    assert numbers == {1}
    assert not again.changed


def test_what_somebody_edited_before_another_province_was_chosen_stays(session, catalog, cast):
    template = get_template(session, "happiness_day")
    entries = [item_entry(item) for item in template.current.items][:3]
    edit_template(session, template, entries, by=cast.hoa, now=NOW)
    before = len(template.versions)
    from events.catalog.choosing import _forget_versions

    _forget_versions(session)
    session.expire_all()

    assert len(get_template(session, "happiness_day").versions) == before
    assert get_template(session, "vn_family_day").versions == []


def test_a_province_that_becomes_a_city_is_called_one_at_the_next_import(session, catalog):
    old = session.scalars(select(Unit).where(Unit.key == "51-2025")).one()
    old.full_name, old.type, old.catalog_base = "Thành phố Quảng Ngãi", "thanh_pho", None

    import_catalog(session, catalog, now=NOW)

    assert session.get(Role, "ubnd_tinh").title_vi == "UBND thành phố"
    assert office_of(session).committee is None


def test_a_kind_without_english_words_is_called_as_in_vietnamese():
    shipped = read_catalog()
    [level, *others] = shipped.units.level
    plain = [kind.model_copy(update={"title_en": None, "of_it_en": None}) for kind in level.types]
    levels = [level.model_copy(update={"types": plain}), *others]
    catalog = type(shipped)(
        shipped.units.model_copy(update={"level": levels}),
        shipped.templates,
        shipped.observances,
        shipped.calendar,
    )

    top = worded(catalog).units.level[0]

    assert (top.title_vi, top.title_en) == ("Cấp tỉnh", "Tỉnh")


def test_no_item_speaks_of_villages_to_a_ward_or_calls_a_ward_a_commune():
    """A ward has "tổ dân phố", a commune "thôn"; "cấp xã" and "cơ sở" are both."""
    of_one_kind = re.compile(r"\bthôn\b(?!, tổ dân phố)|(?<!cấp )\bxã\b(?! hội|, phường)")
    items = [item for one in read_catalog().templates.template for item in one.item]

    assert [item.title_vi for item in items if of_one_kind.search(item.title_vi)] == []
