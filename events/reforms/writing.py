"""A change of units being written, once it was checked: its rows and names, its posts, and the work
that goes over with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.errors import N_
from events.installation import day_here
from events.models import Level, Reform, ReformKind, Unit
from events.people.proposed_posts import propose_posts
from events.reforms.handover import HandedOver, hand_over
from events.reforms.successor_rows import Successions
from events.words.texts import LONGEST_CODE, folded, one_line, passage, required, short


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to begin.

    ``full_name`` is as people say it ("Xã Đăk Long"); its type follows from its first words.

    ``code`` is the state's code; without one the first predecessor's is used again. ``parent_key``
    is only needed where the predecessors stand below different units. ``children`` are the keys of
    the units that a split gives to this part.
    """

    full_name: str
    code: str | None = None
    parent_key: str | None = None
    children: tuple[str, ...] = ()


@dataclass(slots=True)
class Reformed:
    """What a reform did: the units that end, those that begin, and what was handed over (None: the
    day is still to come).
    """

    reform: Reform
    ended: list[Unit] = field(default_factory=list)
    begun: list[Unit] = field(default_factory=list)
    posts: int = 0
    handed_over: HandedOver | None = None


class Work:
    """One reform being written, after it was checked."""

    def __init__(
        self,
        session: Session,
        on: date,
        kind: ReformKind,
        basis: str | None,
        stamp: Stamp,
        level: str | None = None,
    ) -> None:
        self._session, self._on, self._stamp = session, on, stamp
        self.rows = Successions(session, on)
        self._types = _known_types(session)
        detail = {"level": level} if level else {}
        reform = Reform(
            kind=kind,
            on=on,
            basis=passage(basis),
            detail=detail,
            at=stamp.now,
            by=stamp.by,
        )
        self.result = Reformed(reform, self.rows.ended, self.rows.begun)

    def begin(self, model: Unit, new: NewUnit, parent: Unit | None, old: Sequence[Unit]) -> Unit:
        """Begin a unit with a name of its own in the place of ``old``."""
        full_name = required(short(new.full_name), N_("Please enter the name of the new unit."))
        kind, name = self._type_and_name(full_name, model)
        values = {
            "type": kind,
            "name": name,
            "full_name": full_name,
            "name_gso": None,
            "search": folded(full_name),
        }
        return self.rows.begin(model, parent, old, short(new.code, LONGEST_CODE), values)

    def finish(self) -> Reformed:
        """Write the reform down, propose the posts, and hand the open items over if the day has
        come.
        """
        result, session = self.result, self._session
        detail = {
            "before": [unit.key for unit in result.ended],
            "after": [unit.key for unit in result.begun],
        }
        result.reform.detail = {**result.reform.detail, **detail}
        session.add(result.reform)
        session.flush()
        result.posts = propose_posts(session, on=self._on, reform=result.reform)
        if self._on <= day_here(session, self._stamp.now):
            result.handed_over = hand_over(session, on=self._on, stamp=self._stamp)
        return result

    def type_of(self, full_name: str, level: Level) -> str | None:
        """Return the type that a name begins with, of those that the level has; None without."""
        words = f"{one_line(full_name)} ".lower()
        fitting = (each for each in level.types if words.startswith(f"{each['title'].lower()} "))
        return next((str(each["key"]) for each in fitting), None)

    def _type_and_name(self, full_name: str, model: Unit) -> tuple[str, str]:
        level = self._session.get_one(Level, model.level_key)
        of_level = [(each["title"], each["key"]) for each in level.types]
        for prefix, kind in (*of_level, *self._types):
            if full_name.lower().startswith(f"{prefix.lower()} "):
                return kind, full_name[len(prefix) :].strip()
        return model.type, full_name


def _known_types(session: Session) -> list[tuple[str, str]]:
    """Return the first words of full names with the type they stand for, the longest first: types
    are data too.
    """
    rows = session.execute(select(Unit.full_name, Unit.name, Unit.type))
    found = {
        (full.removesuffix(name).strip(), kind)
        for full, name, kind in rows
        if full.endswith(name) and full != name
    }
    return sorted((pair for pair in found if pair[0]), key=lambda pair: -len(pair[0]))
