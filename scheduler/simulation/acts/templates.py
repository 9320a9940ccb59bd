"""Templates that people change: a new version, its difference to a running round, and what last
year proposes.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from events.errors import N_, InvalidInputError
from events.models import Template
from events.replanning.last_year import propose, with_proposals
from events.replanning.new_version import apply_version, compare
from events.replanning.preview import Fate, Group, grouped
from events.templates.editing import edit_template, get_template, item_entry
from events.templates.entries import ItemEntry
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Stage, Told, Word, as_text

_EXAMPLES = 6  # proposals that are told one by one
_MOVED = N_("… %(fate)s: “%(item)s”, %(old)s → %(new)s, in %(units)s units")
_REWORDED = N_("… %(fate)s: “%(before)s” is called “%(item)s” now, in %(units)s units")
_ALONE = N_("… %(fate)s: “%(item)s”, in %(units)s units")
_FATES = {
    Fate.ADDED: N_("added"),
    Fate.REMOVED: N_("removed"),
    Fate.MOVED: N_("moved"),
    Fate.REWORDED: N_("reworded"),
    Fate.KEPT_DONE: N_("kept because done"),
    Fate.KEPT_BY_HAND: N_("kept because of a hand"),
    Fate.KEPT_OWN: N_("kept, since it is of no template"),
}


class ItemChange(BaseModel):
    """One item of the new version: taken out, or with other values.

    An unknown key is a new item, made like ``like``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    remove: bool = False
    like: str | None = None
    values: dict[str, Any] = {}


class EditTemplate(Act):
    """Somebody saves a new version; running campaigns stay as they are."""

    tries = N_("%(actor)s saves a new version of “%(template)s”")
    do: Literal["edit-template"] = "edit-template"
    template: str
    changes: tuple[ItemChange, ...]
    unit: str  # whose post holder does it

    @property
    def rule(self) -> Rule:
        return Rule.VERSIONS

    def happen(self, stage: Stage) -> Iterator[Told]:
        template = get_template(stage.session, self.template)
        by = stage.somebody(stage.unit(self.unit))
        version = edit_template(
            stage.session, template, list(_changed(template, self.changes)), by=by, now=stage.now
        )
        sentence = N_(
            "“%(template)s” has version %(number)s now (by %(name)s). No running campaign changes."
        )
        yield self.told(
            sentence, template=template.title_vi, number=version.number, name=by.full_name
        )


class ApplyVersion(Act):
    """A running round takes the newest version, after the difference was looked at."""

    tries = N_("“%(campaign)s” takes the newest version of its template")
    do: Literal["apply-version"] = "apply-version"
    campaign: str

    @property
    def rule(self) -> Rule:
        return Rule.VERSIONS

    def happen(self, stage: Stage) -> Iterator[Told]:
        root = stage.campaign(self.campaign)
        version = get_template(stage.session, root.template.key).current
        diff = compare(stage.session, root, version, calendar=stage.calendar, now=stage.now)
        counts = {fate.name.lower(): len(diff.of(fate)) for fate in Fate}
        yield self.told(
            N_(
                "“%(campaign)s” takes version %(number)s: %(added)s items added, %(removed)s "
                "removed, %(moved)s moved, "
                "%(reworded)s reworded; %(kept_done)s kept because done, %(kept_by_hand)s because "
                "of a hand."
            ),
            **{"campaign": root.summary, "number": version.number, **counts},
        )
        if any(line.is_change for line in diff.lines):
            yield from self._changes(grouped(diff.lines, stage.day))
        by, mark = stage.somebody(root.unit), diff.fingerprint
        apply_version(
            stage.session,
            root,
            version,
            expected_fingerprint=mark,
            by=by,
            now=stage.now,
            calendar=stage.calendar,
        )

    def _changes(self, groups: list[Group]) -> Iterator[Told]:
        """Tell the largest group of each fate."""
        shown = {group.fate: group for group in sorted(groups, key=lambda group: len(group.units))}
        for fate, group in sorted(shown.items(), key=lambda one: list(Fate).index(one[0])):
            days = {"old": as_text(group.old_due), "new": as_text(group.new_due)}
            before = next((one.old for one in group.differences if one.name == "summary"), None)
            facts = {
                "fate": Word(_FATES[fate]),
                "item": group.summary,
                "before": before,
                "units": len(group.units),
            }
            sentence = _REWORDED if before else _MOVED if fate is Fate.MOVED else _ALONE
            yield self.told(sentence, **facts, **days)
        if len(groups) > len(shown):
            yield self.told(N_("… and %(count)s groups more"), count=len(groups) - len(shown))


class CarryForward(Act):
    """Last year's lateness proposes new offsets, and people take them into the next version."""

    tries = N_("the lateness of %(year)s changes “%(template)s”")
    do: Literal["carry-forward"] = "carry-forward"
    template: str
    year: int
    unit: str

    @property
    def rule(self) -> Rule:
        return Rule.CARRY_FORWARD

    def happen(self, stage: Stage) -> Iterator[Told]:
        template = get_template(stage.session, self.template)
        proposals = propose(
            stage.session, template, self.year, now=stage.now, calendar=stage.calendar
        )
        for one in proposals[:_EXAMPLES]:
            numbers = {
                "old": f"T{one.old_offset:+}",
                "new": f"T{one.new_offset:+}",
                "units": one.units,
                "never": one.never,
            }
            late = {"share": one.percent, "days": one.median_late, "worst": one.worst}
            yield self.told(
                N_(
                    "“%(item)s” (%(level)s): %(old)s → %(new)s, since of %(units)s units "
                    "%(share)s %% were late or never did it "
                    "(%(never)s never), half of these by %(days)s days or more, the last by "
                    "%(worst)s"
                ),
                **{"item": one.title, "level": stage.level(one.level), **numbers, **late},
            )
        by = stage.somebody(stage.unit(self.unit))
        version = edit_template(
            stage.session, template, with_proposals(template, proposals), by=by, now=stage.now
        )
        sentence = N_(
            "%(count)s proposals from %(year)s are taken into version %(number)s of “%(template)s”."
        )
        facts = {
            "count": len(proposals),
            "year": self.year,
            "number": version.number,
            "template": template.title_vi,
        }
        yield self.told(sentence, **facts)


def _changed(template: Template, changes: tuple[ItemChange, ...]) -> Iterator[ItemEntry]:
    """Yield the items of the new version.

    Raises ``InvalidInputError`` for a change of an item that is not there.
    """
    entries = {item.key: item_entry(item) for item in template.current.items}
    by_key = {change.key: change for change in changes}
    for key, entry in entries.items():
        change = by_key.get(key)
        if change is None or not change.remove:
            yield _with(entry, change.values) if change else entry
    for change in changes:
        if change.key not in entries:
            if change.like not in entries:
                raise InvalidInputError(
                    N_("There is no such template item: %(key)s"), key=change.key
                )
            yield _with(entries[change.like], {"key": change.key, **change.values})


def _with(entry: ItemEntry, values: dict[str, Any]) -> ItemEntry:
    try:
        return ItemEntry.model_validate({**entry.model_dump(), **values})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in (entry.key, *first["loc"]))
        raise InvalidInputError(
            N_("“%(key)s” does not fit: %(problem)s"), key=where, problem=first["msg"]
        ) from error
