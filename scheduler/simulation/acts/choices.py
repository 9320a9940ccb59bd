"""What units choose: leave out, add, divide among villages, hand down, count for another campaign
too.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from sqlalchemy import func, select

from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item
from events.checklist.integration import credit_item, integrated_in
from events.checklist.optional import switch_off
from events.checklist.own_items import OwnItem, add_own_item
from events.errors import N_
from events.models import Campaign, ChecklistItem
from events.reforms.villages import add_village
from scheduler.simulation.acts.act import Act
from scheduler.simulation.acts.checklist import OfItem
from scheduler.simulation.stage import Rule, Stage, Told, as_text


class _Choice(OfItem):
    @property
    def rule(self) -> Rule:
        return Rule.CHOICES


class SwitchOff(_Choice):
    """An optional item is left out."""

    tries = N_("%(actor)s leaves “%(item)s” out")
    do: Literal["switch-off"] = "switch-off"
    reason: str = ""

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        yield self.stands(
            stage, switch_off(stage.session, item.id, self.reason, **self.who(stage, item))
        )


class AddItem(Act):
    """A unit adds an item of its own."""

    tries = N_("%(actor)s adds “%(summary)s”")
    do: Literal["add-item"] = "add-item"
    campaign: str
    unit: str
    summary: str
    due: date
    phase: str
    weight: int = 1

    @property
    def rule(self) -> Rule:
        return Rule.CHOICES

    def happen(self, stage: Stage) -> Iterator[Told]:
        campaign = stage.campaign(self.campaign, self.unit)
        own = OwnItem(self.summary, self.due, self.phase, weight=self.weight)
        item = add_own_item(stage.session, campaign, own, **stage.who(campaign.unit))
        facts = {"unit": campaign.unit.full_name, "item": item.summary, "due": as_text(item.due)}
        yield self.told(N_("%(unit)s adds an item of its own: “%(item)s”, due on %(due)s"), **facts)


class AddVillage(Act):
    """A commune enters a village, which gets its copies of what runs."""

    tries = N_("%(actor)s enters the village “%(name)s”")
    do: Literal["village"] = "village"
    unit: str
    type: str
    name: str

    @property
    def rule(self) -> Rule:
        return Rule.CHOICES

    def happen(self, stage: Stage) -> Iterator[Told]:
        commune = stage.unit(self.unit)
        village = add_village(
            stage.session,
            commune,
            self.type,
            self.name,
            calendar=stage.calendar,
            **stage.who(commune),
        )
        items = (
            select(func.count())
            .select_from(ChecklistItem)
            .join(ChecklistItem.campaign)
            .where(Campaign.unit_id == village.id)
        )
        facts = {
            "village": village.full_name,
            "unit": commune.full_name,
            "items": stage.session.scalar(items),
        }
        yield self.told(
            N_("%(unit)s enters %(village)s, which gets %(items)s items of what runs"), **facts
        )


class Split(_Choice):
    """An item is divided among units below."""

    tries = N_("%(actor)s divides “%(item)s”")
    do: Literal["split"] = "split"
    among: tuple[str, ...]

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        ids = [stage.unit(key).id for key in self.among]
        parts = split_item(
            stage.session, item.id, ids, calendar=stage.calendar, **self.who(stage, item)
        )
        units = ", ".join(part.campaign.unit.full_name for part in parts)
        facts = {"unit": item.campaign.unit.full_name, "item": item.summary, "units": units}
        yield self.told(
            N_("%(unit)s divides “%(item)s” among %(units)s; it is done when all parts are"),
            **facts,
        )


class Delegate(_Choice):
    """An item is handed down to a unit below."""

    tries = N_("%(actor)s delegates “%(item)s”")
    do: Literal["delegate"] = "delegate"
    to: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        item, to = self.find(stage), stage.unit(self.to)
        delegate_item(stage.session, item.id, to.id, **self.who(stage, item))
        facts = {"unit": item.campaign.unit.full_name, "item": item.summary, "to": to.full_name}
        yield self.told(
            N_(
                "%(unit)s delegates “%(item)s” to %(to)s, whose people are reminded and may tick it"
            ),
            **facts,
        )


class Credit(OfItem):
    """An item counts for another campaign of its unit too; ``covers`` is the item there that it
    stands for.
    """

    tries = N_("%(actor)s lets “%(item)s” count for another campaign")
    do: Literal["credit"] = "credit"
    to: str
    covers: str | None = None

    @property
    def rule(self) -> Rule:
        return Rule.NESTING

    def happen(self, stage: Stage) -> Iterator[Told]:
        item, other = self.find(stage), stage.campaign(self.to, self.unit)
        covered = stage.item(other, self.covers) if self.covers else None
        covers_id = covered.id if covered else None
        credit_item(stage.session, item.id, other, covers_id=covers_id, **self.who(stage, item))
        facts = {"unit": item.campaign.unit.full_name, "item": item.summary}
        sentence = N_("%(unit)s: “%(item)s” of “%(own)s” counts for “%(other)s” too, done once")
        yield self.told(sentence, own=item.campaign.summary, other=other.summary, **facts)
        if covered:
            yield self.told(
                N_(
                    "… it stands for “%(item)s” there, which is not required for as long as it does"
                ),
                item=covered.summary,
            )
        yield self._one_checklist(stage, other)

    def _one_checklist(self, stage: Stage, campaign: Campaign) -> Told:
        session, count = (
            stage.session,
            select(func.count()).select_from(ChecklistItem).join(ChecklistItem.campaign),
        )
        own = session.scalar(count.where(Campaign.id == campaign.id))
        inner = session.scalar(count.where(Campaign.outer_id == campaign.id))
        taken = len(integrated_in(session, [campaign.id])[campaign.id])
        sentence = N_(
            "… one checklist for “%(campaign)s”: %(own)s own items, %(inner)s of campaigns inside "
            "it, %(taken)s taken in"
        )
        return self.told(sentence, campaign=campaign.summary, own=own, inner=inner, taken=taken)
