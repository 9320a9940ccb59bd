"""Read themes and slogans out of the letter of a ministry. Pure: text in, proposed themes out.

Letters come as paragraphs from a page or wrapped by a PDF, with slogans numbered, dashed, quoted or
one a line, and for several observances at once. What a paragraph is follows from how it begins and
ends; what is read is shown before anything is stored.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from events.observances.letter_head import issuer_of, number_and_date, year_of
from events.observances.letter_names import Names, plain_words
from events.observances.letter_paragraphs import Paragraph, numbers_after, paragraphs_of
from events.words.texts import nfc

_LEAST_QUOTED = 3  # characters
_LONGEST_HEADING = 200  # characters
_OPENING = 6  # paragraphs in which a letter says what it is about
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
_QUOTE = re.compile(r"[“«„\"‟]\s*([^“”«»„\"‟]{3,400}?)\s*[”»\"“]")
_THEME = re.compile(r"(?<!các )(?<!những )chủ đề", re.IGNORECASE)
_SLOGANS = re.compile(r"khẩu hiệu|thông điệp|slogan", re.IGNORECASE)
_SLOGANS_FIRST = re.compile(
    r"(?:(?:các|một số|những|nội dung|danh mục|hệ thống|bộ|gợi ý|hình thức)\s+)*"
    r"(?:khẩu hiệu|thông điệp|slogan)",
    re.IGNORECASE,
)
_LEVELS = {"roman": 0, "number.": 1, "number/": 1, "deep1": 2, "deep2": 3, "letter": 4}


@dataclass(frozen=True, slots=True)
class ReadTheme:
    """What a letter says of one observance; a theme that it does not name is None."""

    key: str
    theme: str | None
    slogans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter as it was understood; what it does not say is None."""

    number: str | None
    dated: date | None
    issuer: str | None
    year: int | None
    themes: tuple[ReadTheme, ...]


def read_letter(
    text: str, titles: Mapping[str, Sequence[str]], *, otherwise: str | None = None
) -> ReadLetter:
    """Read a letter. ``titles`` are what observances are called, by their keys; what belongs to
    none that the letter names belongs to ``otherwise``.
    """
    clean = _INVISIBLE.sub("", nfc(text).replace("\u00a0", " ").replace("\t", " "))
    number, dated = number_and_date(clean)
    paragraphs = list(paragraphs_of(clean))
    reading = _Reading(Names.of(titles), paragraphs, otherwise)
    reading.read()
    themes = tuple(
        ReadTheme(key, reading.themes.get(key), tuple(reading.slogans.get(key, ())))
        for key in titles
        if key in reading.themes or key in reading.slogans
    )
    return ReadLetter(number, dated, issuer_of(clean), year_of(paragraphs, dated), themes)


