"""What stands in the other catalogue files: one class for each table, with the types of its keys
(docs/catalog.md).
"""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from events.days.workdays import DecisionStatus
from events.models import Duty
from events.models.observances import ObservanceStatus
from events.models.reminders import MOST_HOPS, MOST_STEPS, MOST_WEEKS, MOST_WORKDAYS, ItemKind
from events.models.templates import Needs
from events.templates.entries import Entry, TemplateEntry

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
OptionalDate = Annotated[date | None, BeforeValidator(lambda value: value or None)]


class TypeEntry(Entry):
    """A kind of unit by law. ``of_it_en`` is the English adjective: "provincial"."""

    key: str
    title: str
    title_en: str | None = None
    of_it_en: str | None = None
    usual_in: list[str] = []


class LevelEntry(Entry):
    key: str
    rank: int
    title_vi: str
    title_en: str
    is_optional: bool = False
    together_vi: str | None = None
    together_en: str | None = None
    entered_by: str | None = None
    types: list[TypeEntry] = []
    issuer: str | None = None
    code_digits: int | None = None


class UnitEntry(Entry):
    id: str
    gso_code: str | None = None
    level: str
    type: str
    name: str
    full_name: str
    name_gso: str | None = None
    slug: Slug
    parent: str = ""
    valid_from: OptionalDate = None
    valid_to: OptionalDate = None
    successor: str | list[str] = ""
    predecessors: list[str] = []
    communes: int | None = None
    origin: str | None = None
    note: str | None = None

    @property
    def successors(self) -> list[str]:
        return (
            [self.successor]
            if isinstance(self.successor, str) and self.successor
            else list(self.successor)
        )


class RoleEntry(Entry):
    key: str
    title_vi: str
    title_en: str
    level: str
    valid_from: OptionalDate = None
    valid_to: OptionalDate = None
    successor: str | None = None
    issues_papers: bool = False
    duty: Duty = Duty.ORGANISER


class PhaseEntry(Entry):
    key: str
    order: int = 0
    title_vi: str
    title_en: str
    is_the_day: bool = False
    sums_up: bool = False
    late_workdays: int = Field(default=5, ge=0, le=60)


class EvidenceTypeEntry(Entry):
    key: str
    order: int = 0
    title_vi: str
    title_en: str
    needs: Needs = Needs.WORDS


class ReminderEntry(Entry):
    """When people are reminded of items of a kind; without a template, of all templates."""

    kind: ItemKind
    template: str | None = None
    steps: list[Annotated[int, Field(ge=-MOST_WORKDAYS, le=MOST_WORKDAYS)]] = Field(
        max_length=MOST_STEPS
    )
    weeks: int = Field(default=0, ge=0, le=MOST_WEEKS)
    grace: list[Annotated[int, Field(ge=1, le=MOST_WORKDAYS)]] = Field(
        default=[], max_length=MOST_HOPS
    )


class ObservanceEntry(Entry):
    key: str
    slug: Slug
    color: str
    status: ObservanceStatus
    title_vi: str
    title_en: str
    rule: dict[str, Any]
    basis: str | None = None
    base_year: int | None = None
    anniversary: str | None = None
    first_year: int | None = None
    inside: str | None = None
    note: str | None = None


class TitleEntry(Entry):
    observance: str
    from_year: int
    to_year: int | None = None
    title_vi: str


class BasisEntry(Entry):
    observance: str
    kind: str
    number: str
    dated: date | None = None
    title: str | None = None
    from_year: int | None = None
    to_year: int | None = None
    source: str | None = None


class ThemeEntry(Entry):
    observance: str
    year: int
    theme_vi: str
    slogans: list[str] = []
    source: str | None = None
    letter_number: str | None = None
    letter_date: date | None = None
    letter_issuer: str | None = None
    is_second_hand: bool = False
    slogans_missing: int = 0


class SwapEntry(Entry):
    day_off: date
    working_day: date
    source: str | None = None
    announced: date | None = None


class TetBreakEntry(Entry):
    year: int
    first_day_off: date
    last_day_off: date
    source: str | None = None
    announced: date | None = None

    @property
    def days(self) -> list[date]:
        length = (self.last_day_off - self.first_day_off).days + 1
        return [self.first_day_off + timedelta(days=n) for n in range(length)]


class HolidayBreakEntry(Entry):
    """The days off around a public holiday by name, as decided for one year."""

    name: str
    year: int
    first_day_off: date
    last_day_off: date
    source: str | None = None
    announced: date | None = None

    @property
    def days(self) -> list[date]:
        length = (self.last_day_off - self.first_day_off).days + 1
        return [self.first_day_off + timedelta(days=n) for n in range(length)]


class ProposedHolidayEntry(Entry):
    """A public holiday that was announced.

    ``in_force``: since when it is law. ``compensation`` is a fact of its own; where a file says
    nothing of it, it goes with the status.
    """

    name: str
    status: DecisionStatus
    compensation: DecisionStatus | None = None
    in_force: date | None = None
    source: str | None = None


class UnitsFile(Entry):
    schema_version: int
    level: list[LevelEntry]
    unit: list[UnitEntry]


class TemplatesFile(Entry):
    schema_version: int
    level_default_role: dict[str, str]
    phase: list[PhaseEntry]
    evidence_type: list[EvidenceTypeEntry]
    role: list[RoleEntry]
    reminder: list[ReminderEntry] = []
    template: list[TemplateEntry]


class ObservancesFile(Entry):
    schema_version: int
    observance: list[ObservanceEntry]
    title_history: list[TitleEntry] = []
    basis: list[BasisEntry] = []
    theme: list[ThemeEntry] = []


class CalendarFile(Entry):
    schema_version: int
    proposed_holiday: list[ProposedHolidayEntry] = []
    swap: list[SwapEntry] = []
    tet_break: list[TetBreakEntry] = []
    holiday_break: list[HolidayBreakEntry] = []
