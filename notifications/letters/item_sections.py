"""The sections of a morning mail about items: what is due or late, and what changed about them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from gettext import NullTranslations
from typing import Any

from events.days.workdays import WorkCalendar
from events.working_calendar import work_calendar
from notifications.letters.desk import Desk, Line, Named, Section, item_line, summary_of
from notifications.letters.wording import (
    Entry,
    date_in_words,
    delay_in_words,
    move_in_words,
    short_day,
)
from notifications.notices.table import NoticeKind


def entries_of(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[tuple[Any, Entry]]:
    """Yield the items to do, what is overdue first."""
    moved = any(row.ChecklistItem.due_reason for row in rows)
    calendar = work_calendar(desk.session).as_of(desk.today) if moved else WorkCalendar()
    mine = desk.in_charge_of([row.ChecklistItem for row in rows])
    found = [(row, _entry(desk, row, calendar, named, mine)) for row in rows]
    yield from sorted(found, key=lambda pair: not pair[1].is_overdue)


def _entry(
    desk: Desk, row: Any, calendar: WorkCalendar, named: Named, mine: Collection[int]
) -> Entry:
    item, language = row.ChecklistItem, desk.language
    reason = calendar.told(item.due_reason, item.nominal_due)
    return Entry(
        summary=summary_of(item, named),
        campaign=named(row.Campaign.summary),
        unit=row.Unit.full_name,
        url=desk.item_url(item.id),
        due=date_in_words(item.due, language),
        start=date_in_words(item.dtstart, language) if item.dtstart else None,
        moved=move_in_words(item.nominal_due, reason, language, desk.words),
        delay=delay_in_words(desk.today, item.due, item.dtstart, desk.words),
        is_overdue=item.due < desk.today,
        day=short_day(item.due, language),
        acting=desk.acting_on(item, row.Campaign) if item.id in mine else None,
    )


def due_sections(desk: Desk, entries: Sequence[tuple[Any, Entry]]) -> Iterator[Section]:
    """Yield what is due today, what is overdue, and what comes."""
    _ = desk.words.gettext
    groups: Mapping[str, list[Line]] = {"today": [], "late": [], "soon": []}
    for row, entry in entries:
        is_today = row.ChecklistItem.due == desk.today
        place = "late" if entry.is_overdue else "today" if is_today else "soon"
        groups[place].append(_of_entry(entry, desk.words))
    due = _("%(what)s, due %(day)s")
    titles = {
        "today": (_("Today"), _("%(what)s, due today %(day)s")),
        "late": (_("Overdue"), _("%(what)s, was due %(day)s")),
        "soon": (_("Coming up"), due),
    }
    for place, lines in groups.items():
        if lines:
            title, opening = titles[place]
            yield Section.of(NoticeKind.DUE, title, lines, opening=opening)


def _of_entry(entry: Entry, words: NullTranslations) -> Line:
    quiet = [entry.campaign, entry.unit, words.gettext("Due: %(day)s") % {"day": entry.due}]
    if entry.start:
        quiet.insert(2, words.gettext("Starts: %(day)s") % {"day": entry.start})
    said = [" · ".join(quiet)] + ([entry.moved] if entry.moved else [])
    return Line(
        entry.summary,
        tuple(said),
        entry.delay,
        entry.is_overdue,
        entry.url,
        entry.day,
        entry.acting,
    )


def assigned(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    """Yield what the reader is in charge of from now on."""
    _ = desk.words.gettext
    lines = [
        item_line(
            desk,
            row,
            named,
            _("Due: %(day)s") % {"day": date_in_words(row.ChecklistItem.due, desk.language)},
        )
        for row in rows
    ]
    opening = _("Yours now: %(what)s, due %(day)s")
    yield Section.of(NoticeKind.ASSIGNED, _("Given to you"), lines, opening=opening)


def moved(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    """Yield what has another day."""
    _, lines = desk.words.gettext, []
    for row in rows:
        before = date.fromisoformat((row.Notice.facts or {})["before"])
        facts = {
            "before": short_day(before, desk.language),
            "now": short_day(row.ChecklistItem.due, desk.language),
        }
        mark = _("moved from %(before)s to %(now)s") % facts
        lines.append(item_line(desk, row, named, mark=mark))
    opening = _("Another day: %(what)s, now %(day)s")
    yield Section.of(NoticeKind.MOVED, _("Moved"), lines, opening=opening)


def blocked(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    """Yield what is held up in units below."""
    _ = desk.words.gettext
    lines = [
        item_line(
            desk, row, named, _("In the way: “%(note)s”") % {"note": row.ChecklistItem.blocked}
        )
        for row in rows
    ]
    opening = _("Held up below: %(what)s, due %(day)s")
    yield Section.of(NoticeKind.BLOCKED, _("Held up in units below"), lines, opening=opening)


def late(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    """Yield what is late below, unit by unit."""
    _ = desk.words.gettext
    ordered = sorted(rows, key=lambda row: (row.Unit.position, row.Unit.id, row.ChecklistItem.due))
    lines = [item_line(desk, row, named) for row in ordered]
    units = len({row.Unit.id for row in rows})
    sentence = desk.words.ngettext(
        "Overdue in %(num)d unit below", "Overdue in %(num)d units below", units
    )
    title = sentence % {"num": units}
    opening = _("Late below: %(what)s, was due %(day)s")
    yield Section.of(NoticeKind.LATE, title, lines, opening=opening)
