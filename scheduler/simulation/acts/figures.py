"""What people look at: progress of today or a past day, years beside each other, one item's
history, its reminders.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Literal

from sqlalchemy import ColumnElement, select

from events.checklist.history import history_of
from events.checklist.story import story_of
from events.errors import N_
from events.models import Person, Phase, Unit
from events.models.campaigns import of_year, same_round
from events.progress.across_reforms import Counted, compare_years, counted_with
from events.progress.as_of import AsOf, Day
from events.progress.figures import Part, Progress, own_progress, parts, sum_of
from events.progress.silent_units import silent_units
from notifications.notices.table import Notice, NoticeState
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Said, Stage, Told, as_text, notice_in_words, said

_NAMED = 5  # silent units that are named
_LANGUAGE = "vi"  # of the history: it quotes what people wrote


class ShowProgress(Act):
    """Somebody looks at the progress of a unit and all below it, in one campaign or the whole
    year.
    """

    tries = N_("the progress of %(unit)s is looked at")
    do: Literal["progress"] = "progress"
    unit: str
    campaign: str | None = None
    as_of: date | None = None
    phases: bool = False
    items: bool = False

    @property
    def rule(self) -> Rule:
        return Rule.PROGRESS

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit = stage.unit(self.unit)
        day: Day = AsOf(self.as_of, stage.zone) if self.as_of else stage.day
        counted = counted_with(stage.session, unit, day)
        asked, what = self._asked(stage)
        conditions = [counted.condition, *asked]
        found = parts(stage.session, day, *conditions)
        total = sum_of(part.progress for part in found)
        yield self._total(unit, what, stage.day, total)
        if self.phases:
            yield self._by_phase(stage, found)
        if self.items:
            yield from self._by_item(found)
        yield self._sum_of_leaves(stage, counted, day, conditions, total)
        yield from self._silent(silent_units(stage.session, day, *conditions))

    def _asked(self, stage: Stage) -> tuple[list[ColumnElement[bool]], Said]:
        if self.campaign is None:
            return [of_year(stage.day.year)], said(N_("all of %(year)s"), year=stage.day.year)
        root = stage.campaign(self.campaign)
        return [same_round(root)], said("“%(campaign)s”", campaign=root.summary)

    def _total(self, unit: Unit, what: Said, today: date, total: Progress) -> Told:
        names = (
            "expected",
            "on_time",
            "late",
            "open",
            "overdue",
            "blocked",
            "not_done",
            "not_required",
            "percent",
            "share",
        )
        sentence = N_(
            "%(unit)s with all below it, %(what)s, %(when)s: %(expected)s expected, %(on_time)s "
            "on time, "
            "%(late)s late, %(open)s open (%(overdue)s overdue, %(blocked)s held up), "
            "%(not_done)s not done, "
            "%(not_required)s not required; %(percent)s %% by weight, %(share)s %% by number"
        )
        facts = {name: getattr(total, name) for name in names}
        when = N_("at the end of %(day)s") if self.as_of else N_("on the morning of %(day)s")
        return self.told(
            sentence,
            unit=unit.full_name,
            what=what,
            when=said(when, day=as_text(self.as_of or today)),
            **facts,
        )

    def _by_item(self, found: list[Part]) -> Iterator[Told]:
        words = (
            f"{part.summary} {part.progress.done}/{part.progress.expected}"
            for part in found
            if part.progress.expected
        )
        yield self.told(N_("… by item: %(items)s"), items="; ".join(words))
        for part in found:
            if part.progress.parts:
                facts = {
                    "item": part.summary,
                    "parts": part.progress.parts,
                    "done": part.progress.parts_done,
                }
                sentence = N_(
                    "… “%(item)s” counts once where it was divided: %(parts)s parts, %(done)s of "
                    "them done"
                )
                yield self.told(sentence, **facts)

    def _by_phase(self, stage: Stage, found: list[Part]) -> Told:
        phases = stage.session.scalars(select(Phase).order_by(Phase.position, Phase.key))
        figures = {
            phase.title_vi: sum_of(part.progress for part in found if part.phase_key == phase.key)
            for phase in phases
        }
        words = (
            f"{title} {one.done}/{one.expected}" for title, one in figures.items() if one.expected
        )
        return self.told(N_("… by phase: %(phases)s"), phases=", ".join(words))

    def _sum_of_leaves(
        self,
        stage: Stage,
        counted: Counted,
        day: Day,
        conditions: list[ColumnElement[bool]],
        total: Progress,
    ) -> Told:
        own = own_progress(stage.session, day, *conditions)
        above = counted.totals(own)[counted.unit.id]
        sentence = (
            N_("… the sum of its %(count)s units is the same")
            if above == total == sum_of(own.values())
            else N_("… IS NOT the sum of its %(count)s units")
        )
        return self.told(sentence, count=len(own))

    def _silent(self, units: Sequence[Unit]) -> Iterator[Told]:
        names = [unit.full_name for unit in units]
        if names:
            facts = {
                "count": len(names),
                "names": ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else ""),
            }
            yield self.told(N_("… %(count)s units are silent: %(names)s"), **facts)


class CompareYears(Act):
    """Somebody compares years of a unit, old units added up to their successors."""

    tries = N_("the years of %(unit)s are compared")
    do: Literal["compare-years"] = "compare-years"
    unit: str
    years: tuple[int, ...]

    @property
    def rule(self) -> Rule:
        return Rule.UNITS

    def happen(self, stage: Stage) -> Iterator[Told]:
        unit = stage.unit(self.unit)
        for year, progress in compare_years(stage.session, unit, self.years, stage.day).items():
            facts = {
                "unit": unit.full_name,
                "year": year,
                "expected": progress.expected,
                "done": progress.done,
                "share": progress.share,
            }
            sentence = N_(
                "%(unit)s in %(year)s, with the units it was made from: %(done)s of %(expected)s "
                "items done, %(share)s %%"
            )
            yield self.told(sentence, **facts)


class ShowHistory(Act):
    """Somebody reads the history of one item."""

    tries = N_("the history of “%(item)s” is read")
    do: Literal["history"] = "history"
    campaign: str
    unit: str
    item: str

    @property
    def rule(self) -> Rule:
        return Rule.CHECKLIST

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = stage.item(stage.campaign(self.campaign, self.unit), self.item)
        yield self.told(
            N_("The story of “%(item)s” in %(unit)s:"),
            item=item.summary,
            unit=item.campaign.unit.full_name,
        )
        for change in reversed(history_of(stage.session, item)):
            facts = {
                "day": as_text(change.at.astimezone(stage.zone).date()),
                "story": story_of(change, _LANGUAGE),
            }
            if change.on_behalf_of:
                behalf = said(N_("on behalf of %(unit)s"), unit=change.on_behalf_of.full_name)(
                    _LANGUAGE
                )
                yield self.told("… %(day)s: %(story)s, %(behalf)s", behalf=behalf, **facts)
            else:
                yield self.told("… %(day)s: %(story)s", **facts)


class ShowReminders(Act):
    """Somebody looks at when and to whom one item's reminders went."""

    tries = N_("the reminders of “%(item)s” are looked at")
    do: Literal["reminders"] = "reminders"
    campaign: str
    unit: str
    item: str

    @property
    def rule(self) -> Rule:
        return Rule.REMINDERS

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = stage.item(stage.campaign(self.campaign, self.unit), self.item)
        query = select(
            Notice.created, Notice.rule, Notice.anchor_version, Notice.state, Person.full_name
        )
        query = query.join(Person, Person.id == Notice.person_id).where(
            Notice.item_id == item.id, Notice.state != NoticeState.COLLAPSED
        )
        yield self.told(
            N_("Reminders of “%(item)s” in %(unit)s:"),
            item=item.summary,
            unit=item.campaign.unit.full_name,
        )
        rows = stage.session.execute(query.order_by(Notice.created, Notice.id)).all()
        for (created, rule, version), same in groupby(
            rows, lambda row: (row.created, row.rule, row.anchor_version)
        ):
            facts = {
                "at": f"{created.astimezone(stage.zone):%d/%m/%Y %H:%M}",
                "kind": notice_in_words(rule),
                "version": version + 1,
            }
            names = ", ".join(row.full_name for row in same)
            yield self.told(
                N_("… %(at)s, %(kind)s, to %(names)s (due date no. %(version)s)"),
                names=names,
                **facts,
            )
