"""The tables of public subscribers: people without an account who get letters about days and public
activities, and what they were told last.

Of a subscriber there is an address, a language and what they chose. Nobody finds out from a page
whether an address is here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models import Observance, Unit


class SubscriptionRequest(Base):
    """That somebody typed an address into the form. The clock answers it, so that the page takes as
    long for an address that is known as for any other, and removes it.
    """

    __tablename__ = "subscription_request"

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(320))
    language: Mapped[str] = mapped_column(String(16))
    wishes: Mapped[dict[str, Any]]  # ids: "unit", "observances"
    at: Mapped[datetime]


class Subscriber(Base):
    """Whoever asked for letters. They are sent once it was ``confirmed`` from the mailbox itself.

    ``uid`` is what links in letters name: numbers of rows come again once a row is gone.
    """

    __tablename__ = "subscriber"
    __table_args__ = (Index(None, "unit_id"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    language: Mapped[str] = mapped_column(String(16))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    created: Mapped[datetime]
    confirmed: Mapped[datetime | None]
    # the last mail about the subscription itself, and how many there were: strangers are not bombed
    asked: Mapped[datetime | None]
    times: Mapped[int] = mapped_column(default=0)

    unit: Mapped[Unit | None] = relationship()
    chosen: Mapped[list["SubscriberObservance"]] = relationship(cascade="all, delete-orphan")


class SubscriberObservance(Base):
    """An observance that a subscriber chose."""

    __tablename__ = "subscriber_observance"
    __table_args__ = (Index(None, "observance_id"),)

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"), primary_key=True)
    observance_id: Mapped[int] = mapped_column(ForeignKey("observance.id"), primary_key=True)

    observance: Mapped[Observance] = relationship()


class PublicFact(Base):
    """A day or a public activity as subscribers know it: what is otherwise now is news.

    ``key`` is "day:" or "activity:" with the row's id; ``says`` its start, end, place and whether
    it is called off; ``announced`` is when its letter of some days before was written.
    """

    __tablename__ = "public_fact"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    says: Mapped[dict[str, Any]]
    announced: Mapped[datetime | None]
