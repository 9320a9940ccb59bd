"""The days kept every year, their titles, themes and legal bases through the years, and the yearly
decisions on days off.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey, Uid
from events.days.recurrence import Rule, rule_from
from events.days.workdays import DecisionStatus
from events.models.columns import FromCatalog, Published, ReasonOfDay

ANNIVERSARY = "Kỷ niệm N năm"
_COUNTED_YEARLY = "lần thứ"  # how an event that is held again every year is numbered
_LAST_PADDED_MONTH = 2  # 03/02/2021 and 03/3/2021: Decree 30/2020/NĐ-CP
_ROUND = 5  # years between the anniversaries that are marked


def named_paper(name: str, dated: date | None) -> str:
    """Return a paper with its date as papers write it, "28/NQ-CP ngày 03/3/2021"."""
    if dated is None:
        return name
    month = f"{dated.month:02}" if dated.month <= _LAST_PADDED_MONTH else dated.month
    return f"{name} ngày {dated.day:02}/{month}/{dated.year}"


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
    basis: Mapped[str | None]  # what it rests on in every year; `bases` are for a time
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
    bases: Mapped[list["LegalBasis"]] = relationship(
        back_populates="observance", order_by="LegalBasis.dated, LegalBasis.number"
    )
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

    def bases_in(self, year: int) -> tuple[str, ...]:
        """Return in words what the observance rests on in ``year``: what holds in every year, then
        the papers in force, in the order of their dates.
        """
        for_a_time = (basis.words for basis in self.bases if basis.is_in_force(year))
        return (*([self.basis] if self.basis else []), *for_a_time)

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


class LegalBasis(FromCatalog, Base):
    """A paper that an observance rests on from one year to another (None: from ever, until today).

    Programmes end; a campaign names those of its own year.
    """

    __tablename__ = "legal_basis"
    __table_args__ = (UniqueConstraint("observance_id", "number"),)

    id: Mapped[PrimaryKey]
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"))
    kind: Mapped[str]  # as it is printed: "Nghị quyết", "Luật"
    number: Mapped[str]
    dated: Mapped[date | None]
    title: Mapped[str | None]
    from_year: Mapped[int | None]
    to_year: Mapped[int | None]
    source: Mapped[str | None]

    observance: Mapped[Observance] = relationship(back_populates="bases")

    def is_in_force(self, year: int) -> bool:
        return (self.from_year is None or self.from_year <= year) and (
            self.to_year is None or year <= self.to_year
        )

    @property
    def words(self) -> str:
        """The paper as others name it: "Nghị quyết 28/NQ-CP ngày 03/3/2021 (Chiến lược …)"."""
        named = named_paper(f"{self.kind} {self.number}", self.dated)
        return f"{named} ({self.title})" if self.title else named


class Theme(FromCatalog, Base):
    """The theme of an observance in one year, as the lead ministry announced it.

    The letter is the paper that announced it. ``is_second_hand``: it is known from papers of others
    and the ministry's own was not seen; ``slogans_missing`` how many slogans of the letter are
    known to exist and were not found.
    """

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("observance_id", "year"),)

    id: Mapped[PrimaryKey]
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"))
    year: Mapped[int]
    theme_vi: Mapped[str]
    slogans: Mapped[list[str]] = mapped_column(default=list)
    source: Mapped[str | None]
    letter_number: Mapped[str | None]
    letter_date: Mapped[date | None]
    letter_issuer: Mapped[str | None]
    is_second_hand: Mapped[bool] = mapped_column(default=False)
    slogans_missing: Mapped[int] = mapped_column(default=0, server_default="0")

    observance: Mapped[Observance] = relationship(back_populates="themes")

    @property
    def letter(self) -> str | None:
        """The letter as others name it: "8935/BNV-CTTN&BĐG ngày 03/10/2025 của Bộ Nội vụ"."""
        if not self.letter_number:
            return None
        named = named_paper(self.letter_number, self.letter_date)
        return f"{named} của {self.letter_issuer}" if self.letter_issuer else named


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
    """A public holiday by name that was announced, until it is made law.

    ``compensation``: whether it is made up for when it falls on a weekend, a question of its own.
    """

    __tablename__ = "proposed_holiday"

    name: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[DecisionStatus]
    compensation: Mapped[DecisionStatus] = mapped_column(default=DecisionStatus.ANNOUNCED)
    source: Mapped[str | None]
