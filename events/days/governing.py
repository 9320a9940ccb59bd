"""Which verb governs a date, and who is meant by it: the parts of a sentence that each say one
thing.

"Nghỉ" closes offices; "báo cáo", "gửi", "treo cờ" and "trực" are other things that people do on a
day, and pupils, companies and a person on leave are not offices. Pure: works on plain sentences
(``stated_dates.plain``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from events.days.stated_dates import Stated


class Says(Enum):
    """What a part of a sentence says of its dates."""

    OFF = auto()
    MADE_UP = auto()  # worked instead of a day off
    SWAP = auto()
    WORKED = auto()
    FIRST_WORKED = auto()  # the first working day after a break: nothing is decided about it
    OTHER = auto()  # nothing about days off of offices


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence under one verb, with the dates that belong to it.

    ``lead`` is what stands between the verb and the first of them. ``is_noun``: the verb is only
    part of a noun ("kỳ nghỉ", "lịch nghỉ").
    """

    says: frozenset[Says]
    words: str
    dates: tuple[Stated, ...]
    at: int  # where its verb stands
    lead: str
    is_noun: bool

    @property
    def is_other(self) -> bool:
        return Says.OTHER in self.says

    @property
    def is_governed(self) -> bool:
        """Tell whether the verb reaches the dates.

        Behind a comma or a noun there may be another verb, one that is not known here: then every
        word must be one of those in which days off are announced.
        """
        if self.says != {Says.OFF}:
            return True
        if self.is_noun and (not self.dates or self.dates[0].at < self.at):
            return False
        own, *others = self.lead.split(",")
        unsure = [*([own] if self.is_noun else []), *others]
        return all(word in _WORDS_OF_BREAKS for part in unsure for word in _WORD.findall(part))


_NO_BREAK = (
    "phep|om|thai|huu|viec|khong luong|hoc|he|mat|dong|che do|duong suc|dieu duong|trua|giua gio"
)
_NOUN = (
    r"(?:kyf?|dip|lich|viec|thoi gian|ngay|dot|phuong an|ke hoach|danh sach|thong bao|cong van"
    r"|sau|truoc)"
    r"(?:\s+duoc)?\s+nghi"
)
_FIRST = (
    r"ngay\s+(?:di\s+)?(?:lam viec|lam)\s+dau tien|ngay\s+dau tien\s+(?:di\s+)?lam(?:\s+viec)?"
    r"|lam viec\s+dau tien"
)
_PASSIVE_SWAP = r"ngay lam viec\b(?=[^;]{0,80}\bduoc hoan doi\b)|hoan doi"
_OTHERS_DO = (
    r"bao cao|gui|ban hanh|treo co|nop|trinh|dang ky|phat hanh|ky(?!\s+niem)|hop(?!\s+dong)"
    r"|truc(?!\s+(?:thuoc|tiep|tuyen))|khai mac|be mac"
    r"|to chuc(?!\s+(?:chinh tri|xa hoi|dang|hanh chinh|su nghiep))"
    r"|hoan thanh|chuc tet|tham hoi|kiem tra|tong hojp|tong ket|phat dong|xin|cap nhat"
    r"|duoc cong bo|duoc thong bao|cham cong|chi tra|thanh toan|niem yet|phan cong"
    r"|ra quan|don dep|tang qua|khen thuong"
)
_HEADS: tuple[tuple[Says, str], ...] = (
    (Says.FIRST_WORKED, _FIRST),
    (Says.MADE_UP, r"(?:di\s+)?lam(?:\s+viec)?\s+bu"),
    (Says.SWAP, _PASSIVE_SWAP),
    (Says.OTHER, rf"(?:xin\s+)?nghi\s+(?:{_NO_BREAK})\b"),
    (Says.OFF, r"nghi"),
    (Says.WORKED, r"(?<!ngay )(?<!nghi )(?:di lam|lam viec)"),
    (Says.OTHER, rf"(?<!thuong )(?:{_OTHERS_DO})"),
)
_HEAD = re.compile(
    r"\b(?:" + "|".join(f"(?P<h{n}>{words})" for n, (_, words) in enumerate(_HEADS)) + r")\b"
)
_IS_NOUN = re.compile(rf"\b{_NOUN}$")
_NEW_PART = re.compile(r"\b(?:trong do|dong thoi)\b")
_WORKS = {Says.WORKED, Says.FIRST_WORKED, Says.OTHER}

_OFFICES = re.compile(
    r"\b(?:can bo|cong chuc|vien chuc|co quan|cong so|don vi|luc luong vu trang)\b"
)
_ONE_PERSON = re.compile(
    r"\bmot\s+(?:can bo|cong chuc|vien chuc|nhan vien|dong chi|nguoi|so nguoi)\b"
)
_STRANGERS = (
    r"hoc sinh|sinh vien|hoc vien|tre em|tre mam non|giao vien|nha truong|cac truong|truong hoc"
    r"|co so giao duc|doanh nghiep|cong ty|nha may|xi nghiep|cong nhan|ho kinh doanh"
    r"|hojp tac xa|nguoi su dung lao dong|nguoi lao dong khong thuoc"
)
_STRANGER = re.compile(rf"\b(?:{_STRANGERS})\b")
_MADE_TO_REST = re.compile(rf"\bcho\s+(?:phep\s+)?(?:cac\s+(?:em\s+)?)?(?:{_STRANGERS})\b")

