"""The sentences of an official paper, as people paste them out of a letter or a PDF.

A PDF wraps a sentence anywhere, a list stands under a heading that says whom it is about, and an
article numbers its points. Pure: text in, sentences out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from events.words.texts import nfc

# not behind the letter or the number of a point
_SENTENCE_END = re.compile(
    r"[\n;]+|(?:(?<=\D)(?<!^\w)|(?<=\d{4})|(?<=[/.-]\d)|(?<=[/.-]\d\d))\.\s+(?=\D)"
)
_NUMBERED = re.compile(r"(?:\d{1,2}|[a-zđ])\s*[.)]\s")
_ADDRESSED = re.compile(r"kính gửi\b", re.IGNORECASE)  # it ends where the matter begins
_THE_MATTER = re.compile(r"(?:được |các )?(?:nghỉ|hoán đổi|đi làm|làm bù)\b")
_ENDS = (".", ";", ":")
_LEADS_ON = re.compile(r"\b(?:ngày|tháng|năm|thứ|chủ|từ|đến|tới|hết|và|là)$", re.IGNORECASE)
_BULLETS = "-–•+*"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence on one line. ``under``: the heading of the list that it stands in, or empty."""

    text: str
    under: str = ""


def sentences(text: str) -> Iterator[Sentence]:
    """Return the sentences of ``text`` in order, without empty ones."""
    heading = ""
    for line in _unwrapped(nfc(text).splitlines()):
        under = heading if line[0] in _BULLETS else ""
        for part in _SENTENCE_END.split(line):
            said = " ".join(part.split()).strip(f" .,{_BULLETS}")
            if said:
                yield Sentence(said, under)
        if not under:
            heading = line if line.endswith(":") else ""


def _unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Return lines as they were before a PDF wrapped them."""
    whole = ""
    for line in filter(None, (one.strip() for one in lines)):
        if whole and _goes_on(whole, line):
            whole = f"{whole} {line}"
            continue
        if whole:
            yield whole
        whole = line
    if whole:
        yield whole


def _goes_on(before: str, line: str) -> bool:
    """Tell whether a line is the rest of the one before: that one has no end, and this one begins
    in small letters, with a number, or within brackets that are still open.
    """
    if before.endswith(_ENDS) or _NUMBERED.match(line):
        return False
    if _ADDRESSED.match(before) and _THE_MATTER.match(line):
        return False
    is_open = before.count("(") > before.count(")") and ")" in line.partition("(")[0]
    return line[0].islower() or line[0].isdigit() or is_open or bool(_LEADS_ON.search(before))