@dataclass(slots=True)
class _Reading:
    """A letter while it is read: paragraph by paragraph, knowing which observances it is about."""

    names: Names
    paragraphs: Sequence[Paragraph]
    otherwise: str | None
    themes: dict[str, str] = field(default_factory=dict)
    slogans: dict[str, list[str]] = field(default_factory=dict)
    about: list[str] = field(default_factory=list)
    about_level: int = 0
    of_letter: list[str] = field(default_factory=list)
    said_outright: set[str] = field(default_factory=set)
    heading: Paragraph | None = None  # of the list of slogans that is being read
    last: Paragraph | None = None  # the slogan before
    wants_theme: bool = False  # the heading was read, the theme stands below

    def read(self) -> None:
        opening = " ".join(one.text for one in self.paragraphs[:_OPENING])
        everything = " ".join(one.text for one in self.paragraphs)
        self.of_letter = self.names.in_text(opening) or self.names.in_text(everything)
        for one in self.paragraphs:
            if one.text and not self._goes_on_with_slogans(one):
                self._read(one)

    def _read(self, one: Paragraph) -> None:
        self.heading = self.last = None
        named = self.names.in_text(one.text)
        level = _LEVELS.get(one.style)
        if level is not None and level <= self.about_level:
            self.about = []
        if self._is_heading_of_slogans(one):
            self._open_slogans(one, named)
        elif _THEME.search(one.text):
            self._read_theme(one, named)
        elif self.wants_theme:
            self._read_theme_below(one, named)
        if named and level is not None and len(one.text) <= _LONGEST_HEADING:
            self.about, self.about_level = named, level

    def _is_heading_of_slogans(self, one: Paragraph) -> bool:
        if _SLOGANS.search(one.text) is None or len(one.text.split(":")[0]) > _LONGEST_HEADING:
            return False
        if one.opens_list:
            return True
        if _SLOGANS_FIRST.match(one.text) is None and not one.text.isupper():
            return False
        is_point = one.style != "dash" and not one.text.endswith((".", ";"))
        return ":" in one.text or is_point

    def _open_slogans(self, one: Paragraph, named: list[str]) -> None:
        self.wants_theme = False
        self.about = named or self.about
        inline = one.text.partition(":")[2].strip()
        if inline:
            self._keep_slogans(_split(inline))
        else:
            self.heading = one

    def _goes_on_with_slogans(self, one: Paragraph) -> bool:
        """Take a paragraph as the next slogan if it is one; tell whether it belongs to the list."""
        if self.heading is None:
            return False
        if one.is_aside:
            return True
        if one.opens_list:
            return self._names_the_next_list(one)
        if self.last is None:
            begins = one.style != self.heading.style or one.number not in numbers_after(
                self.heading
            )
            goes_on = begins or not one.style
        else:
            goes_on = one.follows(self.last)
            if not goes_on and not one.style and self.last.number:
                return True  # a remark between two numbered slogans
        if goes_on and not self._is_something_else(one):
            self._keep_slogans(_split_quotes(one.text))
            self.last = one
            return True
        return False

    def _names_the_next_list(self, one: Paragraph) -> bool:
        named = self.names.in_text(one.text) or self._named_in_short(one.text)
        if not named or _THEME.search(one.text):
            return False
        self.about, self.last = named, None
        self.heading = one
        return True

    def _is_something_else(self, one: Paragraph) -> bool:
        """Tell whether a paragraph without a bullet is prose, or one with a bullet a heading."""
        if _THEME.match(one.text) or _SLOGANS_FIRST.match(one.text):
            return True
        return not one.style and len(one.text) > _LONGEST_HEADING

    def _read_theme(self, one: Paragraph, named: list[str]) -> None:
        self.wants_theme = False
        if self._read_quoted_themes(one):
            return
        before, colon, after = one.text.partition(":")
        begins = _THEME.match(one.text) is not None
        if colon and after.strip() and _THEME.search(before):
            theme = re.split(r"[;.](?:\s|$)", after.strip())[0]
            self._keep_theme(theme, named, outright=begins)
        elif (begins or colon) and len(one.text) <= _LONGEST_HEADING and not one.text.endswith("."):
            self.about = named or self.about
            self.wants_theme = True

    def _read_theme_below(self, one: Paragraph, named: list[str]) -> None:
        """Read a theme that stands below its heading, or one of several with their observances."""
        quoted = _QUOTE.search(one.text)
        before, colon, after = one.text.partition(":")
        is_alone = len(one.text) <= _LONGEST_HEADING and not one.opens_list
        if quoted:
            self._keep_theme(quoted[1], named or self._named_in_short(before), outright=True)
        elif colon and after.strip() and (named or self._named_in_short(before)):
            whose = self.names.in_text(before) or self._named_in_short(before)
            self._keep_theme(after, whose, outright=True)
        elif is_alone and (not one.style or (one.style == "dash" and not named)):
            self._keep_theme(one.text, [], outright=True)
        self.wants_theme = bool(colon) and one.style in ("dash", "letter")

    def _named_in_short(self, text: str) -> list[str]:
        """Return the one observance of the letter that begins as a text does: "Tháng hành động"."""
        plain = plain_words(text)
        found = [
            key
            for key in self.of_letter
            if plain and any(f"{name} ".startswith(f"{plain} ") for name in self.names.words[key])
        ]
        return found if len(found) == 1 else []

    def _read_quoted_themes(self, one: Paragraph) -> bool:
        """Read every theme in quotation marks that stands behind its word, or before it."""
        found, begin = False, 0
        for quote in _QUOTE.finditer(one.text):
            before, behind = one.text[begin : quote.start()], one.text[quote.end() :]
            behind = _QUOTE.split(behind)[0]
            if _THEME.search(before):
                named = self.names.in_text(before) or self._named_behind(before, behind)
            elif _THEME.search(behind) and not found:
                named = self.names.in_text(behind)
            else:
                continue
            self._keep_theme(quote[1], named, outright=_THEME.match(one.text) is not None)
            found, begin = True, quote.end()
        return found

    def _named_behind(self, before: str, behind: str) -> list[str]:
        """Return what is named right behind a theme, where nothing before it was."""
        return [] if _THEME.search(behind) or self.about else self.names.in_text(behind)

    def _keep_theme(self, theme: str, named: list[str], *, outright: bool) -> None:
        text = _stripped(theme)
        for key in self._whose(named) if len(text) >= _LEAST_QUOTED else ():
            if key not in self.themes or (outright and key not in self.said_outright):
                self.themes[key] = text
            if outright:
                self.said_outright.add(key)

    def _keep_slogans(self, lines: Iterable[str]) -> None:
        for line in map(_stripped, lines):
            for key in self._whose([]) if len(line) >= _LEAST_QUOTED else ():
                known = self.slogans.setdefault(key, [])
                if line not in known:
                    known.append(line)

    def _whose(self, named: list[str]) -> list[str]:
        return named or self.about or self.of_letter or ([self.otherwise] if self.otherwise else [])


def _split(inline: str) -> list[str]:
    """Return the slogans that stand on one line, in quotation marks or between semicolons."""
    quoted = [quote[1] for quote in _QUOTE.finditer(inline)]
    return quoted or inline.split(";")


def _split_quotes(text: str) -> list[str]:
    """Return the slogans of one point: several where it is nothing but quotations."""
    rest = _QUOTE.sub("", text)
    return [text] if re.search(r"\w", rest) else _split(text)


def _stripped(text: str) -> str:
    line = " ".join(text.split()).strip()
    line = re.sub(r"[\s;,./]+$", "", line)
    whole = re.fullmatch(r"[“«„\"‟](.*)[”»\"“]", line)
    line = whole[1] if whole and not re.search('[“”"]', whole[1]) else line
    return re.sub(r"[\s;,.]+$", "", line).strip()
