"""Read themes and slogans out of the letter of a ministry. Pure: text in, proposed themes out.

Letters come as paragraphs from a page or wrapped by a PDF, with slogans numbered, dashed, quoted or
one a line, and for several observances at once. What a paragraph is follows from how it begins and
ends; what is read is shown before anything is stored.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from events.texts import folded, nfc

_LEAST_QUOTED = 3  # characters
_LONGEST_HEADING = 200  # characters
_LONGEST_QUOTE = 500  # characters
_LONGEST_HEAD = 40  # lines in which the number stands, if the head was pasted at all
_A_LOOK_BACK = 150  # characters
_FULL = 0.75  # of the widest line: a line that long was broken by the page, not by its author
_NARROWEST_PAGE, _WIDEST_PAGE = 40, 130  # characters; a wider line is a paragraph in one piece
_OPENING = 6  # paragraphs in which a letter says what it is about
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
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
_QUOTE = re.compile(r"[“«„\"‟]\s*([^“”«»„\"‟]{3,400}?)\s*[”»\"“]")
_ENDED = re.compile(r"[.:;!?…”»\"]\s*$|[.]/[.]\s*$")
_THEME = re.compile(r"(?<!các )(?<!những )chủ đề", re.IGNORECASE)
_SLOGANS = re.compile(r"khẩu hiệu|thông điệp|slogan", re.IGNORECASE)
_SLOGANS_FIRST = re.compile(
    r"(?:(?:các|một số|những|nội dung|danh mục|hệ thống|bộ|gợi ý|hình thức)\s+)*"
    r"(?:khẩu hiệu|thông điệp|slogan)",
    re.IGNORECASE,
)
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
_SHORT_FOR = (("pcblgd", "phong chong bao luc gia dinh"), ("bdg", "binh dang gioi"))
_LEVELS = {"roman": 0, "number.": 1, "number/": 1, "deep1": 2, "deep2": 3, "letter": 4}
_UNSAID = {"va", "ve", "vi", "voi", "doi", "cua", "cac"}  # words that letters put in or leave out


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
    number, dated = _number_and_date(clean)
    paragraphs = list(_paragraphs(clean))
    reading = _Reading(_Names.of(titles), paragraphs, otherwise)
    reading.read()
    themes = tuple(
        ReadTheme(key, reading.themes.get(key), tuple(reading.slogans.get(key, ())))
        for key in titles
        if key in reading.themes or key in reading.slogans
    )
    return ReadLetter(number, dated, _issuer(clean), _year(paragraphs, dated), themes)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph without its bullet. ``style`` tells what kind of bullet it had, ``number`` the
    number in it.
    """

    text: str
    style: str = ""
    number: int = 0

    @classmethod
    def of(cls, line: str) -> "_Paragraph":
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

    def follows(self, other: "_Paragraph") -> bool:
        """Tell whether it is the next point of the list in which ``other`` is one."""
        return self.style == other.style and (not self.style or self.number in _after(other))


