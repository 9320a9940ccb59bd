"""What last year teaches the template: where many units were late, the next version may leave more
time.

Only proposals: the evidence stands beside each, and people choose. Of an item that runs over a
period the end is proposed.

Lateness counts from the day that was asked for: the one that the campaign's days, the working
calendar and the plans issued above give. A late plan, a moved event or a decision on days off moves
it, and is nobody's lateness below; a day that a unit chose by hand is no template's, so that there
the template's own counts. New days are reckoned from the version that a campaign ran with, so that
the same year proposes the same days however often it is asked.

What is reported is summed up above, so that a later report below may come too late for the sum.
Whether that one can wait is for people to say: such a proposal names what it would overtake.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import ceil
from statistics import median
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from events.campaigns.copies import copies_by_level
from events.campaigns.unit_checklists import load_unit_checklists, template_items
from events.campaigns.wanted_dates import dates_now
from events.days.workdays import WorkCalendar
from events.installation import day_here
from events.models import (
    Campaign,
    ChecklistItem,
    NotDone,
    Round,
    Template,
    TemplateItem,
    Unit,
)
from events.models.campaigns import of_rounds, takes_place
from events.templates.editing import item_entry
from events.templates.entries import MOST_DAYS, ItemEntry
from events.units.tree import UnitTree, levels, load_tree

_OFTEN = 1 / 3  # share of units that were late before a change is proposed
_LAST = -1  # what was due before the day stays before it


@dataclass(frozen=True, slots=True)
class Above:
    """An item of a level above that sums up what is reported below, and the day on which it is
    due.
    """

    title: str
    level: str
    offset: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A later deadline for one item at one level.

    Of ``units`` that had it, ``late`` did it late and ``never`` not at all.

    ``median_late`` and ``worst`` are days; ``names`` are the units that were late or never did it.
    ``overtakes`` are items above that it comes before now and would not any more.
    """

    key: str
    title: str
    level: str
    old_offset: int
    new_offset: int
    units: int
    late: int
    never: int
    median_late: int
    worst: int
    names: tuple[str, ...]
    overtakes: tuple[Above, ...] = ()

    @property
    def name(self) -> str:
        """What a form calls it by."""
        return f"{self.key}@{self.level}"

    @property
    def percent(self) -> int:
        """How many of a hundred units were late or never did it."""
        return round(100 * (self.late + self.never) / self.units)


@dataclass(frozen=True, slots=True)
class _Case:
    """How one unit did one item: the days from the anchor that it was asked for, and how late it
    was; None for never.
    """

    unit: str
    offset: int
    late: int | None

    @property
    def is_late(self) -> bool:
        return self.late is None or self.late > 0


def propose(
    session: Session, template: Template, year: int, *, now: datetime, calendar: WorkCalendar
) -> list[Proposal]:
    """Return the offsets that the lateness of ``year`` suggests, in the order of the template.

    Only what was due before today counts. What the current version asks for late enough already is
    not proposed.
    """
    today = day_here(session, now)
    cases = _cases(session, template, year, today, calendar)
    items = (item for item in template.current.items if not item.phase.is_the_day)
    found = (
        _proposal(item, level, cases[item.key, level])
        for item in items
        for level in _levels(cases, item.key)
    )
    proposals = [proposal for proposal in found if proposal]
    return _with_overtaken(session, template, proposals, today) if proposals else []


def with_proposals(template: Template, chosen: Iterable[Proposal]) -> list[ItemEntry]:
    """Return the template's items with the chosen offsets, for a new version."""
    offsets: dict[str, dict[str, int]] = defaultdict(dict)
    for proposal in chosen:
        offsets[proposal.key][proposal.level] = proposal.new_offset
    return [
        _with_offsets(item_entry(item), offsets.get(item.key, {}))
        for item in template.current.items
    ]


def _with_offsets(entry: ItemEntry, offsets: dict[str, int]) -> ItemEntry:
    """Return an item with other days at some levels: those on which it is due."""
    name = "level_offsets" if entry.end_offset_days is None else "level_end_offsets"
    return entry.model_copy(update={name: {**getattr(entry, name), **offsets}})


def _with_overtaken(
    session: Session, template: Template, proposals: Sequence[Proposal], today: date
) -> list[Proposal]:
    """Return the proposals with the items above that they would overtake, among those that units of
    today get.
    """
    ranks = {level.key: level.rank for level in levels(session)}
    sums = _by_level(template, load_tree(session, today))
    items = {item.key: item for item in template.current.items}

    def overtaken(one: Proposal) -> Iterator[Above]:
        for level, above in sums:
            due = _due_at(above, level)
            if (
                ranks[level] < ranks[one.level]
                and _sums_up(above, items[one.key])
                and one.old_offset < due <= one.new_offset
            ):
                yield Above(above.title_vi, level, due)

    return [replace(one, overtakes=tuple(overtaken(one))) for one in proposals]


