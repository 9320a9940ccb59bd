"""The morning mail: all that one person is told on one day, in sections.

Each kind of notice has its section; what needs doing comes first. The subject says the first thing
and its day, and how many others there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from gettext import NullTranslations
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.calendars.single import invitation
from events.calendars.view import View
from events.campaigns.english import names_in
from events.checklist.charge import doing_unit_id
from events.checklist.listing import is_to_do
from events.days.workdays import WorkCalendar
from events.localtime import local_day
from events.models import Activity, Campaign, ChecklistItem, Post, Round, Unit
from events.models.campaigns import of_year
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf
from events.progress.standings import below_of
from events.words.texts import nfc
from events.working_calendar import work_calendar
from notifications.letters.acting import Acting, acting_on
from notifications.letters.wording import (
    Entry,
    date_in_words,
    delay_in_words,
    hour_of,
    move_in_words,
    short_day,
    zalo_text,
)
from notifications.notices.recipients import Directory
from notifications.notices.regular import day_in_week, in_week
from notifications.notices.table import Notice, NoticeKind, NoticeState
from notifications.notices.tellings import item_columns
from notifications.outbox.table import Message

_MOST = 25  # lines of a section; more are counted
_SUNDAY = timedelta(days=6)  # after a Monday


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a mail: what it is, what else there is to know, what is pressing about it, and
    where to go.
    """

    what: str
    quiet: tuple[str, ...] = ()
    mark: str = ""
    is_late: bool = False
    url: str = ""
    day: str = ""  # when, for the subject
    acting: Acting | None = None  # what its reader may say of it at once


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of one kind. Lines of a ``compact`` one have no button."""

    kind: NoticeKind
    title: str
    lines: Sequence[Line]
    compact: bool = False
    opening: str = ""  # how a subject begins that is about it
    left_out: int = 0

    @classmethod
    def of(cls, kind: NoticeKind, title: str, lines: Sequence[Line], **more: Any) -> "Section":
        left_out = max(0, len(lines) - _MOST)
        return cls(kind, title, lines[:_MOST], left_out=left_out, **more)

    @property
    def total(self) -> int:
        return len(self.lines) + self.left_out


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: its sections, the text for a chat group, activities to attach."""

    sections: Sequence[Section]
    entries: Sequence[Entry]
    zalo: str
    place: str  # the units it is about, and the day
    invitation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and for whom a mail is written."""

    session: Session
    message: Message
    public_url: str
    zone: ZoneInfo
    words: NullTranslations
    secret_key: str | None = None

    @property
    def language(self) -> str:
        return self.message.language

    @property
    def today(self) -> date:
        return local_day(self.message.date, self.zone)

    def acting_on(self, item: ChecklistItem, campaign: Campaign) -> Acting | None:
        """Return the links by which the reader acts; None for a mail that is nobody's."""
        person_id = self.message.person_id
        if self.secret_key is None or person_id is None:
            return None
        return acting_on(item, campaign, person_id, self.public_url, self.secret_key)

    def item_url(self, item_id: int) -> str:
        return f"{self.public_url}/viec/{item_id}"


