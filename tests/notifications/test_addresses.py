"""Names and addresses that nobody can smuggle a header or a command in by."""

import pytest

from events.errors import InvalidInputError
from notifications.addresses import checked_address, checked_name, is_one_line


@pytest.mark.parametrize(
    "address",
    [
        "thi@example.org",
        "a.b+c'd!#$%&*/=?^_`{|}~-1@mail.quang-ngai.example.org",
        "vanthu@localhost",
        f"{'a' * 64}@{'b' * 63}.{'c' * 63}",
    ],
)
def test_a_plain_address_is_taken_as_it_is(address: str):
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "thi",
        "@example.org",
        "thi@",
        "thi@example.",
        "thi@.example.org",
        "thi@example..org",
        "thi@exam_ple.org",
        "thi@hoa@example.org",
        "đạt@example.org",
        "Thi <thi@example.org>",
        "thi@example.org\n",
        "thi@example.org\r\nBcc: la@example.org",
        f"{'a' * 65}@example.org",
        f"thi@{'b' * 64}.org",
        f"thi@example.{'c' * 64}",
    ],
)
def test_what_is_no_plain_address_gets_no_mail(address: str):
    with pytest.raises(InvalidInputError, match="No mail can be sent") as refused:
        checked_address(address)

    assert refused.value.facts == {"address": address}


def test_a_vietnamese_name_may_stand_in_a_header():
    assert checked_name("Y Ngọc – Sở VHTTDL") == "Y Ngọc – Sở VHTTDL"


@pytest.mark.parametrize(
    "mark", ["\0", "\n", "\r", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u2029"]
)
def test_a_line_break_or_another_control_character_may_not(mark: str):
    assert not is_one_line(f"Thi{mark}Bcc: la@example.org")
    with pytest.raises(InvalidInputError, match="one line of text"):
        checked_name(f"Thi{mark}")


@pytest.mark.parametrize("letter", [" ", "~", "\xa0", "Đ", "\u2027", "\u202a"])
def test_letters_beside_the_control_characters_may(letter: str):
    assert is_one_line(letter)
