"""Units that change: merged, renamed, their posts confirmed, and where an old address leads."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from sqlalchemy import func, select

from events.errors import N_
from events.lineage import above_now
from events.models import Campaign, ChecklistItem, PostProposal, Unit
from events.proposals import decide_proposal, waiting_proposals
from events.reforms import NewUnit, Reformed, merge, rename, split
from events.units import successors
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Stage, Told, as_text

_EXAMPLES = 3  # posts that are told one by one


class _OfUnits(Act):
    @property
    def rule(self) -> Rule:
        return Rule.UNITS

    def reformed(self, done: Reformed) -> Iterator[Told]:
        ended, begun = (", ".join(unit.full_name for unit in units) for units in (done.ended, done.begun))
        facts = {"ended": ended, "begun": begun, "day": as_text(done.reform.on), "posts": done.posts}
        yield self.told(N_("From %(day)s: %(begun)s, made from %(ended)s; %(posts)s posts are proposed"), **facts)
        over = done.handed_over
        if over:
            facts = {"closed": over.closed, "begun": over.begun, "posts": over.posts}
            yield self.told(N_("… %(closed)s open items go to the successor as %(begun)s, %(posts)s posts are proposed"), **facts)


class Merge(_OfUnits):
    """Units are merged into a new one whose first day is ``first_day``."""

    do: Literal["merge"] = "merge"
    units: tuple[str, ...]
    into: str
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        done = merge(stage.session, self.units, NewUnit(self.into), on=self.first_day, basis=self.basis, by=None, now=stage.now)
        yield from self.reformed(done)


class SplitUnit(_OfUnits):
    """A unit is split into new ones whose first day is ``first_day``."""

    do: Literal["split-unit"] = "split-unit"
    unit: str
    into: tuple[str, ...]
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        parts = [NewUnit(name) for name in self.into]
        done = split(stage.session, self.unit, parts, on=self.first_day, basis=self.basis, by=None, now=stage.now)
        yield from self.reformed(done)


class Rename(_OfUnits):
    """A unit has a new name from ``first_day``."""

    do: Literal["rename"] = "rename"
    unit: str
    name: str
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        yield from self.reformed(
            rename(stage.session, self.unit, self.name, on=self.first_day, basis=self.basis, by=None, now=stage.now)
        )


class ConfirmPosts(_OfUnits):
    """A person of the unit above confirms the posts that are proposed in a successor, all but the last one, which is declined."""

    do: Literal["confirm-posts"] = "confirm-posts"
    unit: str
    by: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit, by = stage.unit(self.unit), stage.somebody(stage.unit(self.by))
        waiting = [proposal for proposal in waiting_proposals(stage.session) if proposal.unit_id == unit.id]
        for proposal in waiting:
            decide_proposal(stage.session, proposal.id, confirm=proposal is not waiting[-1], by=by, now=stage.now)
        for proposal in waiting[:_EXAMPLES]:
            yield self._decided(N_("“%(name)s” is confirmed as %(role)s of %(unit)s"), proposal)
        yield self._decided(N_("“%(name)s” is declined as %(role)s of %(unit)s"), waiting[-1])
        yield self.told(N_("… of %(count)s proposed posts"), count=len(waiting))

    def _decided(self, sentence: str, proposal: PostProposal) -> Told:
        facts = {"name": proposal.person.full_name, "role": proposal.role.title_vi, "unit": proposal.unit.full_name}
        return self.told(sentence, **facts)


class LookAtUnit(_OfUnits):
    """Somebody follows an old link to a unit."""

    do: Literal["look-at-unit"] = "look-at-unit"
    unit: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit = stage.unit(self.unit)
        heirs = ", ".join(heir.full_name for heir in successors(stage.session, unit)) or self._above(stage, unit)
        of_unit = Campaign.unit_id == unit.id
        campaigns = stage.session.scalar(select(func.count()).select_from(Campaign).where(of_unit))
        items = stage.session.scalar(select(func.count()).select_from(ChecklistItem).join(ChecklistItem.campaign).where(of_unit))
        facts = {"unit": unit.full_name, "day": as_text(unit.valid_to), "heirs": heirs, "campaigns": campaigns, "items": items}
        sentence = N_(
            "The old address of %(unit)s says: until %(day)s, now %(heirs)s. It keeps %(campaigns)s campaigns, %(items)s items."
        )
        yield self.told(sentence, **facts)

    def _above(self, stage: Stage, unit: Unit) -> str:
        above = above_now(stage.session, unit, stage.day)
        return above.full_name if above else "–"