def write_letter(desk: Desk) -> Letter:
    """Return what the mail of a message says."""
    rows = _rows(desk)
    named = names_in(desk.session, desk.language)
    by_kind = defaultdict[NoticeKind, list[Any]](list)
    for row in rows:
        by_kind[row.Notice.kind].append(row)
    entries = [(row, entry) for row, entry in _entries(desk, by_kind[NoticeKind.DUE], named)]
    sections = [*_due(desk, entries)]
    for kind, write in _WRITERS.items():
        if by_kind[kind]:
            sections += _said_once(write(desk, by_kind[kind], named), sections)
    told = [entry for _row, entry in entries]
    return Letter(
        sections,
        told,
        zalo_text(told, desk.public_url, desk.words) if told else "",
        _place(desk, rows),
        _invitation(desk, by_kind[NoticeKind.INVITED]),
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


_Named = Callable[[str], str]


def _entries(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[tuple[Any, Entry]]:
    """Yield the items to do, what is overdue first."""
    moved = any(row.ChecklistItem.due_reason for row in rows)
    calendar = work_calendar(desk.session).as_of(desk.today) if moved else WorkCalendar()
    found = [(row, _entry(desk, row, calendar, named)) for row in rows]
    yield from sorted(found, key=lambda pair: not pair[1].is_overdue)


def _entry(desk: Desk, row: Any, calendar: WorkCalendar, named: _Named) -> Entry:
    item, language = row.ChecklistItem, desk.language
    reason = calendar.told(item.due_reason, item.nominal_due)
    return Entry(
        summary=_summary(item, named),
        campaign=named(row.Campaign.summary),
        unit=row.Unit.full_name,
        url=desk.item_url(item.id),
        due=date_in_words(item.due, language),
        start=date_in_words(item.dtstart, language) if item.dtstart else None,
        moved=move_in_words(item.nominal_due, reason, language, desk.words),
        delay=delay_in_words(desk.today, item.due, item.dtstart, desk.words),
        is_overdue=item.due < desk.today,
        day=short_day(item.due, language),
        acting=desk.acting_on(item, row.Campaign),
    )


def _summary(item: ChecklistItem, named: _Named) -> str:
    return named(nfc(" ".join(item.summary.split())))


def _due(desk: Desk, entries: Sequence[tuple[Any, Entry]]) -> Iterator[Section]:
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


def _item_line(desk: Desk, row: Any, named: _Named, *quiet: str, mark: str = "") -> Line:
    item = row.ChecklistItem
    return Line(
        _summary(item, named),
        (" · ".join([row.Unit.full_name, named(row.Campaign.summary)]), *quiet),
        mark or delay_in_words(desk.today, item.due, item.dtstart, desk.words),
        item.due < desk.today,
        desk.item_url(item.id),
        short_day(item.due, desk.language),
    )


def _assigned(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    _ = desk.words.gettext
    lines = [
        _item_line(
            desk,
            row,
            named,
            _("Due: %(day)s") % {"day": date_in_words(row.ChecklistItem.due, desk.language)},
        )
        for row in rows
    ]
    opening = _("Yours now: %(what)s, due %(day)s")
    yield Section.of(NoticeKind.ASSIGNED, _("Given to you"), lines, opening=opening)


def _moved(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    _, lines = desk.words.gettext, []
    for row in rows:
        before = date.fromisoformat((row.Notice.facts or {})["before"])
        facts = {
            "before": short_day(before, desk.language),
            "now": short_day(row.ChecklistItem.due, desk.language),
        }
        mark = _("moved from %(before)s to %(now)s") % facts
        lines.append(_item_line(desk, row, named, mark=mark))
    opening = _("Another day: %(what)s, now %(day)s")
    yield Section.of(NoticeKind.MOVED, _("Moved"), lines, opening=opening)


def _blocked(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    _ = desk.words.gettext
    lines = [
        _item_line(
            desk, row, named, _("In the way: “%(note)s”") % {"note": row.ChecklistItem.blocked}
        )
        for row in rows
    ]
    opening = _("Held up below: %(what)s, due %(day)s")
    yield Section.of(NoticeKind.BLOCKED, _("Held up in units below"), lines, opening=opening)


def _late(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    """Yield what is late below, unit by unit."""
    _ = desk.words.gettext
    ordered = sorted(rows, key=lambda row: (row.Unit.position, row.Unit.id, row.ChecklistItem.due))
    lines = [_item_line(desk, row, named) for row in ordered]
    units = len({row.Unit.id for row in rows})
    sentence = desk.words.ngettext(
        "Overdue in %(num)d unit below", "Overdue in %(num)d units below", units
    )
    title = sentence % {"num": units}
    opening = _("Late below: %(what)s, was due %(day)s")
    yield Section.of(NoticeKind.LATE, title, lines, opening=opening)


def _opened(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    _ = desk.words.gettext
    ids = [row.Notice.about_id for row in rows]
    query = select(Campaign).join(Campaign.round).where(Campaign.id.in_(ids))
    query = query.options(joinedload(Campaign.unit))
    lines = [
        Line(
            named(one.summary),
            (one.unit.full_name,),
            short_day(one.dtstart, desk.language),
            url=f"{desk.public_url}/chien-dich/{one.uid}",
            day=short_day(one.dtstart, desk.language),
        )
        for one in desk.session.scalars(query.order_by(Round.dtstart, Campaign.id))
    ]
    if lines:
        opening = _("Opened: %(what)s, from %(day)s")
        yield Section.of(NoticeKind.OPENED, _("Campaigns that opened"), lines, opening=opening)


def _invited(desk: Desk, rows: Sequence[Any], _named: _Named) -> Iterator[Section]:
    _ = desk.words.gettext
    lines = [_of_activity(desk, one) for one in _activities(desk, rows)]
    if lines:
        opening = _("Invitation: %(what)s, %(day)s")
        yield Section.of(NoticeKind.INVITED, _("Invitations"), lines, opening=opening)


def _of_activity(desk: Desk, activity: Activity) -> Line:
    _, starts = desk.words.gettext, activity.dtstart.astimezone(desk.zone)
    is_off = activity.is_cancelled
    when = hour_of(starts, desk.language)
    return Line(
        activity.summary,
        (
            " · ".join(
                filter(
                    None,
                    (activity.location, activity.organizer or activity.campaign.unit.full_name),
                )
            ),
        ),
        _("called off: %(when)s") % {"when": when} if is_off else when,
        is_off,
        f"{desk.public_url}/hoat-dong/{activity.uid}",
        when,
    )


def _activities(desk: Desk, rows: Sequence[Any]) -> Sequence[Activity]:
    ids = {row.Notice.about_id for row in rows}
    query = (
        select(Activity)
        .where(Activity.id.in_(ids))
        .options(joinedload(Activity.campaign).joinedload(Campaign.unit))
    )
    return desk.session.scalars(query.order_by(Activity.dtstart, Activity.id)).all()


def _invitation(desk: Desk, rows: Sequence[Any]) -> bytes | None:
    activities = _activities(desk, rows) if rows else ()
    if not activities:
        return None
    return invitation(activities, View(desk.today, desk.public_url, desk.language), desk.zone)


def _week(desk: Desk, rows: Sequence[Any], named: _Named) -> Iterator[Section]:
    """Yield what is due in the week: what its reader is in charge of, and what they support."""
    _ = desk.words.gettext
    monday = max(date.fromisoformat(row.Notice.rule.removeprefix("week-")) for row in rows)
    lines = [
        Line(
            _summary(item, named),
            (" · ".join([unit.full_name, *([_("you support it")] if is_support else [])]),),
            short_day(day_in_week(item, monday), desk.language),
            url=desk.item_url(item.id),
            day=short_day(item.due, desk.language),
        )
        for item, unit, is_support in _of_week(desk, monday)
    ]
    if lines:
        facts = {"first": f"{monday:%d/%m}", "last": f"{monday + _SUNDAY:%d/%m}"}
        number = desk.words.ngettext("%(num)d item", "%(num)d items", len(lines))
        opening = _("Week from %(first)s to %(last)s: %(items)s") % {
            **facts,
            "items": number % {"num": len(lines)},
        }
        title = _("This week")
        escaped = opening.replace("%", "%%")
        yield Section.of(NoticeKind.WEEK, title, lines, compact=True, opening=escaped)


def _of_week(desk: Desk, monday: date) -> Iterator[tuple[ChecklistItem, Unit, bool]]:
    person_id = desk.message.person_id
    held = select(Post.unit_id).where(Post.person_id == person_id, Post.on(desk.today))
    units = set(desk.session.scalars(held))
    directory = Directory.load(desk.session, desk.today, units)
    query = (
        select(ChecklistItem, Unit, *item_columns())
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .join(Unit, Unit.id == Campaign.unit_id)
        .where(is_to_do(), in_week(monday), doing_unit_id().in_(units))
        .order_by(ChecklistItem.due, Unit.position, ChecklistItem.position, ChecklistItem.id)
    )
    for row in desk.session.execute(query):
        if any(to.id == person_id for to in directory.charge_of(row)):
            yield row.ChecklistItem, row.Unit, False
        elif any(to.id == person_id for to in directory.supporting(row)):
            yield row.ChecklistItem, row.Unit, True


def _month(desk: Desk, rows: Sequence[Any], _named: _Named) -> Iterator[Section]:
    """Yield the figures of a unit and of those below it that are late, by name."""
    _ = desk.words.gettext
    first = max(date.fromisoformat(f"{row.Notice.rule.removeprefix('month-')}-01") for row in rows)
    last = first - timedelta(days=1)
    ids = {row.Notice.about_id for row in rows}
    units = desk.session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.id))
    for unit in units:
        day = AsOf(last, desk.zone)
        below = below_of(
            desk.session, counted_with(desk.session, unit, day), day, of_year(last.year)
        )
        late = sorted(below.branches, key=lambda one: -one.progress.overdue)
        lines = [
            Line(name, (_figures(desk, progress),), is_late=bool(progress.overdue), url=url)
            for name, progress, url in (
                (unit.full_name, below.total, f"{desk.public_url}/tien-do/{unit.slug}"),
                *(
                    (one.name, one.progress, f"{desk.public_url}/tien-do/{one.slug}")
                    for one in late
                    if one.progress.overdue
                ),
            )
        ]
        facts = {"month": f"{last:%m/%Y}", "unit": unit.full_name}
        title = _("Figures at the end of %(month)s") % facts
        opening = (_("Figures at the end of %(month)s: %(unit)s") % facts).replace("%", "%%")
        yield Section.of(NoticeKind.MONTH, title, lines, compact=True, opening=opening)


def _figures(desk: Desk, progress: Any) -> str:
    sentence = desk.words.gettext(
        "%(done)s of %(expected)s done, %(late)s of them late; %(overdue)s overdue"
    )
    return sentence % {
        "done": progress.done,
        "expected": progress.expected,
        "late": progress.late,
        "overdue": progress.overdue,
    }


_WRITERS: Mapping[NoticeKind, Callable[[Desk, Sequence[Any], _Named], Iterator[Section]]] = {
    NoticeKind.ASSIGNED: _assigned,
    NoticeKind.MOVED: _moved,
    NoticeKind.BLOCKED: _blocked,
    NoticeKind.LATE: _late,
    NoticeKind.INVITED: _invited,
    NoticeKind.OPENED: _opened,
    NoticeKind.WEEK: _week,
    NoticeKind.MONTH: _month,
}


def _place(desk: Desk, rows: Sequence[Any]) -> str:
    """Return the unit a mail is about, if it is one, and the day."""
    names = dict.fromkeys(row.Unit.full_name for row in rows if row.Unit is not None)
    day = date_in_words(desk.today, desk.language)
    return f"{next(iter(names))} · {day}" if len(names) == 1 else day