def _by_level(template: Template, tree: UnitTree) -> list[tuple[str, TemplateItem]]:
    copies = copies_by_level(template.current.items, tree)
    top = ((root.level, item) for root in tree.roots[:1] for item in copies.one)
    return [*top, *((level, item) for level, items in copies.each.items() for item in items)]


def _sums_up(above: TemplateItem, below: TemplateItem) -> bool:
    """Tell whether an item of a level above needs one of a level below first, as far as days from
    the same day say so.
    """
    in_reports = above.phase_key == below.phase_key and above.phase.sums_up
    return above.anchor is below.anchor and (in_reports or below.key in above.depends_on)


def _cases(
    session: Session, template: Template, year: int, today: date, calendar: WorkCalendar
) -> dict[tuple[str, str], list[_Case]]:
    """Return how each item went by key and level. What a unit did not need counts for nothing."""
    rows = _rows(session, template, year)
    asked = (
        _asked_by_template(session, template, year, calendar)
        if any("due" in row.edited for row in rows)
        else {}
    )
    ran_with = _Versions(session, template)
    cases: dict[tuple[str, str], list[_Case]] = defaultdict(list)
    for row in rows:
        due = asked.get((row.campaign_id, row.key), row.due) if "due" in row.edited else row.due
        offset = ran_with.offset(row)
        if due < today and offset is not None:
            late = None if row.completed_on is None else (row.completed_on - due).days
            cases[row.key, row.level_key].append(_Case(row.full_name, offset, late))
    return cases


def _rows(session: Session, template: Template, year: int) -> Sequence[Any]:
    item = ChecklistItem
    needed = or_(item.not_done.is_(None), item.not_done == NotDone.NOT_DONE)
    facts = (item.campaign_id, item.key, item.due, item.edited, item.completed, item.completed_on)
    query = (
        select(*facts, Round.version_id, Unit.level_key, Unit.full_name)
        .join(item.campaign)
        .join(Campaign.round)
        .join(Campaign.unit)
    )
    query = query.where(*_rounds(template, year), ~item.is_own, needed)
    return session.execute(query.order_by(Unit.position, Unit.id)).all()


def _rounds(template: Template, year: int) -> tuple[Any, ...]:
    return of_rounds(Round.template_id == template.id, Round.year == year), takes_place()


def _asked_by_template(
    session: Session, template: Template, year: int, calendar: WorkCalendar
) -> dict[tuple[int, str], date]:
    """Return by campaign id and key when each item of the year's rounds would be due had nobody
    edited it.
    """
    roots = session.scalars(
        select(Campaign).where(*_rounds(template, year), Campaign.parent_id.is_(None))
    ).all()
    found = (dates_now(session, load_unit_checklists(session, root), calendar) for root in roots)
    return {where: dates.due for of_root in found for where, dates in of_root.items()}


class _Versions:
    """The days from the anchor that items ran with.

    What was done before a version was made ran with an older one.
    """

    def __init__(self, session: Session, template: Template) -> None:
        self._versions = {version.id: version for version in template.versions}
        self._items = template_items(session, self._versions.keys())
        self._now = self._items[template.current.id]

    def offset(self, row: Any) -> int | None:
        """Return the day of an item; None where it counted from another anchor than it does now, or
        is gone.
        """
        last = self._versions[row.version_id]
        older = [version for version in self._versions.values() if version.number <= last.number]
        version = next(
            (
                each
                for each in reversed(older)
                # when it was recorded: until then it followed new versions
                if not row.completed or each.created <= row.completed
            ),
            last,
        )
        ran, now = self._items[version.id].get(row.key), self._now.get(row.key)
        return _due_at(ran, row.level_key) if ran and now and ran.anchor is now.anchor else None


def _due_at(item: TemplateItem, level: str) -> int:
    end = item.end_at(level)
    return item.offset_at(level) if end is None else end


def _levels(cases: dict[tuple[str, str], list[_Case]], key: str) -> Iterator[str]:
    return iter(sorted(level for known, level in cases if known == key))


def _proposal(item: TemplateItem, level: str, cases: Sequence[_Case]) -> Proposal | None:
    """Return a day by which half of the late units were ready.

    Those that never were rank behind the last one that was.
    """
    late = [case for case in cases if case.is_late]
    done = [case.late for case in late if case.late is not None]
    if not done or len(late) < _OFTEN * len(cases):
        return None
    worst = max(done)
    old = _due_at(item, level)
    new = min(
        ceil(median(case.offset + (worst if case.late is None else case.late) for case in late)),
        MOST_DAYS,
    )
    if old < 0:
        new = min(new, _LAST)
    if new <= old:
        return None
    half = ceil(median(worst if case.late is None else case.late for case in late))
    return Proposal(
        item.key,
        item.title_vi,
        level,
        old_offset=old,
        new_offset=new,
        units=len(cases),
        late=len(done),
        never=len(late) - len(done),
        median_late=half,
        worst=worst,
        names=tuple(case.unit for case in late),
    )
