"""The paragraphs of a letter, as a page gives them or wrapped by a PDF: with their bullets, and in
one piece again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LONGEST_QUOTE = 500  # characters
_FULL = 0.75  # of the widest line: a line that long was broken by the page, not by its author
_NARROWEST_PAGE, _WIDEST_PAGE = 40, 130  # characters; a wider line is a paragraph in one piece
_PAGE_NUMBER = re.compile(
    r"\n(?:[ ]*\n)?[ ]*(?:trang[ ]+)?[-–]?[ ]*\d{1,3}(?:/\d{1,3})?[ ]*[-–]?[ ]*\n(?:[ ]*\n)?",
    re.IGNORECASE,
)
_BULLET = re.compile(
    r"\s*(?:(?P<dash>[-–—•●▪■◦*+·])"
    r"|(?P<deep>\d{1,2}(?:\.\d{1,2})+)[.)]?(?=\s)"
    r"|(?P<number>\d{1,2})(?P<after>[.)/])(?!\d)"
    r"|(?P<roman>[IVX]{1,5})[.)](?=\s|$)"
    r"|(?P<letter>[a-zđ])\)(?=\s|$))\s*"
)
_ENDED = re.compile(r"[.:;!?…”»\"]\s*$|[.]/[.]\s*$")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph without its bullet. ``style`` tells what kind of bullet it had, ``number`` the
    number in it.
    """

    text: str
    style: str = ""
    number: int = 0

    @classmethod
    def of(cls, line: str) -> "Paragraph":
        found = _BULLET.match(line)
        if found is None:
            return cls(line.strip())
        rest = line[found.end() :].strip()
        if found["number"]:
            return cls(rest, f"number{found['after']}", int(found["number"]))
        if found["deep"]:
            return cls(rest, f"deep{found['deep'].count('.')}", int(found["deep"].split(".")[-1]))
        return cls(rest, next(name for name, got in found.groupdict().items() if got))

    @property
    def is_aside(self) -> bool:
        return self.text.startswith("(") and self.text.endswith((")", ")."))

    @property
    def opens_list(self) -> bool:
        return self.text.endswith(":")

    def follows(self, other: "Paragraph") -> bool:
        """Tell whether it is the next point of the list in which ``other`` is one."""
        return self.style == other.style and (not self.style or self.number in numbers_after(other))


def numbers_after(one: Paragraph) -> tuple[int, ...]:
    """Return the numbers that the next point of a list may have."""
    return (one.number + 1,) if one.number else (0,)


def paragraphs_of(text: str) -> Iterator[Paragraph]:
    """Return the paragraphs, those that a page broke into lines put together again."""
    lines = [line.strip() for line in _PAGE_NUMBER.sub("\n", text).splitlines()]
    widths = [len(line) for line in lines if len(line) <= _WIDEST_PAGE]
    full = max(_NARROWEST_PAGE, _FULL * max(widths, default=0))
    parts: list[str] = []
    was_blank = False
    for line in lines:
        if line and parts and not _goes_on(parts, line, full, was_blank=was_blank):
            yield Paragraph.of(" ".join(parts))
            parts = []
        parts += [line] if line else []
        was_blank = not line
    if parts:
        yield Paragraph.of(" ".join(parts))


def _goes_on(parts: Sequence[str], line: str, full: float, *, was_blank: bool) -> bool:
    """Tell whether a line continues the paragraph whose lines are ``parts``."""
    paragraph = " ".join(parts)
    if _BULLET.fullmatch(paragraph):
        return True
    if _BULLET.match(line):
        return False
    if _is_quote_open(paragraph):
        return True
    if _ENDED.search(paragraph):
        return False
    if line[0].islower():
        return True
    if was_blank or paragraph.isupper() != line.isupper():
        return False
    return paragraph.isupper() or len(parts[-1]) >= full


def _is_quote_open(text: str) -> bool:
    opened = text.count("“") - text.count("”")
    return len(text) <= _LONGEST_QUOTE and (
        (opened > 0 and opened % 2 == 1) or text.count('"') % 2 == 1
    )
