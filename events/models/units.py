"""The administrative tree.

Units and levels are rows with validity dates, because both change by law.
"""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database import Base, Key, PrimaryKey
from events.models.columns import FromCatalog, Valid

VILLAGE, COMMUNE = "village", "commune"  # keys of levels


class Level(FromCatalog, Base):
    """A kind of unit; ``rank`` 1 is the top."""

    __tablename__ = "level"

    key: Mapped[Key] = mapped_column(primary_key=True)
    rank: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    default_role_key: Mapped[str | None] = mapped_column(ForeignKey("role.key"))


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
