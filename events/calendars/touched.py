"""Which calendars a change touches: from the marks of rows to the keys of feeds.

Too many is fine, since digests decide; too few is a calendar that lies.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database import Base
from events.models import Activity, ActivityCredit, Campaign, FeedMark, Observance, Unit
from events.models.marking import CONCERNS, EVERYTHING, WORK
from events.units.lineage import made_from

_AT_ONCE = 500  # ids in a question


@dataclass(slots=True)
class Touched:
    """The rows that calendars are about and that changed; ``everything``: perhaps all."""

    everything: bool = False
    ids: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def units(self) -> set[int]:
        return self.ids["unit"]

    @property
    def campaigns(self) -> set[int]:
        return self.ids["campaign"]

    @property
    def observances(self) -> set[int]:
        return self.ids["observance"]


def touched_by(session: Session, marks: Iterable[FeedMark]) -> Touched:
    """Return what the rows that were marked concern."""
    found = Touched()
    for mark in marks:
        if mark.what == EVERYTHING or mark.row_id is None:
            return Touched(everything=True)
        found.ids[mark.what].add(mark.row_id)
    for what in list(found.ids):
        if what not in ("campaign", WORK):
            _follow(session, found, what)
    for ids in _some(found.ids.pop(WORK, set())):
        found.units.update(session.scalars(select(Campaign.unit_id).where(Campaign.id.in_(ids))))
    _add_credited(session, found)
    _follow(session, found, "campaign")
    return found


def keys_of(session: Session, touched: Touched) -> set[str]:
    """Return the keys of the public feeds that show what was touched."""
    keys: set[str] = set()
    for ids in _some(touched.observances):
        keys.update(session.scalars(select(Observance.slug).where(Observance.id.in_(ids))))
    for unit in sorted(touched.units):  # also of those it was made from, whose calendars go on
        line = select(Unit.slug).where(Unit.id.in_(made_from(unit)))
        keys.update(session.scalars(line))
    return keys


def _follow(session: Session, found: Touched, what: str) -> None:
    """Add what the rows of a table concern, by the columns that say so."""
    table, concerns = Base.metadata.tables[what], CONCERNS.get(what, {})
    if not concerns or what == "unit":
        return
    columns = [table.c[name] for name in concerns]
    for ids in _some(found.ids[what]):
        for row in session.execute(select(*columns).where(table.c.id.in_(ids))):
            for kind, value in zip(concerns.values(), row, strict=True):
                if value is not None:
                    found.ids[kind].add(value)


def _add_credited(session: Session, found: Touched) -> None:
    """Add the campaigns for which activities of those found count too."""
    credit = ActivityCredit
    for ids in _some(set(found.campaigns)):
        counted = select(credit.campaign_id).join(credit.activity)
        found.campaigns.update(session.scalars(counted.where(Activity.campaign_id.in_(ids))))
        holders = select(Activity.campaign_id).join(credit, credit.activity_id == Activity.id)
        found.campaigns.update(session.scalars(holders.where(credit.campaign_id.in_(ids))))


def _some(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[at : at + _AT_ONCE] for at in range(0, len(ordered), _AT_ONCE))
