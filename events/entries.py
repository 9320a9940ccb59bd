"""What stands in a catalogue file: one class for each table, with the types of its keys (docs/catalog.md)."""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from events.models.observances import ObservanceStatus
from events.models.templates import Anchor, Cascade, IfNoLevel
from events.workdays import DecisionStatus, Shift

MOST_ITEMS = 150  # of one template, so that its form stays below what a browser may send
MOST_DAYS = 730  # before or after the anchor

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
ItemKey = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]  # fits its column: database.Key
Title = Annotated[str, Field(min_length=1, max_length=300)]
Days = Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]
OptionalDate = Annotated[date | None, BeforeValidator(lambda value: value or None)]


class Entry(BaseModel):
    """One table of a catalogue file. An unknown key is an error: it is nearly always a slip of the pen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class LevelEntry(Entry):
    key: str
    rank: int
    title_vi: str
    title_en: str


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
        return [self.successor] if isinstance(self.successor, str) and self.successor else list(self.successor)


class RoleEntry(Entry):
    key: str
    title_vi: str
    title_en: str
    level: str
    valid_from: OptionalDate = None
    valid_to: OptionalDate = None
    successor: str | None = None


class OrderedEntry(Entry):
    """A phase or a kind of evidence."""

    key: str
    order: int = 0
    title_vi: str
    title_en: str


class ItemEntry(Entry):
    key: ItemKey
    title_vi: Title
    title_en: Title
    phase: str
    anchor: Anchor
    offset_days: Days
    level_offsets: dict[str, Days] = {}
    end_offset_days: Days | None = None
    level_end_offsets: dict[str, Days] = {}
    levels: list[str] = Field(min_length=1)
    cascade: Cascade
    role: str
    support_roles: list[str] = []
    evidence: list[str]
    evidence_min: int = Field(ge=0, le=50)
    without_evidence: bool = False
    weight: int = Field(ge=1, le=5)
    required: bool
    shift: Shift
    if_no_district: IfNoLevel = IfNoLevel.DROP
    depends_on: list[str] = []
    note: str | None = Field(default=None, max_length=1000)


class CutoffEntry(Entry):
    """A reporting period that comes round every year, as MM-DD; one that ends before it starts began the year before."""

    first: str
    last: str
    name: str


class TemplateEntry(Entry):
    key: ItemKey
    kind: str
    observance: str | None = None
    title_vi: str = Field(min_length=1, max_length=500)
    title_en: str = Field(min_length=1, max_length=500)
    anchor: Anchor
    generate_ahead_days: int = Field(ge=0, le=730)
    late_plan_workdays: int = Field(default=7, ge=0, le=60)
    cutoffs: list[CutoffEntry] = []
    owner_role: str
    note: str | None = None
    item: list[ItemEntry] = Field(min_length=1, max_length=MOST_ITEMS)


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


class ThemeEntry(Entry):
    observance: str
    year: int
    theme_vi: str
    slogans: list[str] = []
    source: str | None = None


class SwapEntry(Entry):
    day_off: date
    working_day: date
    source: str | None = None


class TetBreakEntry(Entry):
    year: int
    first_day_off: date
    last_day_off: date
    source: str | None = None

    @property
    def days(self) -> list[date]:
        length = (self.last_day_off - self.first_day_off).days + 1
        return [self.first_day_off + timedelta(days=n) for n in range(length)]


class ProposedHolidayEntry(Entry):
    name: str
    status: DecisionStatus
    source: str | None = None


class UnitsFile(Entry):
    schema_version: int
    level: list[LevelEntry]
    unit: list[UnitEntry]


class TemplatesFile(Entry):
    schema_version: int
    level_default_role: dict[str, str]
    phase: list[OrderedEntry]
    evidence_type: list[OrderedEntry]
    role: list[RoleEntry]
    template: list[TemplateEntry]


class ObservancesFile(Entry):
    schema_version: int
    observance: list[ObservanceEntry]
    title_history: list[TitleEntry] = []
    theme: list[ThemeEntry] = []


class CalendarFile(Entry):
    schema_version: int
    proposed_holiday: list[ProposedHolidayEntry] = []
    swap: list[SwapEntry] = []
    tet_break: list[TetBreakEntry] = []
