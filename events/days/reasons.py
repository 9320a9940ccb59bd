"""Why offices are closed on a day, why they work on one, and why an item is not due on the day that
was counted.

A reason is a code with its facts, and said in the reader's language where it is shown: Vietnamese
and English readers see the same row. Pure: no storage, no clock.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import holidays

from events.errors import N_
from events.words.language import InWords, tell


class Cause(StrEnum):
    """What closes a day, opens it, or moves a date."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    TET = "tet"
    IN_LIEU_OF = "in-lieu-of"  # a holiday by name, which fell on a weekend
    IN_LIEU = "in-lieu"  # as decided, for a holiday that nobody named
    SWAP = "swap"  # closed; the other day is worked instead
    SUBSTITUTE = "substitute"  # the same, as the package of public holidays knows former years
    DECIDED = "decided"
    WORKED_FOR = "worked-for"  # open; the other day is off
    WORKED = "worked"
    OUTSIDE_TET = "outside-tet"  # open, although it was guessed to lie in the Tết break
    WAITS = "waits"
    LATE_PLAN = "late-plan"
    LATE_OPENING = "late-opening"  # its day had passed when it came into being
    OTHER = "other"  # words of an older version, kept as they were


# the facts of each cause that has any
_FACTS = {
    Cause.HOLIDAY: {"name"},
    Cause.IN_LIEU_OF: {"name"},
    Cause.SWAP: {"day"},
    Cause.SUBSTITUTE: {"day"},
    Cause.WORKED_FOR: {"day"},
    Cause.LATE_PLAN: {"day", "workdays"},
    Cause.LATE_OPENING: {"day"},
    Cause.OTHER: {"text"},
}
_PHRASES = {
    Cause.WEEKEND: N_("on a weekend"),
    Cause.HOLIDAY: N_("on a public holiday (%(name)s)"),
    Cause.TET: N_("within the Tết break"),
    Cause.IN_LIEU_OF: N_("on a day off in lieu of a public holiday (%(name)s)"),
    Cause.IN_LIEU: N_("on a day off in lieu of a public holiday"),
    Cause.SWAP: N_("on a day off that is traded for %(day)s"),
    Cause.SUBSTITUTE: N_("on a day off that was traded for %(day)s"),
    Cause.DECIDED: N_("on a day off by decision"),
    Cause.WORKED_FOR: N_("worked in place of %(day)s"),
    Cause.WORKED: N_("working day by decision"),
    Cause.OUTSIDE_TET: N_("outside the Tết break that was decided"),
    Cause.WAITS: N_("before the item that it waits for is due"),
    Cause.LATE_PLAN: N_(
        "less than %(workdays)s working days after the level above issued its plan (%(day)s)"
    ),
    Cause.LATE_OPENING: N_("before the day on which it was opened, late (%(day)s)"),
    Cause.OTHER: "%(text)s",
}
_PROVISIONAL = N_("%(reason)s (provisional)")
_TITLES = {
    Cause.HOLIDAY: "%(name)s",
    Cause.TET: N_("Tết break"),
    Cause.IN_LIEU_OF: N_("%(name)s (in lieu)"),
    Cause.IN_LIEU: N_("Day off in lieu"),
    Cause.SWAP: N_("Traded for %(day)s"),
    Cause.SUBSTITUTE: N_("Day off (traded for %(day)s)"),
    Cause.DECIDED: N_("By decision"),
}


@dataclass(frozen=True, slots=True)
class DayReason(InWords):
    """Why a day is off, is worked, or is not the day on which an item is due.

    ``name`` is a public holiday's, in Vietnamese. ``day`` is the other day of a swap, or the day on
    which the plan was issued that leaves the units below ``workdays``, or on which an item was
    opened after its day. ``provisional``: the authorities have not decided it yet; that is a fact
    of the calendar of today (``WorkCalendar.told``) and never stored with a date.
    """

    cause: Cause
    name: str | None = None
    day: date | None = None
    workdays: int | None = None
    text: str | None = None
    provisional: bool = False

    def __post_init__(self) -> None:
        facts = zip(_NAMES, (self.name, self.day, self.workdays, self.text), strict=True)
        given = {name for name, value in facts if value not in (None, "")}
        if given != _FACTS.get(self.cause, set()):
            raise ValueError(f"a reason {self.cause} cannot have the facts {sorted(given)}")

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "DayReason":
        """Return the reason that ``plain`` stands for. Raises ``ValueError`` for what is none.

        Rows of older versions kept, too, whether the day was decided then: that is passed over.
        """
        day = plain.get("day")
        stored = {name: value for name, value in plain.items() if name != "provisional"}
        facts = stored | {"cause": Cause(plain["cause"])}
        return cls(**facts | ({"day": date.fromisoformat(day)} if day else {}))

    @property
    def plain(self) -> dict[str, Any]:
        """What is stored: JSON values by name, without those that say nothing."""
        said = {name: getattr(self, name) for name in _NAMES}
        stored = {name: value for name, value in said.items() if value is not None}
        day = {"day": self.day.isoformat()} if self.day else {}
        return stored | {"cause": self.cause.value} | day

    def as_of(self, today: date, day: date) -> "DayReason":
        """Return the reason as it is said on ``today`` of ``day``: one that has passed is no guess
        any more.
        """
        return replace(self, provisional=False) if self.provisional and day < today else self

    def words(self, language: str) -> str:
        """Return the phrase that completes “the date falls …” (“hạn rơi …”)."""
        said = self._told(_PHRASES[self.cause], language)
        return tell(_PROVISIONAL, {"reason": said}, language) if self.provisional else said

    def title(self, language: str) -> str:
        """Return what a calendar calls such a day."""
        title = self._told(_TITLES.get(self.cause, _PHRASES[self.cause]), language)
        return title[:1].upper() + title[1:]

    def _told(self, sentence: str, language: str) -> str:
        facts = {name: getattr(self, name) for name in _FACTS.get(self.cause, ())}
        if self.name and language != "vi":
            facts["name"] = _in_english(self.name)
        if self.day:
            facts["day"] = f"{self.day:%d/%m/%Y}"
        return tell(sentence, facts, language)


_NAMES = ("name", "day", "workdays", "text")


@lru_cache
def _in_english(holiday: str) -> str:
    """Return a public holiday's English name; one that the package does not know keeps its own."""
    return str(holidays.country_holidays("VN", language="en_US").tr(holiday))
