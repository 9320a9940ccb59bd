"""One morning of a played year: where an act finds its campaign, its item and whoever does it, and
how it tells what came of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from events.days.workdays import WorkCalendar
from events.errors import N_, NotFoundError
from events.installation import zone_of
from events.models import (
    Campaign,
    ChecklistItem,
    Level,
    Observance,
    Person,
    Round,
    Template,
    Unit,
)
from events.people.posts import posts_of_units
from events.units.tree import ancestors, get_unit
from events.words.language import in_words, translations
from events.working_calendar import work_calendar

KEY = func.coalesce(Observance.key, Template.key)  # what people call a campaign by


class Rule(StrEnum):
    """What a line of the story shows at work; docs/simulate.md says what to look for."""

    OPENING = "opening"
    VERSIONS = "versions"
    DATES = "dates"
    NESTING = "nesting"
    ACTIVITIES = "activities"
    CHOICES = "choices"
    CHECKLIST = "checklist"
    UNITS = "units"
    DAYS_OFF = "days-off"
    OBSERVANCES = "observances"
    DOCUMENTS = "documents"
    PROGRESS = "progress"
    CARRY_FORWARD = "carry-forward"
    KINDS = "kinds"
    REMINDERS = "reminders"


TITLES = {
    Rule.OPENING: N_("Opening"),
    Rule.VERSIONS: N_("Template versions"),
    Rule.DATES: N_("Moved dates"),
    Rule.NESTING: N_("Integration"),
    Rule.ACTIVITIES: N_("Activities"),
    Rule.CHOICES: N_("Units choose"),
    Rule.CHECKLIST: N_("Checklist"),
    Rule.UNITS: N_("Units change"),
    Rule.DAYS_OFF: N_("Days off"),
    Rule.OBSERVANCES: N_("Observances and themes"),
    Rule.DOCUMENTS: N_("Documents"),
    Rule.PROGRESS: N_("Progress"),
    Rule.CARRY_FORWARD: N_("Carry-forward"),
    Rule.KINDS: N_("Kinds of campaigns"),
    Rule.REMINDERS: N_("Reminders"),
}


Said = Callable[[str], str]  # a sentence within a sentence: what it says in a language


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story: an English sentence with its facts, said in the reader's language when
    it is shown.

    A fact may be a ``Word`` or another sentence, which is then said in the same language.
    """

    rule: Rule
    sentence: str
    facts: dict[str, Any]
    refused: bool = False

    def text(self, language: str) -> str:
        return said(self.sentence, **self.facts)(language)


def said(sentence: str, **facts: Any) -> Said:
    """Return a sentence that waits for the language in which it is said."""

    def text(language: str) -> str:
        gettext = translations(language).gettext
        return gettext(sentence) % {name: _fact(value, language) for name, value in facts.items()}

    return text


_REMINDERS = {
    "before": N_("reminder %(days)s working day(s) before"),
    "overdue": N_("reminder %(days)s working day(s) overdue"),
    "again": N_("reminder of a thing overdue, week %(days)s"),
    "late": N_("told to the unit %(days)s level(s) above"),
}
_NOTICES = {
    "before-0": N_("reminder on the day"),
    "assigned": N_("given to somebody"),
    "moved": N_("moved to another day"),
    "blocked": N_("held up, told to the unit above"),
    "opened": N_("campaign opened"),
    "invited": N_("invitation to an activity"),
    "week": N_("plan of the week"),
    "month": N_("figures of the month"),
}


def notice_in_words(rule: str) -> Said:
    """Return why a notice is sent, by its rule, such as "before-7"."""
    when, _dash, days = rule.partition("-")
    if rule in _NOTICES or when in _NOTICES:
        return said(_NOTICES.get(rule) or _NOTICES[when])
    return said(_REMINDERS[when], days=days)


def _fact(value: Any, language: str) -> Any:
    if isinstance(value, Word):
        return translations(language).gettext(value)
    return value(language) if callable(value) else in_words(value, language)


class Word(str):
    """A fact that is translated itself, such as the name of a state."""

    __slots__ = ()


