"""What an observance is called, rests on and counts in a year."""

from datetime import date

import pytest

from events.days.recurrence import FixedDay
from events.models import LegalBasis, Observance, Theme, TitlePeriod
from events.models.observances import named_paper

OLD, OF_2021, NOW = "tên cũ", "tên năm 2021", "tên nay"
FAMILY = {
    "title_vi": "Ngày Gia đình Việt Nam",
    "rule": {"kind": "fixed_day", "month": 6, "day": 28},
}


@pytest.mark.parametrize(
    ("dated", "paper"),
    [
        (None, "28/NQ-CP"),
        (date(2021, 3, 3), "28/NQ-CP ngày 03/3/2021"),
        (date(2021, 2, 3), "28/NQ-CP ngày 03/02/2021"),
        (date(2020, 12, 31), "28/NQ-CP ngày 31/12/2020"),
    ],
)
def test_a_paper_is_dated_as_official_papers_date(dated, paper):
    assert named_paper("28/NQ-CP", dated) == paper


def test_an_observance_comes_round_by_its_rule():
    assert Observance(**FAMILY).recurrence == FixedDay(6, 28)


@pytest.mark.parametrize(
    ("year", "title"),
    [(2017, NOW), (2018, OLD), (2020, OLD), (2021, OF_2021), (2022, OF_2021), (2100, OF_2021)],
)
def test_a_year_has_the_title_that_was_official_in_it(year, title):
    month = Observance(
        title_vi=NOW,
        titles=[
            TitlePeriod(from_year=2018, to_year=2020, title_vi=OLD),
            TitlePeriod(from_year=2021, to_year=None, title_vi=OF_2021),
        ],
    )

    assert month.title_in(year) == title


def test_a_year_without_an_announcement_has_no_theme():
    theme = Theme(year=2026, theme_vi="Hạnh phúc cho mọi người")
    day = Observance(themes=[Theme(year=2025, theme_vi="Gia đình"), theme])

    assert (day.theme_in(2026), day.theme_in(2027)) == (theme, None)


@pytest.mark.parametrize(
    ("year", "papers"),
    [
        (2023, ("Luật 1",)),
        (2024, ("Luật 1", "Nghị định 76")),
        (2026, ("Luật 1", "Nghị định 76", "Quyết định 5")),
        (2027, ("Luật 1", "Nghị định 76", "Quyết định 5")),
        (2028, ("Luật 1", "Quyết định 5")),
    ],
)
def test_a_year_rests_on_what_always_holds_and_on_the_papers_in_force(year, papers):
    day = Observance(
        basis="Luật 1",
        bases=[
            LegalBasis(kind="Nghị định", number="76", from_year=2024, to_year=2027),
            LegalBasis(kind="Quyết định", number="5", from_year=2026, to_year=None),
            LegalBasis(kind="Công văn", number="9", from_year=None, to_year=2022),
        ],
    )

    assert day.bases_in(year) == papers


def test_an_observance_may_rest_on_nothing():
    assert Observance().bases_in(2026) == ()


def test_a_basis_is_named_with_its_kind_date_and_title():
    strategy = LegalBasis(kind="Nghị quyết", number="28/NQ-CP", dated=date(2021, 3, 3))
    assert strategy.words == "Nghị quyết 28/NQ-CP ngày 03/3/2021"

    strategy.title = "Chiến lược quốc gia"
    assert strategy.words == "Nghị quyết 28/NQ-CP ngày 03/3/2021 (Chiến lược quốc gia)"


@pytest.mark.parametrize(
    ("year", "number", "text"),
    [
        (2000, None, None),
        (2001, None, None),
        (2002, 1, None),
        (2006, 5, "Kỷ niệm 5 năm (2001–2006)"),
        (2026, 25, "Kỷ niệm 25 năm (2001–2026)"),
        (2027, 26, None),
    ],
)
def test_every_fifth_anniversary_is_marked(year, number, text):
    day = Observance(base_year=2001)

    assert (day.anniversary_in(year), day.anniversary_text(year)) == (number, text)


def test_an_event_that_is_held_again_is_numbered_every_year():
    fair = Observance(base_year=2015, anniversary="Lần thứ N, Ngày hội Nông dân")

    assert fair.anniversary_text(2026) == "Lần thứ 11, Ngày hội Nông dân"


def test_a_day_that_nobody_counts_has_no_anniversary():
    assert Observance().anniversary_text(2025) is None


@pytest.mark.parametrize(
    ("facts", "letter"),
    [
        ({}, None),
        ({"letter_number": "8935/BNV"}, "8935/BNV"),
        (
            {
                "letter_number": "8935/BNV",
                "letter_date": date(2025, 10, 3),
                "letter_issuer": "Bộ Nội vụ",
            },
            "8935/BNV ngày 03/10/2025 của Bộ Nội vụ",
        ),
    ],
)
def test_a_theme_names_the_letter_that_announced_it(facts, letter):
    assert Theme(**facts).letter == letter
