"""The themes, letters and legal bases that are known stand in the shipped catalogue."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.errors import CatalogError
from events.models import CalendarDay, LegalBasis, Observance
from events.observances.occurrences import describe
from events.observances.printed import of_year
from events.observances.yearly_themes import announce_theme
from events.working_calendar import work_calendar
from tests.events.catalog.test_catalog import folder, spoil

__all__ = ["folder"]

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)
FACTS = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "themes.toml").read_text(encoding="utf-8")
)
PROGRAMME_TO_2025 = "2232/QĐ-TTg"
STRATEGY_TO_2030 = "28/NQ-CP"


@pytest.fixture
def observances(session) -> dict[str, Observance]:
    return {one.key: one for one in session.scalars(select(Observance))}


def _named(fact: Mapping[str, Any]) -> str:
    return f"{fact['observance']} {fact.get('year', fact.get('number'))}"


@pytest.mark.parametrize("fact", FACTS["theme"], ids=_named)
def test_a_known_theme_is_in_the_catalogue_with_its_source(observances, fact):
    theme = observances[fact["observance"]].theme_in(fact["year"])

    assert theme.theme_vi == fact["theme_vi"]
    assert theme.source
    assert theme.is_second_hand == ("was not seen" in fact["source"])


@pytest.mark.parametrize("fact", FACTS["letter"], ids=_named)
def test_a_known_letter_stands_with_the_theme_that_it_announced(observances, fact):
    theme = observances[fact["observance"]].theme_in(fact["year"])

    letter = (theme.letter_number, theme.letter_date, theme.letter_issuer)
    assert letter == (fact["number"], fact["date"], fact["issuer"])
    assert fact["source"].split(",")[0].split(";")[0] in theme.source


@pytest.mark.parametrize("fact", FACTS["basis"], ids=_named)
def test_a_known_legal_basis_is_in_force_in_its_years_and_in_no_other(observances, fact):
    rows = {row.number: row for row in observances[fact["observance"]].bases}
    row, (first, last) = rows[fact["number"]], fact["valid"]

    assert (row.dated, row.title) == (fact["date"], fact["title"])
    assert [row.is_in_force(year) for year in (first - 1, first, last, last + 1)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "fact",
    [fact for fact in FACTS["decided"] if "first_day_off" in fact],
    ids=lambda it: it["what"],
)
def test_a_break_that_was_decided_has_exactly_its_days_off_and_none_is_a_guess(session, fact):
    import_catalog(session, read_catalog(), now=NOW)
    calendar, first, last = work_calendar(session), fact["first_day_off"], fact["last_day_off"]

    days = [first + n * A_DAY for n in range((last - first).days + 1)]

    assert all(calendar.day_off(day) and not calendar.is_guess(day) for day in days)
    assert calendar.is_decided(first.year)
    assert [calendar.is_working(day) for day in (first - A_DAY, last + A_DAY)] == [True, True]
    sources = select(CalendarDay.source).where(CalendarDay.day.in_(days))
    assert all(session.scalars(sources))


@pytest.mark.parametrize(
    "fact", [fact for fact in FACTS["decided"] if "in_force" in fact], ids=lambda it: it["what"]
)
def test_a_day_that_became_law_is_law_while_nobody_decided_that_it_is_made_up_for(fact):
    [entry] = [one for one in read_catalog().calendar.proposed_holiday if one.name in fact["what"]]

    assert (entry.status, entry.in_force) == ("enacted", fact["in_force"])
    assert entry.compensation == "announced"
    assert entry.source.split(" của ")[0].replace(" số", "") in fact["source"]


def test_the_slogans_of_2019_that_were_found_stand_with_their_letter(observances):
    theme = observances["gender_action_month"].theme_in(2019)

    assert len(theme.slogans) == len(set(theme.slogans)) == 13
    assert theme.slogans[4] == "Chấm dứt bạo lực, vun đắp yêu thương"
    assert not any(slogan.endswith((".", "…")) for slogan in theme.slogans)
    assert theme.letter_number == "3304/LĐTBXH-BĐG"


def test_the_law_of_2022_is_named_from_the_first_month_after_it_was_in_force(observances):
    month, number = observances["dv_action_month"], "13/2022/QH15"
    [law] = [basis for basis in month.bases if basis.number == number]

    assert "01/7/2023" in law.source
    assert [law.is_in_force(year) for year in (2023, 2024)] == [False, True]


@pytest.mark.parametrize("year", range(2026, 2030))
def test_the_action_month_rests_on_what_is_in_force_in_its_year(observances, year):
    month = observances["gender_action_month"]

    bases = of_year(month, year).bases

    assert bases[0] == (
        "Nghị quyết 28/NQ-CP ngày 03/3/2021 "
        "(Chiến lược quốc gia về bình đẳng giới giai đoạn 2021-2030)"
    )
    assert not any(PROGRAMME_TO_2025 in basis for basis in bases)
    assert PROGRAMME_TO_2025 not in describe(month, year)
    assert STRATEGY_TO_2030 in describe(month, year)


def test_a_year_whose_programmes_have_all_ended_names_none(observances):
    month = observances["gender_action_month"]

    assert of_year(month, 2031).bases == ()
    assert "Căn cứ" not in describe(month, 2031)


@pytest.mark.parametrize("year", range(2015, 2100))
def test_no_anniversary_is_printed_where_the_catalogue_says_it_is_not_counted(observances, year):
    uncounted = [one for one in observances.values() if "không nêu số năm" in (one.note or "")]

    assert [one.key for one in uncounted] == ["intl_day_evaw"]
    for one in uncounted:
        assert of_year(one, year).anniversary is None
        assert "Kỷ niệm" not in describe(one, year)


def test_a_theme_whose_letter_nobody_saw_is_marked_in_the_calendar(observances):
    happiness = observances["intl_happiness_day"]

    assert "Chủ đề: Hạnh phúc cho mọi gia đình (chưa thấy văn bản của bộ)." in describe(
        happiness, 2026
    )
    assert "Chủ đề: Hạnh phúc cho mọi người." in describe(happiness, 2025)


def test_a_basis_that_was_ended_here_stays_ended_when_the_catalogue_comes_again(session, catalog):
    strategy = session.scalars(select(LegalBasis).where(LegalBasis.number == "28/NQ-CP")).one()
    strategy.to_year = 2027

    result = import_catalog(session, catalog, now=NOW)

    assert strategy.to_year == 2027
    assert [kept.endswith("'28/NQ-CP'): to_year") for kept in result.kept] == [True]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('observance = "gender_action_month"\nkind', 'observance = "x"\nkind', "unknown obs"),
        ("to_year = 2030", "to_year = 2020", "ends in 2020, before it begins in 2021"),
        ('number = "1790/QĐ-TTg"', 'number = "28/NQ-CP"', "stands twice"),
    ],
)
def test_a_basis_that_cannot_be_is_refused_with_its_line(folder, old, new, reason):
    spoil(folder, "observances.toml", old, new)

    with pytest.raises(CatalogError, match=rf"observances\.toml:\d+, .*{reason}"):
        read_catalog(folder)


def test_slogans_of_a_letter_that_were_not_found_are_called_so_until_somebody_enters_others(
    session, observances
):
    month = observances["gender_action_month"]
    theme = month.theme_in(2019)

    assert of_year(month, 2019).slogans_missing == theme.slogans_missing == 2
    lines = [*theme.slogans, "Một", "Hai"]
    announce_theme(session, month, 2019, theme.theme_vi, lines, now=NOW, by=None)

    assert of_year(month, 2019).slogans_missing == 0
