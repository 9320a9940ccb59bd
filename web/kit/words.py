"""Dates and numbers as officials read them: dd/mm/yyyy, Monday first, and how long it still is."""

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_skeleton, get_day_names
from babel.numbers import format_decimal
from flask import g

from events.campaigns.english import english_titles, in_english
from events.checklist.closing_words import Closing, closing_of
from events.checklist.closing_words import why_closed as closing_in_words
from events.localtime import local_day
from events.models import ChecklistItem, TemplateVersion
from events.models.templates import VersionSource
from events.words.language import within
from web.kit.context import calendar_of_the_page, get_config, get_session
from web.kit.language import current, get_locale, ngettext
from web.kit.language import gettext as _

_A_DAY = timedelta(days=1)


def day_text(day: date) -> str:
    """Return ``dd/mm/yyyy``."""
    return f"{day:%d/%m/%Y}"


def unit_within(names: str) -> str:
    """Return the name of a unit, or several, as it stands inside a sentence: “tỉnh Quảng Ngãi”."""
    return within(names, current())


def named(summary: str) -> str:
    """Return what a campaign or item is called, to English readers in English where it is known."""
    return _english(summary) or summary


def tongue(summary: str) -> str:
    """Return the language in which ``named`` calls it."""
    return "en" if _english(summary) else "vi"


def _english(summary: str) -> str | None:
    if current() != "en":
        return None
    if "english_titles" not in g:
        g.english_titles = english_titles(get_session())
    return in_english(summary, g.english_titles)


def closing_words(closing: Closing) -> str:
    return closing_in_words(closing, current())


def why_closed(item: ChecklistItem) -> str:
    """Return why an item is closed; empty where nobody said so."""
    return closing_words(closing_of(item))


def recorded_otherwise(item: ChecklistItem) -> bool:
    """Tell whether what is done was recorded on another day than it was done."""
    if item.completed is None:
        return False
    return local_day(item.completed, get_config().zone) != item.completed_on


def version_note(version: TemplateVersion) -> str:
    """Return what is new in a template's version: what people typed, or where it was taken from."""
    if version.source is VersionSource.FILE:
        return _("Imported from a file")
    if version.source is VersionSource.PROGRESS:
        return _("After the progress of %(year)s", year=version.source_year)
    return version.note or ""


def unit_until(name: str, last_day: date | None) -> str:
    """Return a unit's name, and until when it lived."""
    return _("%(unit)s (until %(day)s)", unit=name, day=day_text(last_day)) if last_day else name


def weekday_names() -> list[str]:
    """Return the seven days in full, Monday first."""
    names = get_day_names("wide", locale=get_locale())
    return [names[number] for number in range(7)]


def long_day(day: date) -> str:
    """Return the weekday and the date: “thứ Sáu, 13/02/2026”."""
    return f"{weekday_names()[day.weekday()]}, {day_text(day)}"


def period_text(dtstart: date, dtend: date) -> str:
    """Return the days of a period whose ``dtend`` is the day after: one date, or first – last."""
    last = dtend - _A_DAY
    return day_text(dtstart) if last == dtstart else f"{dtstart:%d/%m} – {day_text(last)}"


def hour_text(moment: datetime) -> str:
    """Return the local time of an instant: “12:00”."""
    return f"{moment.astimezone(get_config().zone):%H:%M}"


def moment_text(moment: datetime) -> str:
    """Return the local time and day of an instant: “12:00 ngày 24/11/2026”."""
    local = moment.astimezone(get_config().zone)
    return _("%(hour)s, %(day)s", hour=f"{local:%H:%M}", day=day_text(local.date()))


def moments_text(start: datetime, end: datetime) -> str:
    """Return from when until when: “08:00 – 10:00 ngày 24/11/2026”, with both days if there are
    two.
    """
    first, last = (moment.astimezone(get_config().zone) for moment in (start, end))
    if first.date() != last.date():
        return f"{moment_text(start)} – {moment_text(end)}"
    return _("%(hour)s, %(day)s", hour=f"{first:%H:%M} – {last:%H:%M}", day=day_text(first.date()))


def month_name(month: date) -> str:
    """Return “Tháng 11 năm 2026”."""
    text = format_skeleton("yMMMM", month, locale=get_locale())
    return text[:1].upper() + text[1:]


def short_month_name(month: date) -> str:
    """Return “Tháng 11”."""
    text = format_date(month, "LLLL", locale=get_locale())
    return text[:1].upper() + text[1:]


def number_text(number: int) -> str:
    """Return a number with its thousands marked: 2.625."""
    return str(format_decimal(number, locale=get_locale()))


def due_text(due: date, today: date) -> str:
    """Return how far off a due date is, in words."""
    days = (due - today).days
    if days < 0:
        return ngettext("%(num)d day overdue", "%(num)d days overdue", -days)
    if days == 0:
        return _("due today")
    if days == 1:
        return _("due tomorrow")
    return ngettext("%(num)d day left", "%(num)d days left", days)


def why_moved(item: ChecklistItem) -> str | None:
    """Return why an item is not due on the day that was counted, as it is said today; None if it
    is.
    """
    if item.due_reason is None:
        return None
    reason = calendar_of_the_page().told(item.due_reason, item.nominal_due)
    return reason.words(current()) if reason else None


def countdown_text(dtstart: date, dtend: date, today: date) -> str:
    """Return when a period comes, seen from today."""
    if dtend <= today:
        return _("over")
    if dtstart <= today:
        return _("today") if dtend - dtstart == _A_DAY else _("under way")
    if dtstart == today + _A_DAY:
        return _("tomorrow")
    return ngettext("in %(num)s day", "in %(num)s days", (dtstart - today).days)
