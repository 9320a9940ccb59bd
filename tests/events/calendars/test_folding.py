"""Folds lie between the letters that people see."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.calendars.check.octets import octet_breaches
from events.calendars.folding import fold_between_letters
from events.calendars.ical import write_calendar
from tests.events.calendars.test_ical import HEAD, an_event

FAMILY = "👨‍👩‍👧"


def as_the_library_folds(line: str) -> bytes:
    """Return a line folded between characters, whatever these are."""
    physical, room = [b""], 75
    for octets in map(str.encode, line):
        if len(octets) > room:
            physical.append(b"")
            room = 74
        physical[-1] += octets
        room -= len(octets)
    return b"\r\n ".join(physical) + b"\r\n"


def unfolded(lines: bytes) -> str:
    return lines.replace(b"\r\n ", b"").decode()


def broken(lines: bytes) -> set[str]:
    found = octet_breaches(b"BEGIN:VCALENDAR\r\n" + lines + b"END:VCALENDAR\r\n")
    return {one.rule.key for one in found} & {"folded-mark", "folded-letter", "line-length"}


@pytest.mark.parametrize("before", range(50, 75))
@pytest.mark.parametrize("letter", [FAMILY, "❤\ufe0f", "x\u0323\u0302"])
def test_a_letter_of_several_characters_is_never_parted(letter: str, before: int):
    line = as_the_library_folds("SUMMARY:" + "a" * before + letter * 4)

    mended = fold_between_letters(line)

    assert unfolded(mended) == unfolded(line)
    assert all(one.encode() in mended for one in [letter])
    assert mended.count(letter.encode()) == 4
    assert broken(mended) == set()


@pytest.mark.parametrize("before", range(50, 75))
def test_a_backslash_stays_with_what_it_escapes(before: int):
    line = as_the_library_folds("SUMMARY:" + "a" * before + f"\\,\\n{FAMILY}\\;{FAMILY}\\\\,")

    mended = fold_between_letters(line)

    assert b"\\\r\n " not in mended.replace(b"\\\\", b"")
    assert unfolded(mended) == unfolded(line)


def test_lines_that_part_no_letter_stay_as_they_are():
    line = as_the_library_folds("DESCRIPTION:" + "Ngày Gia đình Việt Nam ế " * 20)

    assert fold_between_letters(line) == line


@given(
    st.lists(
        st.text("aế\u0301\u0323\u200d\ufe0f👨👩\\,;", min_size=1, max_size=150),
        min_size=1,
        max_size=4,
    )
)
def test_any_lines_keep_their_text_and_their_length(texts: list[str]):
    lines = b"".join(
        as_the_library_folds("X:a" + unicodedata.normalize("NFC", text)) for text in texts
    )

    mended = fold_between_letters(lines)

    assert unfolded(mended) == unfolded(lines)
    assert broken(mended) == set()


@pytest.mark.parametrize("before", range(4))
def test_calendars_are_folded_between_letters(before: int):
    event = an_event(summary="a" * before + FAMILY * 20, description="\\,;\n" * 40)

    assert broken(write_calendar(HEAD, [event])) == set()
