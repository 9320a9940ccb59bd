"""Dates and delays in words, and a reminder short enough for a chat group."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from gettext import NullTranslations

from babel.dates import format_date

from events.days.reasons import DayReason
from notifications.letters.acting import Acting

ZALO_LIMIT = 500  # characters, counted as Unicode NFC
# addresses that open somebody's account or act in their name: `web.accounts.links`, `mail_links`
_OPENING = re.compile(
    r"(/dang-nhap/(?:lien-ket|mat-khau)/|/qua-thu/|/nhan-thu/(?:xac-nhan|chon|thoi)/)[\w-]+"
)
_SHORTEST_SUMMARY = 40  # characters; less says nothing
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a reminder, in the reader's words."""

    summary: str
    campaign: str
    unit: str
    url: str
    due: str  # in words
    start: str | None  # in words, if the item runs over a period
    moved: str | None  # why the date was moved
    delay: str  # how many days are left, or how late it is
    is_overdue: bool
    acting: Acting | None = None
    day: str = ""  # the due date in few letters


def veiled(text: str) -> str:
    """Return a mail without what opens the reader's account: for anybody else's eyes."""
    return _OPENING.sub(r"\1…", text)


def date_in_words(day: date, language: str) -> str:
    """Return a date as letters write it: "thứ Sáu, ngày 13 tháng 02 năm 2026".

    Vietnamese official papers put a zero before days below 10 and before months 1 and 2 (Decree
    30/2020/NĐ-CP, annex I).
    """
    if language != "vi":
        return format_date(day, "EEEE, d MMMM y", locale=language)
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{_WEEKDAYS[day.weekday()]}, ngày {day.day:02} tháng {month} năm {day.year}"


def short_day(day: date, language: str) -> str:
    """Return a date in few letters: "thứ Sáu 13/02"."""
    if language != "vi":
        return format_date(day, "EEE d MMM", locale=language)
    return f"{_WEEKDAYS[day.weekday()]} {day:%d/%m}"


def hour_of(moment: datetime, language: str) -> str:
    """Return a local instant in few letters: "08:00 thứ Sáu 13/02"."""
    return f"{moment:%H:%M} {short_day(moment.date(), language)}"


def delay_in_words(today: date, due: date, start: date | None, words: NullTranslations) -> str:
    """Return how far an item is away on the local day ``today``."""
    if due < today:
        days = (today - due).days
        return words.ngettext("%(num)d day overdue", "%(num)d days overdue", days) % {"num": days}
    if start and today < start:
        days = (start - today).days
        return words.ngettext("starts in %(num)d day", "starts in %(num)d days", days) % {
            "num": days
        }
    if today == due:
        return words.gettext("due today")
    days = (due - today).days
    return words.ngettext("%(num)d day left", "%(num)d days left", days) % {"num": days}


def move_in_words(
    nominal: date, reason: DayReason | None, language: str, words: NullTranslations
) -> str | None:
    """Return why an item is not due on the day that was counted, or None if it is."""
    if reason is None:
        return None
    sentence = words.gettext("The date was moved: %(nominal)s falls %(reason)s.")
    return sentence % {
        "nominal": date_in_words(nominal, language),
        "reason": reason.words(language),
    }


def zalo_text(entries: Sequence[Entry], home: str, words: NullTranslations) -> str:
    """Return plain text of at most 500 characters for a chat group: as many items as fit, each with
    its link.

    A summary that is too long is cut, a link never is; items that do not fit are counted, with
    ``home`` as the way to them.
    """
    if len(entries) == 1:
        return _fitted(entries[0], ZALO_LIMIT, words)
    lines: list[str] = []
    for entry in entries:
        rest = _rest(len(entries) - len(lines) - 1, home, words)
        room = ZALO_LIMIT - sum(len(line) + 1 for line in lines) - len(rest)
        line = _line(entry, entry.summary, words)
        if len(line) > room:
            break
        lines.append(line)
    if not lines:
        lines = [_fitted(entries[0], ZALO_LIMIT - len(_rest(len(entries) - 1, home, words)), words)]
    return "\n".join(lines) + _rest(len(entries) - len(lines), home, words)


def _rest(count: int, home: str, words: NullTranslations) -> str:
    if not count:
        return ""
    sentence = words.ngettext(
        "… and %(num)d more item: %(url)s", "… and %(num)d more items: %(url)s", count
    )
    return "\n" + sentence % {"num": count, "url": home}


def _line(entry: Entry, summary: str, words: NullTranslations) -> str:
    sentence = words.gettext("[Reminder] %(summary)s – %(unit)s. Due: %(due)s (%(delay)s). %(url)s")
    facts = {
        "summary": summary,
        "unit": entry.unit,
        "due": entry.due,
        "delay": entry.delay,
        "url": entry.url,
    }
    return sentence % facts


def _fitted(entry: Entry, room: int, words: NullTranslations) -> str:
    """Return one line with its summary cut so that it fits."""
    line = _line(entry, entry.summary, words)
    excess = len(line) - room
    if excess <= 0:
        return line
    kept = max(len(entry.summary) - excess - 1, _SHORTEST_SUMMARY)
    return _line(entry, entry.summary[:kept].rstrip() + "…", words)
