"""Plays: what a simulated year is given to cope with, act after act, as a TOML file
(docs/simulate.md names every act).
"""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from events.errors import N_, InvalidInputError, NotFoundError
from events.words.texts import decoded
from scheduler.simulation.acts import AnyAct

SHIPPED = Path(__file__).with_name("plays")


class Play(BaseModel):
    """The years that are played and what happens in them; acts of one morning in the order of the
    file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    year: int
    until: int | None = None
    act: tuple[AnyAct, ...] = Field(default=())


def shipped_plays() -> list[str]:
    """Return the names of the plays that come along."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def read_play(name: str) -> Play:
    """Read a shipped play by its name, or any other by its path.

    Raises ``NotFoundError``, and ``InvalidInputError`` that names the act and what is wrong with
    it.
    """
    file = SHIPPED / f"{name}.toml" if name in shipped_plays() else Path(name)
    if not file.is_file():
        raise NotFoundError(
            N_("There is no play “%(name)s”; these come along: %(plays)s"),
            name=name,
            plays=", ".join(shipped_plays()),
        )
    try:
        return Play.model_validate(tomllib.loads(decoded(file.read_bytes())))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(
            N_("The play “%(name)s” cannot be read: %(problem)s"), name=name, problem=str(error)
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"{where}: {first['msg']}"
        raise InvalidInputError(
            N_("The play “%(name)s” cannot be read: %(problem)s"), name=name, problem=problem
        ) from error
