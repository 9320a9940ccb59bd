"""What campaigns are made from.

A template has versions; a campaign remembers the version it was opened from.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey
from events.days.workdays import Shift
from events.models.columns import FromCatalog
from events.models.observances import Observance


class Anchor(StrEnum):
    """The date that offsets count from."""

    DAY = "day"
    START = "start"
    END = "end"
    EVENT = "event"
    CUTOFF = "cutoff"
    PLAN = "plan"  # the day on which the plan that the item waits for was issued


class Cascade(StrEnum):
    """Who gets a copy of an item: every unit of its levels, or only the campaign's owner."""

    EACH = "each"
    ONE = "one"


class Needs(StrEnum):
    """What a piece of evidence of some kind consists of."""

    REFERENCE = "reference"  # a document's number and date; an issued document stands for it
    FILE = "file"
    PICTURE = "picture"
    ADDRESS = "address"  # in the web
    HEAD_COUNT = "head_count"  # or the list
    NUMBER = "number"
    WORDS = "words"  # or a file
    NOTHING = "nothing"  # the tick is enough


DROP = "drop"  # where a level is missing, nobody takes its item


class Phase(FromCatalog, Base):
    """A stretch of a campaign's work, in the order people go through it."""

    __tablename__ = "phase"

    key: Mapped[Key] = mapped_column(primary_key=True)
    position: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    # what takes place on the campaign's days: reminded on the eve, moved by no lateness
    is_the_day: Mapped[bool] = mapped_column(default=False)
    # where levels above sum up what those below have sent
    sums_up: Mapped[bool] = mapped_column(default=False)
    # an item has this long that came into being after its day
    late_workdays: Mapped[int] = mapped_column(default=5)


class EvidenceType(FromCatalog, Base):
    """A kind of proof that an item was done."""

    __tablename__ = "evidence_type"

    key: Mapped[Key] = mapped_column(primary_key=True)
    position: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    needs: Mapped[Needs] = mapped_column(default=Needs.WORDS)


class Template(FromCatalog, Base):
    """A kind of campaign: what to do, who does it and how long before or after the day."""

    __tablename__ = "template"

    id: Mapped[PrimaryKey]
    key: Mapped[Key] = mapped_column(unique=True)
    kind: Mapped[str]
    observance_id: Mapped[int | None] = mapped_column(ForeignKey("observance.id"))
    title_vi: Mapped[str]
    title_en: Mapped[str]
    anchor: Mapped[Anchor]
    generate_ahead_days: Mapped[int]
    # reporting periods: first, last (MM-DD), name
    cutoffs: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    enabled: Mapped[bool] = mapped_column(default=True)  # opens by itself when its time comes
    # the day it was switched on: rounds that were over by then do not open
    opens_from: Mapped[date | None]
    # a lower unit has this long after the upper plan was issued
    late_plan_workdays: Mapped[int] = mapped_column(default=7)
    # what was done longer before it is recorded is marked, and listed for the unit above
    record_within_workdays: Mapped[int] = mapped_column(default=15)
    owner_role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    note: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)

    observance: Mapped[Observance | None] = relationship()
    versions: Mapped[list["TemplateVersion"]] = relationship(
        back_populates="template", order_by="TemplateVersion.number"
    )

    @property
    def current(self) -> "TemplateVersion":
        return self.versions[-1]


class VersionSource(StrEnum):
    """Where the items of a version were taken from, if nobody typed them."""

    FILE = "file"
    PROGRESS = "progress"  # what a year's progress taught


class TemplateVersion(Base):
    """The items of a template at one time; never changed once a campaign was opened from it."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("template_id", "number"),)

    id: Mapped[PrimaryKey]
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    number: Mapped[int]
    created: Mapped[datetime]
    digest: Mapped[str]  # of the items as imported; "" for a version that people made
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None]  # typed by whoever made it
    source: Mapped[VersionSource | None]
    source_year: Mapped[int | None]  # whose progress it was

    template: Mapped[Template] = relationship(back_populates="versions")
    items: Mapped[list["TemplateItem"]] = relationship(
        back_populates="version", order_by="TemplateItem.position"
    )


class TemplateItem(Base):
    """What a checklist item is made from.

    ``offset_days`` are calendar days from the anchor, negative before it.

    An item with ``end_offset_days`` runs over a period: it starts by ``offset_days`` and is due at
    ``end_offset_days``.
    """

    __tablename__ = "template_item"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[PrimaryKey]
    version_id: Mapped[int] = mapped_column(ForeignKey("template_version.id"))
    key: Mapped[Key]
    position: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    phase_key: Mapped[str] = mapped_column(ForeignKey("phase.key"))
    anchor: Mapped[Anchor]
    offset_days: Mapped[int]
    # level key -> days, where a level differs
    level_offsets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    end_offset_days: Mapped[int | None]
    # the same for the end, where a level differs
    level_end_offsets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    levels: Mapped[list[str]]
    cascade: Mapped[Cascade]
    role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    support_roles: Mapped[list[str]]
    evidence: Mapped[list[str]]
    evidence_min: Mapped[int]
    # may be done without the wanted evidence
    without_evidence: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[int]
    required: Mapped[bool]
    shift: Mapped[Shift]
    # the level that takes the copies of an optional one where that is missing, or DROP
    if_no_level: Mapped[Key] = mapped_column(default=DROP)
    # a unit issues its own plan in it
    is_plan: Mapped[bool] = mapped_column(default=False)
    depends_on: Mapped[list[str]]
    note: Mapped[str | None]

    version: Mapped[TemplateVersion] = relationship(back_populates="items")
    phase: Mapped[Phase] = relationship()

    def offset_at(self, level: str) -> int:
        """Return the days from the anchor for a copy at ``level``."""
        return int(self.level_offsets.get(level, self.offset_days))

    def end_at(self, level: str) -> int | None:
        """Return the days from the anchor to the end of a copy at ``level``; None for one that has
        a single day.
        """
        return (
            None
            if self.end_offset_days is None
            else int(self.level_end_offsets.get(level, self.end_offset_days))
        )
