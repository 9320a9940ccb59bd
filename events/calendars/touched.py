"""Which calendars a change touches: from the marks of rows to the keys of feeds.

Too many is fine, since digests decide; too few is a calendar that lies.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.calendars.campaign_feed import PREFIX
from events.calendars.observance_feed import COMMON
from events.calendars.view import ENGLISH
from events.database.sessions import Base
from events.models import (
    Activity,
    ActivityCredit,
    Campaign,
    FeedMark,
    FeedToken,
    Observance,
    Post,
    PostProposal,
    Round,
    Unit,
)
from events.models.feed_tokens import key_of_digest
from events.models.marking import CONCERNS, EVERYTHING, OCCASION, WORK
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
    def at_work(self) -> set[int]:
        """Units whose work changed, which only own calendars show."""
        return self.ids["at work"]

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
        if what not in ("campaign", WORK, OCCASION):
            _follow(session, found, what)
    for ids in _some(found.ids.pop("round", set())):
        theirs = select(Campaign.id).where(Campaign.round_id.in_(ids))
        found.campaigns.update(session.scalars(theirs))
    for ids in _some(found.ids.pop(WORK, set())):
        units = select(Campaign.unit_id).where(Campaign.id.in_(ids))
        found.at_work.update(session.scalars(units))
    _add_credited(session, found)
    _follow(session, found, "campaign")
    for ids in _some(found.ids.pop(OCCASION, set())):
        kept = select(Round.observance_id).where(Round.id.in_(ids))
        found.observances.update(one for one in session.scalars(kept) if one is not None)
    return found


def keys_of(session: Session, touched: Touched) -> set[str]:
    """Return the keys of the feeds that show what was touched."""
    keys: set[str] = set()
    for ids in _some(touched.observances):
        keys.update(session.scalars(select(Observance.slug).where(Observance.id.in_(ids))))
    campaigns = set(touched.campaigns)
    for unit in sorted(touched.units):  # also of those it was made from, whose calendars go on
        made_of = select(Unit.id, Unit.slug).where(Unit.id.in_(made_from(unit)))
        line = {row.id: row.slug for row in session.execute(made_of)}
        keys.update(line.values())
        before = line.keys() - {unit}
        if before:
            of_before = select(Campaign.id).where(Campaign.unit_id.in_(before))
            campaigns.update(session.scalars(of_before))
    if touched.observances:
        keys.update(COMMON)
    for ids in _some(campaigns):
        uids = session.scalars(select(Campaign.uid).where(Campaign.id.in_(ids)))
        keys.update(f"{PREFIX}{uid}" for uid in uids)
    return keys | {ENGLISH + key for key in keys} | _own_keys(session, touched)


def _own_keys(session: Session, touched: Touched) -> set[str]:
    """Return the keys of the calendars of people with a post, or one that is proposed,
    in a unit touched or above it."""
    tokens = session.execute(
        select(FeedToken.person_id, FeedToken.digest).where(FeedToken.revoked.is_(None))
    ).all()
    if not tokens:
        return set()
    units = touched.units | touched.at_work
    for ids in _some(touched.campaigns):
        units.update(session.scalars(select(Campaign.unit_id).where(Campaign.id.in_(ids))))
    parents = {row.id: row.parent_id for row in session.execute(select(Unit.id, Unit.parent_id))}
    for unit in list(units):
        above = parents.get(unit)
        while above is not None:
            units.add(above)
            above = parents.get(above)
    people = set(touched.ids["person"])
    owners = select(Post.person_id).where(Post.person_id.in_({owner for owner, _ in tokens}))
    proposed = select(PostProposal.person_id).where(PostProposal.confirmed.is_(None))
    for ids in _some(units):
        people.update(session.scalars(owners.where(Post.unit_id.in_(ids))))
        people.update(session.scalars(proposed.where(PostProposal.unit_id.in_(ids))))
    return {key_of_digest(digest) for owner, digest in tokens if owner in people}


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
