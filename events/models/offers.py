"""Posts offered to somebody who works elsewhere, and held once they or their unit agree."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.people import Person, Role
from events.models.units import Unit


class PostOffer(Base):
    """A post for the person behind an address; until it is accepted, who offers it learns nothing
    of them.
    """

    __tablename__ = "post_offer"
    __table_args__ = (Index(None, "person_id"), Index(None, "unit_id"))

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    valid_from: Mapped[date]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided: Mapped[datetime | None]
    accepted: Mapped[bool | None]  # None: not decided yet
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=person_id)
    by: Mapped[Person] = relationship(foreign_keys=by_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)
    unit: Mapped[Unit] = relationship()
    role: Mapped[Role] = relationship()
