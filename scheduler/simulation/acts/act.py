"""What every act of a play has: the morning it happens on, and a way to happen."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from events.campaigns.other_kinds import get_kind
from events.errors import N_, DomainError
from events.observances.own import find_observance
from events.words.language import say
from scheduler.simulation.stage import Rule, Stage, Told, as_text, said


class Act(BaseModel, ABC):
    """Something people do on a morning of the played year, by the same use cases as the pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # what is told of it when it is refused, with its fields by name and ``actor``
    tries: ClassVar[str]

    on: date

    @property
    @abstractmethod
    def rule(self) -> Rule:
        """What the act shows at work."""

    @abstractmethod
    def happen(self, stage: Stage) -> Iterator[Told]:
        """Do it and tell what came of it. Raises the domain errors of the use case."""

    def is_time(self, stage: Stage) -> bool:
        return stage.day >= self.on

    def play(self, stage: Stage) -> list[Told]:
        """Do it all or nothing; what is refused is told in the user's words, after what was
        tried.
        """
        try:
            with stage.session.begin_nested():
                return list(self.happen(stage))
        except DomainError as error:
            facts = {"tried": said(self.tries, **self._by_name(stage)), "why": partial(say, error)}
            return [Told(self.rule, N_("Refused when %(tried)s: %(why)s"), facts, refused=True)]

    def told(self, sentence: str, **facts: object) -> Told:
        return Told(self.rule, sentence, facts)

    def _by_name(self, stage: Stage) -> dict[str, object]:
        """Return the fields as a sentence quotes them: by name where they are keys of something
        that is there.
        """
        fields: dict[str, Any] = dict(self)
        fields["actor"] = fields.get("by") or fields.get("unit")
        return {name: self._name(stage, name, value) for name, value in fields.items()}

    def _name(self, stage: Stage, field: str, value: Any) -> Any:
        if isinstance(value, date):
            return as_text(value)
        if isinstance(value, tuple):
            return ", ".join(str(self._name(stage, field, one)) for one in value)
        try:
            return _FINDERS[field](stage, self, value) if value and field in _FINDERS else value
        except DomainError:
            return value


def _unit(stage: Stage, act: Any, key: str) -> str:
    return stage.unit(key).full_name


_FINDERS: dict[str, Callable[[Stage, Any, Any], str]] = {
    **dict.fromkeys(("unit", "units", "actor"), _unit),
    "campaign": lambda stage, act, key: stage.campaign(key).summary,
    "item": lambda stage, act, key: stage.item(stage.campaign(act.campaign, act.unit), key).summary,
    "template": lambda stage, act, key: get_kind(stage.session, key).title_vi,
    "observance": lambda stage, act, key: find_observance(stage.session, key).title_in(
        stage.day.year
    ),
}