NOT_ENTERED = Word(N_("not entered yet"))


@dataclass(slots=True)
class Stage:
    """The copy on one morning."""

    session: Session
    now: datetime
    day: date
    calendar: WorkCalendar

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.session)

    def look_at_days_off(self) -> None:
        """Read the working calendar again after a decision."""
        self.calendar = work_calendar(self.session)

    def unit(self, key: str) -> Unit:
        """Return the unit with this key or slug. Raises ``NotFoundError``."""
        return get_unit(self.session, key)

    def campaign(self, name: str, unit: str | None = None) -> Campaign:
        """Return a unit's campaign by "KEY" (of this year) or "KEY/PERIOD"; without a unit the one
        at the top.

        Raises ``NotFoundError``.
        """
        where = Campaign.unit_id == self.unit(unit).id if unit else Campaign.parent_id.is_(None)
        found = self.session.scalars(self._named(name, where).limit(1)).first()
        if not found:
            raise NotFoundError(kind="campaign", key=f"{name}/{unit}" if unit else name)
        return found

    def campaigns(self, name: str, *conditions: ColumnElement[bool]) -> Sequence[Campaign]:
        """Return the campaigns of that name in the order of their units, with their items."""
        query = self._named(name, *conditions).options(selectinload(Campaign.items))
        return self.session.scalars(query).all()

    def _named(self, name: str, *conditions: ColumnElement[bool]) -> Select[Campaign]:
        key, _, period = name.partition("/")
        when = Round.period == period if period else Round.year == self.day.year
        query = (
            select(Campaign)
            .join(Campaign.round)
            .join(Round.template)
            .outerjoin(Round.observance)
            .join(Campaign.unit)
        )
        query = query.where(or_(KEY.in_([key]), Template.key == key), when, *conditions)
        return query.order_by(Round.dtstart.desc(), Unit.position, Campaign.id)

    def item(self, campaign: Campaign, key: str) -> ChecklistItem:
        """Return an item by its key, by its summary when the unit made it itself, or the unit's
        part of a divided one.

        Raises ``NotFoundError``.
        """
        divided = select(ChecklistItem.id).where(ChecklistItem.key.in_([key]))
        known = or_(
            ChecklistItem.key == key,
            ChecklistItem.summary == key,
            ChecklistItem.split_from_id.in_(divided),
        )
        item = self.session.scalars(
            select(ChecklistItem).where(ChecklistItem.campaign_id == campaign.id, known)
        ).first()
        if item is None:
            raise NotFoundError(
                kind="checklist item", key=f"{campaign.summary}, {campaign.unit.full_name}: {key}"
            )
        return item

    def level(self, key: str) -> str:
        """Return a level's name as it stands in a sentence. Raises ``NotFoundError``."""
        level = self.session.get(Level, key)
        if level is None:
            raise NotFoundError(kind="level", key=key)
        return level.title_vi.lower()

    def who(self, unit: Unit) -> dict[str, Any]:
        """Return who does something in the unit, when and where: what use cases ask for."""
        return {"by": self.somebody(unit), "now": self.now}

    def somebody(self, unit: Unit) -> Person:
        """Return a person with a post in the unit, or the nearest unit above it that has one.

        Raises ``NotFoundError``.
        """
        return self.people([unit])[unit.id]

    def people(self, units: Iterable[Unit]) -> dict[int, Person]:
        """Return ``somebody`` of each unit, by its id, in one query."""
        lines = {unit: [unit, *ancestors(unit)] for unit in units}
        ids = {each.id for line in lines.values() for each in line}
        posts = posts_of_units(self.session, ids, self.day)
        first = {post.unit_id: post.person for post in reversed(posts)}
        found = {}
        for unit, line in lines.items():
            near = next((each for each in line if each.id in first), None)
            if near is None:
                raise NotFoundError(N_("Nobody holds a post in %(unit)s."), unit=unit.full_name)
            found[unit.id] = first[near.id]
        return found


def as_text(day: date | None) -> str:
    """Return a day as officials write it."""
    return f"{day:%d/%m/%Y}" if day else "–"