def _after(one: _Paragraph) -> tuple[int, ...]:
    return (one.number + 1,) if one.number else (0,)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the observances are called, in the words that letters do not vary."""

    words: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, titles: Mapping[str, Sequence[str]]) -> "_Names":
        return cls({key: tuple(_ways(names)) for key, names in titles.items()})

    def in_text(self, text: str) -> list[str]:
        """Return the keys of the observances that a text names, in their order there."""
        plain = f" {_plain(text)} "
        places = {
            key: min(at)
            for key, names in self.words.items()
            if (at := [plain.find(f" {name} ") for name in names if f" {name} " in plain])
        }
        return sorted(places, key=places.__getitem__)


def _ways(titles: Sequence[str]) -> Iterator[str]:
    """Return a title in full, without what stands in parentheses, and its first half alone."""
    for title in titles:
        bare = title.split("(")[0]
        yield _plain(bare)
        first = _plain(bare.split(" và ")[0])
        if len(first.split()) > _LEAST_QUOTED:
            yield first


def _plain(text: str) -> str:
    plain = folded(text).replace("quoc gia", " ")
    for short, full in _SHORT_FOR:
        plain = re.sub(rf"\b{short}\b", full, plain)
    words = re.findall(r"\w+", plain)
    return " ".join(word for word in words if word not in _UNSAID)


@dataclass(slots=True)
class _Reading:
    """A letter while it is read: paragraph by paragraph, knowing which observances it is about."""

    names: _Names
    paragraphs: Sequence[_Paragraph]
    otherwise: str | None
    themes: dict[str, str] = field(default_factory=dict)
    slogans: dict[str, list[str]] = field(default_factory=dict)
    about: list[str] = field(default_factory=list)
    about_level: int = 0
    of_letter: list[str] = field(default_factory=list)
    said_outright: set[str] = field(default_factory=set)
    heading: _Paragraph | None = None  # of the list of slogans that is being read
    last: _Paragraph | None = None  # the slogan before
    wants_theme: bool = False  # the heading was read, the theme stands below

    def read(self) -> None:
        opening = " ".join(one.text for one in self.paragraphs[:_OPENING])
        everything = " ".join(one.text for one in self.paragraphs)
        self.of_letter = self.names.in_text(opening) or self.names.in_text(everything)
        for one in self.paragraphs:
            if one.text and not self._goes_on_with_slogans(one):
                self._read(one)

    def _read(self, one: _Paragraph) -> None:
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

    def _is_heading_of_slogans(self, one: _Paragraph) -> bool:
        if _SLOGANS.search(one.text) is None or len(one.text.split(":")[0]) > _LONGEST_HEADING:
            return False
        if one.opens_list:
            return True
        if _SLOGANS_FIRST.match(one.text) is None and not one.text.isupper():
            return False
        is_point = one.style != "dash" and not one.text.endswith((".", ";"))
        return ":" in one.text or is_point

    def _open_slogans(self, one: _Paragraph, named: list[str]) -> None:
        self.wants_theme = False
        self.about = named or self.about
        inline = one.text.partition(":")[2].strip()
        if inline:
            self._keep_slogans(_split(inline))
        else:
            self.heading = one

    def _goes_on_with_slogans(self, one: _Paragraph) -> bool:
        """Take a paragraph as the next slogan if it is one; tell whether it belongs to the list."""
        if self.heading is None:
            return False
        if one.is_aside:
            return True
        if one.opens_list:
            return self._names_the_next_list(one)
        if self.last is None:
            begins = one.style != self.heading.style or one.number not in _after(self.heading)
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

    def _names_the_next_list(self, one: _Paragraph) -> bool:
        named = self.names.in_text(one.text) or self._named_in_short(one.text)
        if not named or _THEME.search(one.text):
            return False
        self.about, self.last = named, None
        self.heading = one
        return True

    def _is_something_else(self, one: _Paragraph) -> bool:
        """Tell whether a paragraph without a bullet is prose, or one with a bullet a heading."""
        if _THEME.match(one.text) or _SLOGANS_FIRST.match(one.text):
            return True
        return not one.style and len(one.text) > _LONGEST_HEADING

    def _read_theme(self, one: _Paragraph, named: list[str]) -> None:
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

    def _read_theme_below(self, one: _Paragraph, named: list[str]) -> None:
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
        plain = _plain(text)
        found = [
            key
            for key in self.of_letter
            if plain and any(f"{name} ".startswith(f"{plain} ") for name in self.names.words[key])
        ]
        return found if len(found) == 1 else []

    def _read_quoted_themes(self, one: _Paragraph) -> bool:
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


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    """Return the paragraphs, those that a page broke into lines put together again."""
    lines = [line.strip() for line in _PAGE_NUMBER.sub("\n", text).splitlines()]
    widths = [len(line) for line in lines if len(line) <= _WIDEST_PAGE]
    full = max(_NARROWEST_PAGE, _FULL * max(widths, default=0))
    parts: list[str] = []
    was_blank = False
    for line in lines:
        if line and parts and not _goes_on(parts, line, full, was_blank=was_blank):
            yield _Paragraph.of(" ".join(parts))
            parts = []
        parts += [line] if line else []
        was_blank = not line
    if parts:
        yield _Paragraph.of(" ".join(parts))


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


def _number_and_date(text: str) -> tuple[str | None, date | None]:
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


def _issuer(text: str) -> str | None:
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


def _year(paragraphs: Sequence[_Paragraph], dated: date | None) -> int | None:
    """Return the year that a letter speaks of: its own or the next, if it has a date."""
    text = " ".join(one.text for one in paragraphs)
    text = _OTHER_YEARS.sub(" ", _DATED.sub(" ", text))
    spelled = [int(year) for year in re.findall(r"\bnăm\s+(20\d\d)\b", text, re.IGNORECASE)]
    slashed = [int(found[3]) for found in _SLASHED.finditer(text)]
    if dated is None:
        return next(iter(spelled or slashed), None)
    near = [year for year in (*spelled, *slashed) if year in (dated.year, dated.year + 1)]
    return near[0] if near else dated.year
