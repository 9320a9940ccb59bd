"""Days that move: the main event, the campaign's own days, a plan that came late, the decision on
days off.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal

from events.checklist.history import Stamp
from events.days.decision_text import read_decision
from events.days.reasons import DayReason
from events.days.workdays import DecisionStatus
from events.errors import N_, NotFoundError
from events.localtime import local_day
from events.models import Anchor, Campaign, TemplateItem
from events.replanning import anchors, beside_a_round
from events.replanning.days_off import (
    HolidayFact,
    YearDecision,
    apply_decision,
    apply_holiday,
    decisions,
    preview_decision,
    preview_holiday,
)
from events.replanning.preview import Fate, Group, grouped
from notifications.notices.reminders import reminded_items
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Said, Stage, Told, as_text, said

_EXAMPLES = 4  # groups of items that are told one by one


class _Reanchor(Act):
    """A new anchor for a whole round: look, then do exactly that."""

    campaign: str

    @property
    def rule(self) -> Rule:
        return Rule.DATES

    def change(self, stage: Stage, root: Campaign) -> anchors.NewAnchor:
        raise NotImplementedError

    def happen(self, stage: Stage) -> Iterator[Told]:
        session, root = stage.session, stage.campaign(self.campaign)
        change, told = self.change(stage, root), reminded_items(stage.session, root)
        found = anchors.preview(session, root, change, stage.calendar, now=stage.now, told=told)
        numbers = {fate.name.lower(): len(found.of(fate)) for fate in Fate}
        yield self.told(
            self._sentence(change), **self._facts(root, change), **numbers, told=found.told
        )
        yield from _moves(
            self,
            grouped((line for line in found.moved if line.new_due != line.old_due), stage.day),
            _of_plans(root),
        )
        who = stage.who(root.unit)
        anchors.apply(
            session,
            root,
            change,
            expected_fingerprint=found.fingerprint,
            calendar=stage.calendar,
            **who,
        )

    def _sentence(self, change: anchors.NewAnchor) -> str:
        if change == anchors.NewAnchor():
            return N_(
                "“%(campaign)s” follows the plans issued by now. %(moved)s items move, %(told)s "
                "of which were reminded of the old "
                "date already; %(kept_done)s stay because they are done, %(kept_by_hand)s because "
                "of a hand."
            )
        if change.issued:
            return N_(
                "“%(campaign)s”: the plan “%(plan)s” was issued only on %(day)s. %(moved)s items "
                "move, %(told)s of which were "
                "reminded of the old date already; %(kept_done)s stay because they are done, "
                "%(kept_by_hand)s because of a hand."
            )
        return N_(
            "“%(campaign)s” moves to %(day)s. %(moved)s items move, %(told)s of which were "
            "reminded of the old date already; "
            "%(kept_done)s stay because they are done, %(kept_by_hand)s because of a hand."
        )

    def _facts(self, root: Campaign, change: anchors.NewAnchor) -> dict[str, str]:
        day = change.issued or change.event_date or change.first or root.dtstart
        plan = next((item.summary for item in root.items if item.key == change.plan), "")
        return {"campaign": root.summary, "plan": plan, "day": as_text(day)}


class MoveEvent(_Reanchor):
    """The main event is held on another day.

    With ``early`` it moves as soon as its campaign is open.
    """

    tries = N_("“%(campaign)s” moves to %(event)s")
    do: Literal["move-event"] = "move-event"
    event: date
    early: bool = False

    def is_time(self, stage: Stage) -> bool:
        return bool(stage.campaigns(self.campaign)) if self.early else super().is_time(stage)

    def change(self, stage: Stage, root: Campaign) -> anchors.NewAnchor:
        return anchors.NewAnchor(event_date=self.event)


class LatePlan(_Reanchor):
    """The plan of the unit at the top is issued only on this day."""

    tries = N_("the late plan of “%(campaign)s” is entered")
    do: Literal["late-plan"] = "late-plan"

    def change(self, stage: Stage, root: Campaign) -> anchors.NewAnchor:
        plans = beside_a_round.plans_of(stage.session, root)
        if not plans:
            raise NotFoundError(kind="plan", key=self.campaign)
        return anchors.NewAnchor(plan=plans[0].key, issued=stage.day)


class FollowPlans(_Reanchor):
    """The units below get their days after the plans that were entered and issued above them."""

    tries = N_("“%(campaign)s” is to follow the plans issued")
    do: Literal["follow-plans"] = "follow-plans"

    def change(self, stage: Stage, root: Campaign) -> anchors.NewAnchor:
        return anchors.NewAnchor()


class Decide(Act):
    """The decision on days off of a year comes, as its text reads."""

    tries = N_("the days off of %(year)s are entered (“%(text)s”)")
    do: Literal["decide"] = "decide"
    year: int
    text: str

    @property
    def rule(self) -> Rule:
        return Rule.DAYS_OFF

    def happen(self, stage: Stage) -> Iterator[Told]:
        days = tuple(read.decision for read in read_decision(self.text, self.year).days)
        decision = YearDecision(self.year, days, self.text)
        before = [known for known in decisions(stage.session) if known.year == self.year]
        shown = preview_decision(stage.session, decision)
        apply_decision(
            stage.session,
            decision,
            stamp=Stamp(None, stage.now),
            expected_fingerprint=shown.fingerprint,
        )
        stage.look_at_days_off()
        off = [as_text(day.day) for day in days if day.off] or ["–"]
        yield self.told(
            N_(
                "The decision for %(year)s names %(days)s days off (%(first)s – %(last)s); "
                "%(moved)s open items move."
            ),
            year=self.year,
            days=sum(day.off for day in days),
            first=off[0],
            last=off[-1],
            moved=len(shown.moved),
        )
        if before and shown.takes_over:
            entered = as_text(local_day(before[0].at, stage.zone))
            yield self.told(N_("… it replaces the one that was entered on %(day)s"), day=entered)
        yield from _moves(self, shown.groups(stage.day))


class Holiday(Act):
    """A proposed public holiday becomes law, or is given up."""

    tries = N_("the proposed holiday “%(name)s” is decided on")
    do: Literal["holiday"] = "holiday"
    name: str
    status: DecisionStatus

    @property
    def rule(self) -> Rule:
        return Rule.DAYS_OFF

    def happen(self, stage: Stage) -> Iterator[Told]:
        fact = HolidayFact(self.name, self.status)
        shown = preview_holiday(stage.session, fact)
        stamp = Stamp(None, stage.now)
        apply_holiday(stage.session, fact, stamp=stamp, expected_fingerprint=shown.fingerprint)
        stage.look_at_days_off()
        sentence = N_("“%(name)s” is law now; %(moved)s open items move.")
        if self.status is DecisionStatus.DROPPED:
            sentence = N_("“%(name)s” was given up; %(moved)s open items move.")
        yield self.told(sentence, name=self.name, moved=len(shown.moved))
        yield from _moves(self, shown.groups(stage.day))


def _of_plans(root: Campaign) -> dict[str, TemplateItem]:
    """Return by key the items of a round that count from the day on which their plan is issued."""
    return {item.key: item for item in root.version.items if item.anchor is Anchor.PLAN}


def _moves(
    act: Act, groups: Iterable[Group], of_plans: Mapping[str, TemplateItem] | None = None
) -> Iterator[Told]:
    """Tell the moves of many units first, and how many others there are."""
    found = sorted(groups, key=lambda group: -len(group.units))
    for group in found[:_EXAMPLES]:
        why = _why(group, (of_plans or {}).get(group.key))
        days = {"old": as_text(group.old_due), "new": as_text(group.new_due), "why": why}
        sentence = N_("… “%(item)s”: %(old)s → %(new)s, in %(units)s units")
        if why:
            sentence = N_("… “%(item)s”: %(old)s → %(new)s (%(why)s), in %(units)s units")
        yield act.told(sentence, item=group.summary, units=len(group.units), **days)
    if len(found) > _EXAMPLES:
        yield act.told(N_("… and %(count)s groups more"), count=len(found) - _EXAMPLES)


def _why(group: Group, item: TemplateItem | None) -> Said | DayReason | str | None:
    """Return why a date moves; ``item`` is what the template says of one that counts from its
    plan.
    """
    if item is None:
        return group.reason
    days = item.offset_at(group.level)
    if group.reason:
        return said(
            N_("%(days)s days after the plan was issued; that day lies %(reason)s"),
            days=days,
            reason=group.reason,
        )
    return said(N_("%(days)s days after the plan was issued"), days=days)
