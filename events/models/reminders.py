"""When people are reminded of items: rules of the catalogue, and those of units in their place."""

from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from events.database.sessions import Base, PrimaryKey
from events.models.columns import FromCatalog

MOST_STEPS, MOST_WORKDAYS, MOST_WEEKS, MOST_HOPS = 12, 60, 26, 5


class ItemKind(StrEnum):
    """What rules tell apart in items: a property of their phase."""

    USUAL = "usual"
    THE_DAY = "the-day"  # takes place on the campaign's days
    SUMMING_UP = "summing-up"  # sums up what those below have sent

    @classmethod
    def of(cls, *, is_the_day: bool, sums_up: bool) -> "ItemKind":
        if is_the_day:
            return cls.THE_DAY
        return cls.SUMMING_UP if sums_up else cls.USUAL


class ReminderRule(FromCatalog, Base):
    """The steps for items of one kind: of one template or of all (None), in one unit and all below
    it or everywhere (None).

    ``steps`` are working days from the item's day, negative before it; for ``weeks`` weeks after
    the last one a week begins with a reminder. After each ``grace`` in working days that an item is
    late, a unit farther up hears of it.
    """

    __tablename__ = "reminder_rule"
    __table_args__ = (Index(None, "unit_id"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[ItemKind]
    template_id: Mapped[int | None] = mapped_column(ForeignKey("template.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    steps: Mapped[list[int]] = mapped_column(JSON)
    weeks: Mapped[int]
    grace: Mapped[list[int]] = mapped_column(JSON)


def rule_key(kind: ItemKind, template: str | None, unit: str | None = None) -> str:
    """Return the key of the rule for a kind of item, by the keys of template and unit."""
    return "|".join((unit or "*", template or "*", kind))
