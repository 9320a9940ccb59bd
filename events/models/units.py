"""The administrative tree.

Units and levels are rows with validity dates, because both change by law.
"""

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey
from events.models.columns import FromCatalog, Valid


class Level(FromCatalog, Base):
    """A kind of unit; ``rank`` 1 is the top.

    The rules ask a level for what it is, never for its key.
    """

    __tablename__ = "level"

    key: Mapped[Key] = mapped_column(primary_key=True)
    rank: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    default_role_key: Mapped[str | None] = mapped_column(ForeignKey("role.key"))
    # an administration may do without it; then its items go where their template says
    is_optional: Mapped[bool] = mapped_column(default=False)
    # how its units are called together where they take such items over
    together_vi: Mapped[str | None]
    together_en: Mapped[str | None]
    # the level whose people enter its units; None: the catalogue and reforms do
    entered_by: Mapped[Key | None]
    # what such units are called: key, title, and the types of the units above where it is usual
    types: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    issuer: Mapped[str | None]  # who issues the documents of its units; None: nobody does

    enters: Mapped["Level | None"] = relationship(
        primaryjoin="Level.key == foreign(remote(Level.entered_by))", viewonly=True, uselist=False
    )


class Unit(FromCatalog, Valid, Base):
    """A node of the tree for as long as it lives.

    ``key`` is the state's code, made unique where codes were used again.
    """

    __tablename__ = "unit"
    __table_args__ = (Index(None, "parent_id"), Index(None, "level_key"))

    id: Mapped[PrimaryKey]
    key: Mapped[Key] = mapped_column(unique=True)
    gso_code: Mapped[str | None]
    level_key: Mapped[str] = mapped_column(ForeignKey("level.key"))
    type: Mapped[str]
    name: Mapped[str]
    full_name: Mapped[str]
    name_gso: Mapped[str | None]
    slug: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    position: Mapped[int] = mapped_column(default=0)
    search: Mapped[str]
    note: Mapped[str | None]
    # one that joined later owes nothing that was due before this day
    followed_from: Mapped[date | None]

    parent: Mapped["Unit | None"] = relationship(remote_side="Unit.id")
    level: Mapped[Level] = relationship()

    def __repr__(self) -> str:
        return f"<Unit {self.key} {self.full_name}>"


class UnitSuccession(Base):
    """Who took over from whom: a merge has several predecessors, a split several successors."""

    __tablename__ = "unit_succession"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id"),
        Index(None, "successor_id"),
    )

    id: Mapped[PrimaryKey]
    predecessor_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    successor_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
