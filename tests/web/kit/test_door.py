"""What every address and every form is asked before a page sees it."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from events.errors import InvalidInputError
from events.models import Activity
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor
from web.kit.entries import LARGEST, id_of, number_of, page_of, year_of

WEB = Path(__file__).parents[3] / "web"


@pytest.mark.parametrize("number", [str(LARGEST + 1), "9" * 30, "-1", "٣", "１", "1.5"])
def test_a_number_that_no_database_holds_is_no_address(
    stranger: Visitor, opened: Opened, number: str
):
    assert stranger.get(f"/viec/{number}").status_code == 404


def test_the_largest_number_is_asked_for_and_not_found(signed_in, cast: Cast, opened: Opened):
    assert signed_in(cast.thi).get(f"/viec/{LARGEST}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"), [("/don-vi/a%00b", 404), ("/don-vi/?q=a%00b", 400), ("/?thang=%00", 400)]
)
def test_the_character_zero_is_refused_in_addresses(
    stranger: Visitor, opened: Opened, path: str, status: int
):
    assert stranger.get(path).status_code == status


def test_the_character_zero_is_refused_in_forms(stranger: Visitor, opened: Opened):
    assert stranger.post("/ngon-ngu", language="e\0n").status_code == 400


def test_an_activity_of_control_characters_alone_has_no_title(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    page = signed_in(cast.thi)
    form = {"day": "2021-03-20", "from": "08:00", "until": "10:00"}

    address = f"/chien-dich/{opened.commune.uid}/hoat-dong/moi"

    assert page.post(address, summary="\x01\x02", **form).status_code == 400
    assert page.post(address, summary="Tọa đàm\x01", **form).status_code == 303
    assert [one.summary for one in session.query(Activity)] == ["Tọa đàm"]


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", "²", "2147483648", "9" * 5000])
def test_what_is_no_id_is_none(text: str):
    assert id_of(text) is None


def test_pages_read_no_number_themselves():
    """What people type goes through the readers of web/kit/entries.py, which know its bounds."""
    itself = re.compile(r"type=int|coerce=int|coerce=float|\b(?:int|float)\((?:request|form)\b")
    found = [
        f"{file.name}: {line.strip()}"
        for file in WEB.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if itself.search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("text", "page"), [("", 1), ("0", 1), ("-1", 1), ("x", 1), ("7", 7), ("9" * 40, 1)]
)
def test_a_page_of_a_list_is_one_that_can_be(text, page):
    assert page_of(text) == page
    assert page_of("99999999") == 10_000


def test_numbers_are_as_large_as_a_column():
    assert id_of("2147483647") == number_of("2.147.483.647") == LARGEST
    with pytest.raises(InvalidInputError, match="too large"):
        number_of("2147483648")


@pytest.mark.parametrize("text", ["1899", "2101", "x", "٢٠٢١"])
def test_a_year_in_an_address_is_one_that_the_tables_know(text: str):
    assert year_of("") is None
    with pytest.raises(InvalidInputError, match="is not a year"):
        year_of(text)
