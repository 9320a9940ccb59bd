"""The days kept every year, their titles and themes through the years, and the yearly decisions on
days off.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database import Base, Key, PrimaryKey, Uid
from events.days.recurrence import Rule, rule_from
from events.days.workdays import DecisionStatus
from events.models.columns import FromCatalog, Published, ReasonOfDay

ANNIVERSARY = "Kỷ niệm N năm"
_COUNTED_YEARLY = "lần thứ"  # how an event that is held again every year is numbered
_ROUND = 5  # years between the anniversaries that are marked


class ObservanceStatus(StrEnum):
    """How an observance came here: named in the plan, run together with one that is, or an example
    to switch on.
    """

    CORE = "core"
    LINKED = "linked"
    OPTIONAL = "optional"
    OWN = "own"


class Observance(FromCatalog, Base):
    """A day, range or lunar day marked every year."""

    __tablename__ = "observance"

    id: Mapped[PrimaryKey]
    key: Mapped[Key] = mapped_column(unique=True)
    slug: Mapped[str] = mapped_column(unique=True)
    status: Mapped[ObservanceStatus]
    enabled: Mapped[bool] = mapped_column(default=True)
    title_vi: Mapped[str]
    title_en: Mapped[str]
    rule: Mapped[dict[str, Any]]
    basis: Mapped[str | None]
    base_year: Mapped[int | None]
    # the wording, in which N stands for the number; None: "Kỷ niệm N năm"
    anniversary: Mapped[str | None]
    first_year: Mapped[int | None]
    inside_key: Mapped[str | None]  # the observance whose days contain this one
    color: Mapped[str]
    note: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)

    titles: Mapped[list["TitlePeriod"]] = relationship(
        back_populates="observance", order_by="TitlePeriod.from_year"
    )
    themes: Mapped[list["Theme"]] = relationship(back_populates="observance")
    container: Mapped["Observance | None"] = relationship(
        primaryjoin="foreign(Observance.inside_key) == remote(Observance.key)", viewonly=True
    )

    @property
    def recurrence(self) -> Rule:
        return rule_from(self.rule)

    def title_in(self, year: int) -> str:
        """Return the Vietnamese title that was official in ``year``: reports print the name of
        their time.
        """
        for period in self.titles:
            if period.from_year <= year and (period.to_year is None or year <= period.to_year):
                return period.title_vi
        return self.title_vi

    def theme_in(self, year: int) -> "Theme | None":
        return next((theme for theme in self.themes if theme.year == year), None)

    def anniversary_in(self, year: int) -> int | None:
        """Return N of "kỷ niệm N năm", or None when the day is not numbered."""
        if self.base_year is None or year <= self.base_year:
            return None
        return year - self.base_year

    def anniversary_text(self, year: int) -> str | None:
        """Return how the anniversary is put in ``year``: "Kỷ niệm 25 năm (2001–2026)" in every
        fifth year, "Lần thứ 11" in each.
        """
        number = self.anniversary_in(year)
        if number is None:
            return None
        wording = self.anniversary or ANNIVERSARY
        text = re.sub(r"\bN\b", str(number), wording)
        if wording.casefold().startswith(_COUNTED_YEARLY):
            return text
        return None if number % _ROUND else f"{text} ({self.base_year}–{year})"


class TitlePeriod(FromCatalog, Base):
    """The official title of an observance from one year to another (None: until today)."""

    __tablename__ = "title_period"
    __table_args__ = (UniqueConstraint("observance_id", "from_year"),)

    id: Mapped[PrimaryKey]
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"))
    from_year: Mapped[int]
    to_year: Mapped[int | None]
    title_vi: Mapped[str]

    observance: Mapped[Observance] = relationship(back_populates="titles")


class Theme(FromCatalog, Base):
    """The theme of an observance in one year, as the lead ministry announced it."""

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("observance_id", "year"),)

    id: Mapped[PrimaryKey]
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"))
    year: Mapped[int]
    theme_vi: Mapped[str]
    slogans: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str | None]

    observance: Mapped[Observance] = relationship(back_populates="themes")


class ObservanceOccurrence(Published, Base):
    """An observance's dates in one year, with the identity that calendars keep for life.

    ``dtend`` is the day after.
    """

    __tablename__ = "occurrence"
    __table_args__ = (UniqueConstraint("observance_id", "year"), Index(None, "dtstart"))

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"))
    year: Mapped[int]
    dtstart: Mapped[date]
    dtend: Mapped[date]
    summary: Mapped[str]
    description: Mapped[str]

    observance: Mapped[Observance] = relationship()


class CalendarDay(FromCatalog, Base):
    """One decided day: offices closed, or a Saturday on which they work."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    off: Mapped[bool]
    reason: Mapped[ReasonOfDay]
    source: Mapped[str | None]


class DecidedYear(FromCatalog, Base):
    """A year whose Tết break and swap days the Government has fixed."""

    __tablename__ = "decided_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str | None]


class ProposedHoliday(FromCatalog, Base):
    """A public holiday by name that was announced, until it is made law."""

    __tablename__ = "proposed_holiday"

    name: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[DecisionStatus]
    source: Mapped[str | None]
