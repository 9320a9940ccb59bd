"""What last year teaches the template: where most units were late, the next version may leave more time.

Only proposals: the evidence stands beside each, and people choose. Of an item that runs over a period the end is proposed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from events.entries import ItemEntry
from events.models import Campaign, CampaignStatus, ChecklistItem, NotDone, Template, TemplateItem, Unit
from events.templates import item_entry

_OFTEN = 1 / 3  # share of units that were late before a change is proposed
_LAST = -1  # what was due before the day stays before it


@dataclass(frozen=True, slots=True)
class Proposal:
    """A later deadline for one item at one level. ``units`` had it, ``never`` of them did not do it, ``median_late`` is in days."""

    key: str
    title: str
    level: str
    old_offset: int
    new_offset: int
    units: int
    never: int
    median_late: float
    share_late: float

    @property
    def name(self) -> str:
        """What a form calls it by."""
        return f"{self.key}@{self.level}"


@dataclass(slots=True)
class _Record:
    days: list[int] = field(default_factory=list)
    never: int = 0

    @property
    def units(self) -> int:
        return len(self.days) + self.never

    @property
    def share_late(self) -> float:
        return (sum(day > 0 for day in self.days) + self.never) / self.units


def propose(session: Session, template: Template, year: int) -> list[Proposal]:
    """Return the offsets that the lateness of ``year`` suggests, in the order of the template."""
    records = _records(session, template, year)
    found = (
        _proposal(item, level, records[item.key, level]) for item in template.current.items for level in _levels(records, item.key)
    )
    return [proposal for proposal in found if proposal]


def with_proposals(template: Template, chosen: Iterable[Proposal]) -> list[ItemEntry]:
    """Return the template's items with the chosen offsets, for a new version."""
    offsets: dict[str, dict[str, int]] = defaultdict(dict)
    for proposal in chosen:
        offsets[proposal.key][proposal.level] = proposal.new_offset
    return [_with_offsets(item_entry(item), offsets.get(item.key, {})) for item in template.current.items]


def _with_offsets(entry: ItemEntry, offsets: dict[str, int]) -> ItemEntry:
    """Return an item with other days at some levels: those on which it is due."""
    name = "level_offsets" if entry.end_offset_days is None else "level_end_offsets"
    return entry.model_copy(update={name: {**getattr(entry, name), **offsets}})


def _records(session: Session, template: Template, year: int) -> dict[tuple[str, str], _Record]:
    """Return how each item went by key and level, in one query. What a unit did not need counts for nothing."""
    needed = or_(ChecklistItem.not_done.is_(None), ChecklistItem.not_done != NotDone.NOT_REQUIRED)
    query = (
        select(ChecklistItem.key, Unit.level_key, ChecklistItem.due, ChecklistItem.completed_on)
        .join(ChecklistItem.campaign)
        .join(Campaign.unit)
        .where(Campaign.template_id == template.id, Campaign.year == year, Campaign.status != CampaignStatus.CANCELLED)
        .where(~ChecklistItem.is_own, needed)
    )
    records: dict[tuple[str, str], _Record] = defaultdict(_Record)
    for key, level, due, completed_on in session.execute(query):
        record = records[key, level]
        if completed_on is None:
            record.never += 1
        else:
            record.days.append((completed_on - due).days)
    return records


def _levels(records: dict[tuple[str, str], _Record], key: str) -> Sequence[str]:
    return sorted(level for known, level in records if known == key)


def _proposal(item: TemplateItem, level: str, record: _Record) -> Proposal | None:
    if not record.days or record.share_late < _OFTEN:
        return None
    late = median(record.days)
    end = item.end_at(level)
    old = item.offset_at(level) if end is None else end
    new = old + ceil(late)
    if old < 0:
        new = min(new, _LAST)
    if new <= old:
        return None
    return Proposal(item.key, item.title_vi, level, old, new, record.units, record.never, late, record.share_late)
