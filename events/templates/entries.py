"""What a template's file may say: one class for each table, with the types of its keys
(docs/catalog.md).
"""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from events.days.workdays import Shift
from events.models.templates import DROP, Anchor, Cascade
from events.words.texts import nfc

MOST_ITEMS = 150  # of one template, so that its form stays below what a browser may send
MOST_DAYS = 730  # before or after the anchor
# fits its column: database.Key
ItemKey = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Title = Annotated[str, Field(min_length=1, max_length=300)]
Days = Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)]
# how files and digests of before call the level that stands in: one could be missing only
IF_NO_LEVEL_BEFORE = "if_no_district"


class Entry(BaseModel):
    """One table of a catalogue file.

    An unknown key is an error: it is nearly always a slip of the pen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, data: Any) -> Any:
        """Clean the texts, and let the Vietnamese title stand for an English one that is left out
        or empty.
        """
        if not isinstance(data, dict):
            return data
        data = {key: nfc(it) if isinstance(it, str) else it for key, it in data.items()}
        if "title_en" not in cls.model_fields:
            return data
        is_said = data.get("title_en", "") != ""
        return data if is_said or "title_vi" not in data else data | {"title_en": data["title_vi"]}


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
    if_no_level: str = Field(
        default=DROP,
        validation_alias=AliasChoices("if_no_level", IF_NO_LEVEL_BEFORE),
        serialization_alias=IF_NO_LEVEL_BEFORE,
    )
    depends_on: list[str] = []
    note: str | None = Field(default=None, max_length=1000)
    is_plan: bool = False


class CutoffEntry(Entry):
    """A reporting period that comes round every year, as MM-DD; one that ends before it starts
    began the year before.
    """

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
    record_within_workdays: int = Field(default=15, ge=0, le=260)
    cutoffs: list[CutoffEntry] = []
    owner_role: str
    note: str | None = None
    item: list[ItemEntry] = Field(min_length=1, max_length=MOST_ITEMS)
