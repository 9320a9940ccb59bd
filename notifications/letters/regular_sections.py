"""The sections of a morning mail that come round by themselves: the work of a week, the
figures of a month.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from events.checklist.charge import doing_unit_id
from events.checklist.listing import is_to_do
from events.models import Campaign, ChecklistItem, Post, Unit
from events.models.campaigns import of_year
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf
from events.progress.standings import below_of
from notifications.letters.desk import Desk, Line, Named, Section, summary_of
from notifications.letters.wording import short_day
from notifications.notices.recipients import Directory
from notifications.notices.regular import day_in_week, in_week
from notifications.notices.table import NoticeKind
from notifications.notices.tellings import item_columns

_SUNDAY = timedelta(days=6)  # after a Monday


def week(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    """Yield what is due in the week: what its reader is in charge of, and what they support."""
    _ = desk.words.gettext
    monday = max(date.fromisoformat(row.Notice.rule.removeprefix("week-")) for row in rows)
    lines = [
        Line(
            summary_of(item, named),
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


def month(desk: Desk, rows: Sequence[Any], _named: Named) -> Iterator[Section]:
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
