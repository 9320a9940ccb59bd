"""Units that change: merged, renamed, their posts confirmed, and where an old address leads."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from icalendar import Calendar
from sqlalchemy import func, select

from events.calendars.feeds import render
from events.calendars.unit_feed import UnitFeed
from events.calendars.view import View
from events.checklist.history import Stamp
from events.errors import N_, NotFoundError
from events.models import Campaign, ChecklistItem, PostProposal, Unit
from events.people.proposed_posts import decide_proposal, waiting_proposals
from events.reforms.reform import merge, rename, split
from events.reforms.taking_back import NAMES, reform_of, take_back
from events.reforms.writing import NewUnit, Reformed
from events.units.endings import closure_of
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Stage, Told, as_text

_EXAMPLES = 3  # posts that are told one by one


class _OfUnits(Act):
    @property
    def rule(self) -> Rule:
        return Rule.UNITS

    def reformed(self, done: Reformed) -> Iterator[Told]:
        ended, begun = (
            ", ".join(unit.full_name for unit in units) for units in (done.ended, done.begun)
        )
        facts = {
            "ended": ended,
            "begun": begun,
            "day": as_text(done.reform.on),
            "posts": done.posts,
        }
        yield self.told(
            N_("From %(day)s: %(begun)s, made from %(ended)s; %(posts)s posts are proposed"),
            **facts,
        )
        over = done.handed_over
        if over:
            facts = {"closed": over.closed, "begun": over.begun, "posts": over.posts}
            yield self.told(
                N_(
                    "… %(closed)s open items go to the successor as %(begun)s, %(posts)s posts "
                    "are proposed"
                ),
                **facts,
            )


class Merge(_OfUnits):
    """Units are merged into a new one whose first day is ``first_day``."""

    tries = N_("%(units)s are merged into %(into)s from %(first_day)s")
    do: Literal["merge"] = "merge"
    units: tuple[str, ...]
    into: str
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        done = merge(
            stage.session,
            self.units,
            NewUnit(self.into),
            stamp=Stamp(None, stage.now),
            on=self.first_day,
            basis=self.basis,
        )
        yield from self.reformed(done)


class SplitUnit(_OfUnits):
    """A unit is split into new ones whose first day is ``first_day``."""

    tries = N_("%(unit)s is split into %(into)s from %(first_day)s")
    do: Literal["split-unit"] = "split-unit"
    unit: str
    into: tuple[str, ...]
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        parts = [NewUnit(name) for name in self.into]
        done = split(
            stage.session,
            self.unit,
            parts,
            stamp=Stamp(None, stage.now),
            on=self.first_day,
            basis=self.basis,
        )
        yield from self.reformed(done)


class Rename(_OfUnits):
    """A unit has a new name from ``first_day``."""

    tries = N_("%(unit)s is renamed to %(name)s from %(first_day)s")
    do: Literal["rename"] = "rename"
    unit: str
    name: str
    first_day: date
    basis: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        yield from self.reformed(
            rename(
                stage.session,
                self.unit,
                self.name,
                stamp=Stamp(None, stage.now),
                on=self.first_day,
                basis=self.basis,
            )
        )


class TakeBack(_OfUnits):
    """A change of units that was entered by mistake is taken back; ``unit`` is one that it ends."""

    tries = N_("the change that ends %(unit)s is taken back")
    do: Literal["take-back"] = "take-back"
    unit: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit = stage.unit(self.unit)
        reform = take_back(
            stage.session, reform_of(stage.session, unit.key).id, by=None, now=stage.now
        )
        gone = ", ".join(reform.detail[NAMES].values())
        facts = {"unit": unit.full_name, "gone": gone, "day": as_text(reform.on)}
        yield self.told(
            N_(
                "Entered by mistake and taken back: %(gone)s from %(day)s. %(unit)s goes on as "
                "before."
            ),
            **facts,
        )


class ConfirmPosts(_OfUnits):
    """A person of the unit above confirms the posts that are proposed in a successor, all but the
    last one, which is declined.
    """

    tries = N_("the posts proposed in %(unit)s are decided on")
    do: Literal["confirm-posts"] = "confirm-posts"
    unit: str
    by: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit, by = stage.unit(self.unit), stage.somebody(stage.unit(self.by))
        waiting = [
            proposal for proposal in waiting_proposals(stage.session) if proposal.unit_id == unit.id
        ]
        for proposal in waiting:
            decide_proposal(
                stage.session,
                proposal.id,
                confirm=proposal is not waiting[-1],
                by=by,
                now=stage.now,
            )
        for proposal in waiting[:_EXAMPLES]:
            yield self._decided(N_("“%(name)s” is confirmed as %(role)s of %(unit)s"), proposal)
        yield self._decided(N_("“%(name)s” is declined as %(role)s of %(unit)s"), waiting[-1])
        yield self.told(N_("… of %(count)s proposed posts"), count=len(waiting))

    def _decided(self, sentence: str, proposal: PostProposal) -> Told:
        facts = {
            "name": proposal.person.full_name,
            "role": proposal.role.title_vi,
            "unit": proposal.unit.full_name,
        }
        return self.told(sentence, **facts)


class LookAtUnit(_OfUnits):
    """Somebody follows an old link to a unit."""

    tries = N_("the old address of %(unit)s is followed")
    do: Literal["look-at-unit"] = "look-at-unit"
    unit: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit = stage.unit(self.unit)
        closure = closure_of(stage.session, unit, stage.day)
        if closure is None:
            raise NotFoundError(N_("%(unit)s has not ended."), unit=unit.full_name)
        of_unit = Campaign.unit_id == unit.id
        campaigns = stage.session.scalar(select(func.count()).select_from(Campaign).where(of_unit))
        items = stage.session.scalar(
            select(func.count())
            .select_from(ChecklistItem)
            .join(ChecklistItem.campaign)
            .where(of_unit)
        )
        facts = {
            "unit": unit.full_name,
            "day": as_text(closure.last_day),
            "campaigns": campaigns,
            "items": items,
        }
        sentence = N_(
            "The old address of %(unit)s, which ended on %(day)s, says: %(closure)s. "
            "It keeps %(campaigns)s campaigns, %(items)s items."
        )
        yield self.told(sentence, closure=closure.words, **facts)
        yield self._calendar(stage, unit)

    def _calendar(self, stage: Stage, unit: Unit) -> Told:
        """Tell what clients find that fetch the unit's calendar."""
        feed = UnitFeed(unit, View(stage.day, "https://example.org"))
        written = Calendar.from_ical(render(stage.session, feed))
        [told] = [event for event in written.events if "-ended@" in event.get("uid", "")]
        # before the address
        names = [line.rpartition(": ")[0] for line in told.get("description", "").splitlines()]
        facts = {"day": as_text(told.decoded("dtstart")), "calendars": ", ".join(names)}
        return self.told(
            N_("… its calendar says so on %(day)s and leads on: %(calendars)s"), **facts
        )
