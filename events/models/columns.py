"""Columns that several tables share."""

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, ColumnElement, Dialect, and_, or_
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from events.days.reasons import DayReason


class _DayReason(TypeDecorator[DayReason]):
    """Why a day is off or a date moved, as JSON: a code and its facts."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(
        self, value: DayReason | None, _dialect: Dialect
    ) -> dict[str, Any] | None:
        return value.plain if value else None

    def process_result_value(
        self, value: dict[str, Any] | None, _dialect: Dialect
    ) -> DayReason | None:
        return DayReason.from_plain(value) if value else None


ReasonOfDay = Annotated[DayReason, mapped_column(_DayReason)]


class FromCatalog:
    """A row that the shipped catalogue owns.

    ``catalog_base`` holds the values of the last import. A re-import changes a column only where it
    still has that value, so what people edited stays. It is None for rows that people made.
    """

    catalog_base: Mapped[dict[str, Any] | None]


class Published:
    """A row that is written to calendars. Names and meaning are those of RFC 5545, 3.8.7."""

    sequence: Mapped[int] = mapped_column(default=0)
    created: Mapped[datetime]
    last_modified: Mapped[datetime]

    def touch(self, now: datetime) -> None:
        """Record a visible change: clients only believe a higher SEQUENCE and a later
        LAST-MODIFIED.
        """
        self.sequence += 1
        self.last_modified = now


class Valid:
    """A row that is true for a period; both ends are included and None means open."""

    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    def is_valid(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )

    def is_over(self, on: date) -> bool:
        """Tell whether it ended before ``on``."""
        return self.valid_to is not None and self.valid_to < on

    @classmethod
    def on(cls, day: date | ColumnElement[date]) -> ColumnElement[bool]:
        """Return the condition that a row is true on ``day``: ``is_valid`` for SQL."""
        begun = or_(cls.valid_from.is_(None), cls.valid_from <= day)
        return and_(begun, or_(cls.valid_to.is_(None), cls.valid_to >= day))
