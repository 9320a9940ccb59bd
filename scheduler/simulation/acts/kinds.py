"""What a province keeps and opens beside the shipped campaigns, and the themes of the year."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from events.campaigns.other_kinds import get_kind, open_on, switch_on
from events.errors import N_
from events.models import Observance
from events.observances.own import (
    NewObservance,
    add_observance,
    find_observance,
    give_checklist,
    switch_observance,
)
from events.observances.printed import choose_theme, inherited
from events.observances.yearly_themes import announce_theme
from events.replanning.cancelling import cancel_round, reopen_round
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import NOT_ENTERED, Rule, Stage, Told, as_text


class _OfObservances(Act):
    @property
    def rule(self) -> Rule:
        return Rule.OBSERVANCES


class Keep(_OfObservances):
    """An observance of the catalogue is kept from now on; with ``like`` it opens campaigns, with
    the items of that template.
    """

    tries = N_("%(actor)s keeps “%(observance)s” from now on")
    do: Literal["keep"] = "keep"
    observance: str  # its slug
    unit: str  # whose post holder decides
    like: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        observance = find_observance(stage.session, self.observance)
        switch_observance(stage.session, observance, enabled=True, by=None, now=stage.now)
        yield self.told(
            N_("“%(title)s” is kept from now on; this year on %(day)s."), **_when(observance, stage)
        )
        if self.like:
            by, like = stage.somebody(stage.unit(self.unit)), get_kind(stage.session, self.like)
            give_checklist(stage.session, observance, like, by=by, now=stage.now)
            yield self.told(
                N_("… it opens campaigns with the checklist of “%(like)s”"), like=like.title_vi
            )


class AddObservance(_OfObservances):
    """The province makes a day of its own, with the checklist of a known template."""

    tries = N_("%(actor)s makes “%(title_vi)s” a day of its own")
    do: Literal["add-observance"] = "add-observance"
    title_vi: str
    title_en: str
    # as in the catalogue: kind = "lunar_day", lunar_month = 7, lunar_day = 15
    occurs: dict[str, Any]
    color: str
    like: str
    unit: str  # whose post holder makes it
    base_year: int | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        wanted = NewObservance(
            self.title_vi, self.title_en, self.occurs, self.color, base_year=self.base_year
        )
        like = get_kind(stage.session, self.like)
        made = add_observance(stage.session, wanted, like=like, **stage.who(stage.unit(self.unit)))
        sentence = N_(
            "“%(title)s” was made with the checklist of “%(like)s”; this year on %(day)s."
        )
        yield self.told(sentence, like=like.title_vi, **_when(made, stage))


class AnnounceTheme(_OfObservances):
    """The theme of a year is announced."""

    tries = N_("the theme of “%(observance)s” is announced")
    do: Literal["theme"] = "theme"
    observance: str  # its slug
    year: int
    theme: str
    slogans: tuple[str, ...] = ()

    def happen(self, stage: Stage) -> Iterator[Told]:
        observance = find_observance(stage.session, self.observance)
        announce_theme(
            stage.session, observance, self.year, self.theme, self.slogans, by=None, now=stage.now
        )
        stage.session.expire(observance)
        sentence = N_(
            "The theme of “%(title)s” in %(year)s: %(theme)s. Campaigns and drafts print it."
        )
        yield self.told(
            sentence, title=observance.title_in(self.year), year=self.year, theme=self.theme
        )
        anniversary = observance.anniversary_text(self.year)
        if anniversary:
            yield self.told(N_("… together with this: %(anniversary)s"), anniversary=anniversary)


class ChooseTheme(_OfObservances):
    """A unit gives its campaign a theme of its own."""

    tries = N_("%(actor)s chooses a theme for “%(campaign)s”")
    do: Literal["choose-theme"] = "choose-theme"
    campaign: str
    unit: str
    theme: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        campaign = stage.campaign(self.campaign, self.unit)
        before = inherited(campaign).theme or NOT_ENTERED
        choose_theme(stage.session, campaign, self.theme, **stage.who(campaign.unit))
        theme = inherited(campaign).theme or NOT_ENTERED
        facts = {
            "unit": campaign.unit.full_name,
            "campaign": campaign.summary,
            "before": before,
            "theme": theme,
        }
        yield self.told(
            N_(
                "%(unit)s prints its own theme for “%(campaign)s”: %(theme)s (the year's: "
                "%(before)s)."
            ),
            **facts,
        )


class SwitchOn(Act):
    """A kind that opens by its reporting periods is switched on."""

    tries = N_("“%(template)s” is to open by itself")
    do: Literal["switch-on"] = "switch-on"
    template: str

    @property
    def rule(self) -> Rule:
        return Rule.KINDS

    def happen(self, stage: Stage) -> Iterator[Told]:
        template = get_kind(stage.session, self.template)
        switch_on(stage.session, template, by=None, on=stage.day)
        yield self.told(
            N_("“%(template)s” opens by itself from now on."), template=template.title_vi
        )


class OpenOn(Act):
    """A course, an inspection or another kind is opened on a chosen day."""

    tries = N_("“%(template)s” is opened on %(day)s")
    do: Literal["open"] = "open"
    template: str
    day: date
    units: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        return Rule.KINDS

    def happen(self, stage: Stage) -> Iterator[Told]:
        template = get_kind(stage.session, self.template)
        ids = [stage.unit(key).id for key in self.units] or None
        opened = open_on(
            stage.session,
            template,
            self.day,
            unit_ids=ids,
            by=None,
            now=stage.now,
            calendar=stage.calendar,
        )
        facts = {
            "template": template.title_vi,
            "day": as_text(self.day),
            "units": opened.campaigns,
            "items": opened.items,
        }
        yield self.told(N_("“%(template)s” on %(day)s: %(units)s units, %(items)s items."), **facts)


class CancelRound(Act):
    """A round that was opened by mistake is cancelled in all its units."""

    tries = N_("“%(campaign)s” is cancelled")
    do: Literal["cancel"] = "cancel"
    campaign: str
    reason: str

    @property
    def rule(self) -> Rule:
        return Rule.OPENING

    def happen(self, stage: Stage) -> Iterator[Told]:
        root = stage.campaign(self.campaign)
        units = cancel_round(stage.session, root, self.reason, **stage.who(root.unit))
        facts = {"campaign": root.summary, "units": units, "reason": self.reason}
        yield self.told(
            N_(
                "“%(campaign)s” was opened by mistake and is cancelled in %(units)s units "
                "(%(reason)s)."
            ),
            **facts,
        )


class ReopenRound(Act):
    """A cancelled round is opened again as it was."""

    tries = N_("“%(campaign)s” is opened again")
    do: Literal["open-again"] = "open-again"
    campaign: str

    @property
    def rule(self) -> Rule:
        return Rule.OPENING

    def happen(self, stage: Stage) -> Iterator[Told]:
        root = stage.campaign(self.campaign)
        units = reopen_round(stage.session, root, **stage.who(root.unit))
        yield self.told(
            N_("“%(campaign)s” is open again in %(units)s units, as it was."),
            campaign=root.summary,
            units=units,
        )


def _when(observance: Observance, stage: Stage) -> dict[str, str]:
    return {
        "title": observance.title_in(stage.day.year),
        "day": as_text(observance.recurrence.occurrence(stage.day.year).dtstart),
    }
