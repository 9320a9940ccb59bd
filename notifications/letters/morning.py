"""The morning mail: all that one person is told on one day, in sections.

Each kind of notice has its section; what needs doing comes first. The subject says the first thing
and its day, and how many others there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from gettext import NullTranslations
from typing import Any

from sqlalchemy import select

from events.campaigns.english import names_in
from events.models import Campaign, ChecklistItem, Unit
from notifications.letters import item_sections, occasion_sections, regular_sections
from notifications.letters.desk import Desk, Named, Section
from notifications.letters.wording import Entry, date_in_words, zalo_text
from notifications.notices.table import Notice, NoticeKind, NoticeState


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: its sections, the text for a chat group, activities to attach."""

    sections: Sequence[Section]
    entries: Sequence[Entry]
    zalo: str
    place: str  # the units it is about, and the day
    invitation: bytes | None = None


def write_letter(desk: Desk) -> Letter:
    """Return what the mail of a message says."""
    rows = _rows(desk)
    named = names_in(desk.session, desk.language)
    by_kind = defaultdict[NoticeKind, list[Any]](list)
    for row in rows:
        by_kind[row.Notice.kind].append(row)
    entries = [
        (row, entry)
        for row, entry in item_sections.entries_of(desk, by_kind[NoticeKind.DUE], named)
    ]
    sections = [*item_sections.due_sections(desk, entries)]
    for kind, write in _WRITERS.items():
        if by_kind[kind]:
            sections += _said_once(write(desk, by_kind[kind], named), sections)
    told = [entry for _row, entry in entries]
    return Letter(
        sections,
        told,
        zalo_text(told, desk.public_url, desk.words) if told else "",
        _place(desk, rows),
        occasion_sections.invitation_of(desk, by_kind[NoticeKind.INVITED]),
    )


def _said_once(new: Iterator[Section], said: Sequence[Section]) -> Iterator[Section]:
    """Yield what comes round by itself without what stands above already."""
    known = {line.url for section in said for line in section.lines}
    for section in new:
        lines = [line for line in section.lines if line.url not in known]
        if not section.compact:
            yield section
        elif lines:
            yield replace(section, lines=lines)


def subject_of(letter: Letter, words: NullTranslations) -> str:
    """Return the first thing and its day, and how many others there are."""
    if not letter.sections:
        return words.gettext("Your work")
    first, line = letter.sections[0], letter.sections[0].lines[0]
    what = first.opening % {"what": line.what, "day": line.day} if first.opening else line.what
    rest = sum(one.total for one in letter.sections if not one.compact) - (not first.compact)
    if not rest:
        return what
    sentence = words.ngettext(
        "%(what)s and %(num)d other item", "%(what)s and %(num)d other items", rest
    )
    return sentence % {"what": what, "num": rest}


def title_of(letter: Letter, words: NullTranslations) -> str:
    """Return the heading: how much is due and late, else the subject."""
    late = sum(entry.is_overdue for entry in letter.entries)
    due = len(letter.entries) - late
    said = []
    if due:
        said.append(words.ngettext("%(num)d item due", "%(num)d items due", due) % {"num": due})
    if late:
        overdue = words.ngettext("%(num)d item overdue", "%(num)d items overdue", late)
        said.append(overdue % {"num": late})
    return ", ".join(said) or subject_of(letter, words)


def _rows(desk: Desk) -> Sequence[Any]:
    """Return what a mail tells: the notices still to be told, or all of them once nothing is left
    to tell.
    """
    query = (
        select(Notice, ChecklistItem, Campaign, Unit)
        .outerjoin(ChecklistItem, ChecklistItem.id == Notice.item_id)
        .outerjoin(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .outerjoin(Unit, Unit.id == Campaign.unit_id)
        .where(Notice.message_id == desk.message.id)
        .order_by(ChecklistItem.due, Unit.position, ChecklistItem.position, Notice.id)
    )
    rows = desk.session.execute(query).all()
    return [row for row in rows if row.Notice.state is NoticeState.PLANNED] or rows


def _place(desk: Desk, rows: Sequence[Any]) -> str:
    """Return the unit a mail is about, if it is one, and the day."""
    names = dict.fromkeys(row.Unit.full_name for row in rows if row.Unit is not None)
    day = date_in_words(desk.today, desk.language)
    return f"{next(iter(names))} · {day}" if len(names) == 1 else day


_WRITERS: Mapping[NoticeKind, Callable[[Desk, Sequence[Any], Named], Iterator[Section]]] = {
    NoticeKind.ASSIGNED: item_sections.assigned,
    NoticeKind.MOVED: item_sections.moved,
    NoticeKind.BLOCKED: item_sections.blocked,
    NoticeKind.LATE: item_sections.late,
    NoticeKind.INVITED: occasion_sections.invited,
    NoticeKind.OPENED: occasion_sections.opened,
    NoticeKind.WEEK: regular_sections.week,
    NoticeKind.MONTH: regular_sections.month,
}
