"""The head of a ministry's letter: its number and date, who issued it, the year it speaks of."""

import re
from collections.abc import Sequence
from datetime import date

from events.observances.letter_paragraphs import Paragraph

_LONGEST_HEAD = 40  # lines in which the number stands, if the head was pasted at all
_A_LOOK_BACK = 150  # characters
_NUMBER = re.compile(r"\bSố\s*:?\s*(\d{1,6})\s*/\s*([A-ZĐ0-9][A-ZĐƯƠ0-9&\-]*[A-ZĐƯƠ0-9])")
_NAMED_NUMBER = re.compile(
    r"\b(?:[Cc]ông văn|[Vv]ăn bản)(?:\s+số)?\s+(\d{1,6})\s*/\s*"
    r"([A-ZĐ0-9][A-ZĐƯƠ0-9&\-]*[A-ZĐƯƠ0-9])"
    r"(?:,?\s*ngày\s+(\d{1,2})[/.](\d{1,2})[/.](\d{4}))?"
)
_SLASHED = re.compile(r"\b(\d{1,2})\s*/\s*(\d{1,2})\s*/\s*(20\d\d)\b")
_DATED = re.compile(r"\bngày\s*(\d{1,2})\s*tháng\s*(\d{1,2})\s*năm\s*(\d{4})", re.IGNORECASE)
_ISSUER = re.compile(r"(?:BỘ|ỦY BAN|UỶ BAN|UBND|BAN|SỞ|CỤC|VỤ|HỘI|TỔNG) ")
_STATE = re.compile(r"\s*(?:CỘNG HÒA|CỘNG HOÀ|ĐẢNG CỘNG SẢN).*")
_NAME_BEGINS = re.compile(r"(?:^|(?<=^bộ )|(?<=, )|(?<= - )|(?<= và ))\w")
_OTHER_YEARS = re.compile(
    r"giai đoạn\s+\d{4}(?:\s*[-–]\s*\d{4})?|(?:đến|tới|hết)\s+năm\s+\d{4}"
    r"|tháng\s+\d{1,2}\s+năm\s+\d{4}",
    re.IGNORECASE,
)


def number_and_date(text: str) -> tuple[str | None, date | None]:
    """Return number and date from the head of a letter, or of the letter that a text speaks of."""
    spelled = _DATED.search(text)
    if head := _NUMBER.search(text):
        return f"{head[1]}/{head[2]}", _day(*spelled.groups()) if spelled else None
    if named := _NAMED_NUMBER.search(text):
        before = list(_SLASHED.finditer(text, max(0, named.start() - _A_LOOK_BACK), named.start()))
        at = named.groups()[2:] if named[3] else (before[-1].groups() if before else None)
        return f"{named[1]}/{named[2]}", _day(*at) if at else None
    return None, _day(*spelled.groups()) if spelled else None


def _day(day: str, month: str, year: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def issuer_of(text: str) -> str | None:
    """Return who issued a letter, from the capitals at its head: the last before the number."""
    head = [line.strip() for line in _NUMBER.split(text)[0].splitlines()]
    names: list[str] = []
    for line in (_STATE.sub("", line).strip(" -–_*") for line in head):
        if names and line.isupper() and (line.startswith("VÀ ") or names[-1].endswith((",", "-"))):
            names[-1] += f" {line}"
        elif _ISSUER.match(line) and line.isupper():
            names.append(line)
    return _cased(names[-1]) if names and len(head) < _LONGEST_HEAD else None


def _cased(name: str) -> str:
    """Return a name in capitals as it is written: "Bộ Văn hóa, Thể thao và Du lịch"."""
    low = " ".join(name.lower().split())
    return _NAME_BEGINS.sub(lambda found: found[0].upper(), low)


def year_of(paragraphs: Sequence[Paragraph], dated: date | None) -> int | None:
    """Return the year that a letter speaks of: its own or the next, if it has a date."""
    text = " ".join(one.text for one in paragraphs)
    text = _OTHER_YEARS.sub(" ", _DATED.sub(" ", text))
    spelled = [int(year) for year in re.findall(r"\bnăm\s+(20\d\d)\b", text, re.IGNORECASE)]
    slashed = [int(found[3]) for found in _SLASHED.finditer(text)]
    if dated is None:
        return next(iter(spelled or slashed), None)
    near = [year for year in (*spelled, *slashed) if year in (dated.year, dated.year + 1)]
    return near[0] if near else dated.year
