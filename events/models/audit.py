"""Who came in, and who changed what people may do: written once, gone after a time."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.people import Person
from events.models.units import Unit


class AuditKind(StrEnum):
    """What was recorded."""

    SIGNED_IN = "signed-in"
    REFUSED = "refused"  # a wrong password, code or link
    SLOWED_DOWN = "slowed-down"  # after too many of those
    SIGNED_OUT = "signed-out"
    DEVICE_ENDED = "device-ended"
    LINK_SENT = "link-sent"
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of a kind
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    POST_GIVEN = "post-given"
    POST_OFFERED = "post-offered"
    POST_DECLINED = "post-declined"
    POST_ENDED = "post-ended"
    PERSON_CORRECTED = "person-corrected"
    RIGHT_GIVEN = "right-given"
    RIGHT_TAKEN = "right-taken"
    CALENDAR_MADE = "calendar-made"  # an own one, under an address that is a secret
    CALENDAR_MOVED = "calendar-moved"  # it has another address
    CALENDAR_REVOKED = "calendar-revoked"
    DATA_EXPORTED = "data-exported"
    DATA_ERASED = "data-erased"
    ANNOUNCED = "announced"
    ANNOUNCEMENT_STOPPED = "announcement-stopped"


class AuditEntry(Base):
    """One line of the log. ``by`` did it, ``about`` is whom it concerns; both may be unknown.

    ``by_name`` and ``about_name`` stay as they were then; erasure replaces them. ``address`` is the
    visitor's, None for commands and the clock.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "at"), Index(None, "by_id"), Index(None, "about_id"))

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    kind: Mapped[AuditKind]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str | None]
    about_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    about_name: Mapped[str | None]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    detail: Mapped[str | None]  # a role's key, a kind of device, a way to sign in, a scope
    address: Mapped[str | None] = mapped_column(String(64))

    unit: Mapped[Unit | None] = relationship()
    by: Mapped[Person | None] = relationship(foreign_keys=by_id)
    about: Mapped[Person | None] = relationship(foreign_keys=about_id)
