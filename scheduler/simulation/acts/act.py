"""What every act of a play has: the morning it happens on, and a way to happen."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict

from events.errors import DomainError
from scheduler.simulation.stage import Rule, Stage, Told, Word


class Act(BaseModel, ABC):
    """Something people do on a morning of the played year, by the same use cases as the pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
        """Do it all or nothing; what is refused is told in the user's words."""
        try:
            with stage.session.begin_nested():
                return list(self.happen(stage))
        except DomainError as error:
            facts = {name: Word(value) if name == "kind" else value for name, value in error.facts.items()}
            return [Told(self.rule, error.sentence, facts, refused=True)]

    def told(self, sentence: str, **facts: object) -> Told:
        return Told(self.rule, sentence, facts)
