"""Why an item is closed, as a code with its facts, and said in the reader's language where it is
shown.

Nothing that people type decides what closed an item, and no sentence of the product is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from events.errors import N_
from events.models import ChecklistItem, ClosedBecause
from events.words.language import tell, within

_SENTENCES = {
    ClosedBecause.NOT_CHOSEN: N_("The unit left it out"),
    ClosedBecause.VERSION: N_("No longer in the template (version %(version)s)"),
    ClosedBecause.STAND_IN: N_("Integrated: done together with “%(item)s”"),
    ClosedBecause.WHOLE: N_("Closed together with the item of %(unit)s: %(why)s"),
    ClosedBecause.TAKEN_BACK: N_("%(unit)s took this part back"),
    ClosedBecause.MOVED: N_("went over to %(units)s"),
    ClosedBecause.ENDED: N_("there is no %(level)s any more"),
}
_WENT_TO_MANY = N_("went over to %(count)s units (%(level)s level)")


@dataclass(frozen=True, slots=True)
class Closing:
    """What closed an item, what its sentence names, and what a person typed.

    Facts are JSON: the ``version``; the wording of the ``item`` that stands for it; the ``unit``,
    or the ``units``, or their ``count``; a ``level`` by language; of a part how its ``whole`` was
    closed, of a whole how its ``parts`` were, as ``columns`` say it.
    """

    because: ClosedBecause
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reason: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The closing as an item's columns, and as history keeps it."""
        return {
            "closed_because": self.because,
            "closing_facts": dict(self.facts) or None,
            "reason": self.reason,
        }


def by_person(reason: str) -> Closing:
    return Closing(ClosedBecause.PERSON, reason=reason)


def by_version(number: int) -> Closing:
    return Closing(ClosedBecause.VERSION, {"version": number})


def by_parts(parts: Iterable[ChecklistItem]) -> Closing:
    """Return why an item is closed none of whose parts was done: what each of them says, once."""
    said = {why_closed(closing, "vi"): closing.columns for closing in map(closing_of, parts)}
    return Closing(ClosedBecause.PARTS, {"parts": [said[words] for words in sorted(said)]})


def with_whole(whole: ChecklistItem) -> Closing:
    unit = whole.campaign.unit.full_name
    facts = {"unit": unit, "whole": closing_of(whole).columns}
    return Closing(ClosedBecause.WHOLE, facts)


def closing_of(item: ChecklistItem) -> Closing:
    return closing_in(
        {
            "closed_because": item.closed_because,
            "closing_facts": item.closing_facts,
            "reason": item.reason,
        }
    )


def closing_in(columns: Mapping[str, Any]) -> Closing:
    """Return the closing that a state in history tells; without a code a person closed it."""
    because = columns.get("closed_because") or ClosedBecause.PERSON
    facts = columns.get("closing_facts") or {}
    return Closing(ClosedBecause(because), facts, columns.get("reason"))


def why_closed(closing: Closing, language: str) -> str:
    """Return why an item is closed; empty where there is nothing to say.

    What people typed stays as it is. Where an item went to begins small, as everywhere.
    """
    match closing.because:
        case ClosedBecause.PERSON:
            return closing.reason or ""
        case ClosedBecause.PARTS:
            return "; ".join(why_closed(part, language) for part in _parts(closing))
        case ClosedBecause.MOVED if "count" in closing.facts:
            return tell(_WENT_TO_MANY, _said(closing.facts, language), language)
        case because:
            return tell(_SENTENCES[because], _said(closing.facts, language), language)


def why_closed_within(closing: Closing, language: str) -> str:
    """Return the same after other words: sentences of the product begin small there."""
    match closing.because:
        case ClosedBecause.PERSON:
            return closing.reason or ""
        case ClosedBecause.PARTS:
            first, *others = _parts(closing) or [by_person("")]
            said = [why_closed(part, language) for part in others]
            return "; ".join([why_closed_within(first, language), *said])
        case ClosedBecause.TAKEN_BACK:
            return within(why_closed(closing, language), language)
        case _:
            return begun_small(why_closed(closing, language))


def begun_small(words: str) -> str:
    """Return words of ours with their first letter small, unless it begins an abbreviation."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def _parts(closing: Closing) -> list[Closing]:
    return [closing_in(part) for part in closing.facts.get("parts", ())]


def _said(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return facts as a sentence takes them: a level by its name, a whole by why it is closed."""
    said = dict(facts)
    if "level" in facts:
        said["level"] = (facts["level"].get(language) or facts["level"]["en"]).lower()
    if "whole" in facts:
        said["why"] = why_closed(closing_in(facts["whole"]), language)
    return said
