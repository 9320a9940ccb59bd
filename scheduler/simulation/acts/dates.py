"""Days that move: the main event, the campaign's own days, a plan that came late, the decision on days off."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Literal

from events import reanchor
from events.decision_text import read_decision
from events.decisions import Preview, YearDecision, apply_decision, apply_holiday, preview_decision, preview_holiday
from events.errors import N_, NotFoundError
from events.models import Campaign
from events.redating import Fate, Group, grouped
from events.workdays import DecisionStatus
from notifications.reminders import reminded_items
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Stage, Told, as_text

_EXAMPLES = 4  # groups of items that are told one by one


class _Reanchor(Act):
    """A new anchor for a whole round: look, then do exactly that."""

    campaign: str

    @property
    def rule(self) -> Rule:
        return Rule.DATES

    def change(self, stage: Stage, root: Campaign) -> reanchor.NewAnchor:
        raise NotImplementedError

    def happen(self, stage: Stage) -> Iterator[Told]:
        session, root = stage.session, stage.campaign(self.campaign)
        change, told = self.change(stage, root), reminded_items(stage.session, root)
        found = reanchor.preview(session, root, change, stage.calendar, now=stage.now, told=told, zone=stage.zone)
        numbers = {fate.name.lower(): len(found.of(fate)) for fate in Fate}
        yield self.told(self._sentence(change), **self._facts(root, change), **numbers, told=found.told)
        yield from _moves(self, grouped(line for line in found.moved if line.new_due != line.old_due))
        who = stage.who(root.unit)
        reanchor.apply(session, root, change, expected_fingerprint=found.fingerprint, calendar=stage.calendar, **who)

    def _sentence(self, change: reanchor.NewAnchor) -> str:
        if change == reanchor.NewAnchor():
            return N_(
                "“%(campaign)s” follows the plans issued by now. %(moved)s items move, %(kept_done)s stay because they are done, "
                "%(kept_by_hand)s because of a hand; %(told)s were reminded of before and are again."
            )
        if change.issued:
            return N_(
                "“%(campaign)s”: the plan “%(plan)s” was issued only on %(day)s. %(moved)s items move, %(kept_done)s stay because "
                "they are done, %(kept_by_hand)s because of a hand; %(told)s were reminded of before and are again."
            )
        return N_(
            "“%(campaign)s” moves to %(day)s. %(moved)s items move, %(kept_done)s stay because they are done, "
            "%(kept_by_hand)s because of a hand; %(told)s were reminded of before and are again."
        )

    def _facts(self, root: Campaign, change: reanchor.NewAnchor) -> dict[str, str]:
        day = change.issued or change.event_date or change.first or root.dtstart
        return {"campaign": root.summary, "plan": change.plan or "", "day": as_text(day)}


class MoveEvent(_Reanchor):
    """The main event is held on another day. With ``early`` it moves as soon as its campaign is open."""

    do: Literal["move-event"] = "move-event"
    event: date
    early: bool = False

    def is_time(self, stage: Stage) -> bool:
        return bool(stage.campaigns(self.campaign)) if self.early else super().is_time(stage)

    def change(self, stage: Stage, root: Campaign) -> reanchor.NewAnchor:
        return reanchor.NewAnchor(event_date=self.event)


class LatePlan(_Reanchor):
    """The plan of the unit at the top is issued only on this day."""

    do: Literal["late-plan"] = "late-plan"

    def change(self, stage: Stage, root: Campaign) -> reanchor.NewAnchor:
        plans = reanchor.plans_of(stage.session, root)
        if not plans:
            raise NotFoundError(kind="plan", key=self.campaign)
        return reanchor.NewAnchor(plan=plans[0].key, issued=stage.day)


class FollowPlans(_Reanchor):
    """The units below get their days after the plans that were entered and issued above them."""

    do: Literal["follow-plans"] = "follow-plans"

    def change(self, stage: Stage, root: Campaign) -> reanchor.NewAnchor:
        return reanchor.NewAnchor()


class Decide(Act):
    """The decision on days off of a year comes, as its text reads."""

    do: Literal["decide"] = "decide"
    year: int
    text: str

    @property
    def rule(self) -> Rule:
        return Rule.DAYS_OFF

    def happen(self, stage: Stage) -> Iterator[Told]:
        days = tuple(read.decision for read in read_decision(self.text, self.year).days)
        decision = YearDecision(self.year, days, self.text)
        shown = preview_decision(stage.session, decision, count_announced=stage.count_announced)
        mark, counted = shown.fingerprint, stage.count_announced
        apply_decision(stage.session, decision, expected_fingerprint=mark, by=None, now=stage.now, count_announced=counted)
        stage.look_at_days_off()
        off = [as_text(day.day) for day in days if day.off] or ["–"]
        yield self.told(
            N_("The decision for %(year)s names %(days)s days off (%(first)s – %(last)s); %(moved)s open items move."),
            year=self.year,
            days=sum(day.off for day in days),
            first=off[0],
            last=off[-1],
            moved=len(shown.moved),
        )
        yield from _moves(self, _groups(shown))


class Holiday(Act):
    """A proposed public holiday becomes law, or is given up."""

    do: Literal["holiday"] = "holiday"
    name: str
    status: DecisionStatus

    @property
    def rule(self) -> Rule:
        return Rule.DAYS_OFF

    def happen(self, stage: Stage) -> Iterator[Told]:
        session, counted = stage.session, stage.count_announced
        shown = preview_holiday(session, self.name, self.status, count_announced=counted)
        who = {"by": None, "now": stage.now, "count_announced": counted}
        apply_holiday(session, self.name, self.status, expected_fingerprint=shown.fingerprint, **who)  # type: ignore[arg-type]
        stage.look_at_days_off()
        sentence = N_("“%(name)s” is law now; %(moved)s open items move.")
        if self.status is DecisionStatus.DROPPED:
            sentence = N_("“%(name)s” was given up; %(moved)s open items move.")
        yield self.told(sentence, name=self.name, moved=len(shown.moved))
        yield from _moves(self, _groups(shown))


def _groups(shown: Preview) -> Iterator[Group]:
    return (group for one in shown.rounds for group in grouped(one.moved))


def _moves(act: Act, groups: Iterable[Group]) -> Iterator[Told]:
    """Tell the different moves, not each unit's copy."""
    for group in islice(groups, _EXAMPLES):
        days = {"old": as_text(group.old_due), "new": as_text(group.new_due), "reason": group.reason or "–"}
        sentence = N_("… “%(item)s”: %(old)s → %(new)s (%(reason)s), in %(units)s units")
        yield act.told(sentence, item=group.summary, units=len(group.units), **days)