_WORD = re.compile(r"[a-z]+")
_IN_ANNOUNCEMENTS = """
    tet nguyen dan am duong lich quoc khanh le gio to hung vuong chien thang giai phong mien thong
    nhat te lao dong van hoa viet nam moi giap at binh dinh mau ky canh tan nham quy ty ti suu mao
    thin ngo mui than dau tuat hoi
    ngay thu hai ba tu nam sau bay chu dem trua sang chieu thang den het toi va ket thuc ke
    lien tuc gom bao ca la vao keo dai bat trong do con se duoc bu cac tinh tong cong so thoi gian
    theo quy hang tuan cuoi lam viec truoc dau mot bon chin muoi sau nay nhu
    can bo cong chuc vien co quan don vi hanh chinh nha nuoc su nghiep doi voi cua nguoi lao dong
    nghi dip cung ubnd uy ban nhan dan tinh xa phuong huyen dia
"""
_WORDS_OF_BREAKS = frozenset(_IN_ANNOUNCEMENTS.split())


@dataclass(frozen=True, slots=True)
class _Head:
    says: Says
    at: int
    end: int
    is_noun: bool


def clauses(said: str, dates: Sequence[Stated], under: str = "") -> list[Clause]:
    """Return the parts of a plain sentence with their dates.

    ``under``: the plain heading that says whom a list is about.
    """
    parts = [part for one in _split_brackets(said) for part in _parts(said, *one, dates)]
    found, who = [], under
    for begin, end, heads in parts:
        own = tuple(one for one in dates if begin <= one.at < end)
        subject = _subject(said, begin, end, heads, dates)
        who = subject if _names_somebody(subject) else who
        found.append(_clause(said, (begin, end), heads, own, are_offices=not _is_other(who)))
    return found


def _split_brackets(said: str) -> Iterator[tuple[int, int]]:
    """Return the stretches of a sentence: brackets that tell of a day worked are one of their
    own.
    """
    begin = 0
    for brackets in re.finditer(r"\([^()]*\blam(?:\s+viec)?\s+bu\b[^()]*\)", said):
        yield begin, brackets.start()
        yield brackets.span()
        begin = brackets.end()
    yield begin, len(said)


def _parts(
    said: str, begin: int, end: int, dates: Sequence[Stated]
) -> list[tuple[int, int, list[_Head]]]:
    """Return where each part of a stretch begins and ends, with its verbs."""
    cuts: list[tuple[int, list[_Head]]] = [(begin, [])]
    breaks = [match.start() for match in _NEW_PART.finditer(said, begin, end)]
    for head in _heads(said, begin, end):
        opened = [at for at in breaks if cuts[-1][0] < at <= head.at]
        if opened:
            cuts.append((opened[-1], [head]))
        elif cuts[-1][1] and _begins_anew(said, cuts[-1], head, dates):
            cuts.append((head.at, [head]))
        else:
            cuts[-1][1].append(head)
    ends = [at for at, _ in cuts[1:]] + [end]
    return [(at, stop, heads) for (at, heads), stop in zip(cuts, ends, strict=True)]


def _heads(said: str, begin: int, end: int) -> Iterator[_Head]:
    for match in _HEAD.finditer(said, begin, end):
        says = next(kind for n, (kind, _) in enumerate(_HEADS) if match[f"h{n}"] is not None)
        is_noun = _IS_NOUN.search(said[begin : match.end()]) is not None
        yield _Head(says, match.start(), match.end(), is_noun)


def _begins_anew(
    said: str, current: tuple[int, list[_Head]], head: _Head, dates: Sequence[Stated]
) -> bool:
    """Tell whether a verb begins a part of its own, or goes with the one before ("nghỉ … làm
    bù").
    """
    kinds = {one.says for one in current[1]}
    own = [one for one in dates if current[0] <= one.at < head.at]
    if head.is_noun:
        return False
    if head.says in _WORKS or kinds & _WORKS:
        return True
    if head.says is Says.SWAP:
        return Says.SWAP not in kinds
    if Says.SWAP in kinds:
        return head.says is Says.OFF and len(own) > 1
    between = said[own[-1].end if own else current[1][-1].end : head.at]
    return head.says is Says.OFF and bool(own) and _names_somebody(between)


def _subject(
    said: str, begin: int, end: int, heads: Sequence[_Head], dates: Sequence[Stated]
) -> str:
    """Return the words that may say who does it: from the last date of the part before to the first
    date behind the verb.
    """
    if not heads:
        return ""
    since = max((one.end for one in dates if one.at < begin), default=0)
    verb = heads[0].at
    until = next((one.at for one in dates if verb < one.at < end), end)
    return said[since:until]


def _names_somebody(words: str) -> bool:
    return any(who.search(words) for who in (_OFFICES, _ONE_PERSON, _STRANGER))


def _is_other(who: str) -> bool:
    """Tell whether words name people who are no offices."""
    if _ONE_PERSON.search(who) or _MADE_TO_REST.search(who):
        return True
    return _STRANGER.search(who) is not None and _OFFICES.search(who) is None


def _clause(
    said: str,
    span: tuple[int, int],
    heads: Sequence[_Head],
    own: tuple[Stated, ...],
    *,
    are_offices: bool,
) -> Clause:
    kinds = frozenset(one.says for one in heads)
    if heads and not are_offices:
        kinds = frozenset([Says.OTHER])
    governs = next((one for one in reversed(heads) if own and one.at < own[0].at), None)
    verb = governs or (heads[0] if heads else None)
    lead = said[verb.end : own[0].at] if verb and own and verb.at < own[0].at else ""
    return Clause(
        kinds,
        said[slice(*span)],
        own,
        verb.at if verb else span[0],
        lead,
        is_noun=bool(heads) and all(one.is_noun for one in heads if one.says is Says.OFF),
    )
