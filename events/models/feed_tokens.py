"""Calendars that only their owner knows: what they show, and who fetched them last."""

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey, Uid
from events.models.people import Person

OWN = "f/"  # how the keys of their feeds begin


class FeedScope(StrEnum):
    """Whose work a calendar shows; what its owner may not read today is left out."""

    MINE = "mine"  # what the owner's posts are in charge of
    UNIT = "unit"  # of the units of the posts
    SUBTREE = "subtree"  # and of all below them
    LEADER = "leader"  # launches and open activities there, no deadlines


class FeedToken(Base):
    """One calendar of one person, under an address with a secret (RFC 7986, 8).

    Only a digest of the secret is stored. Options belong to the calendar and not to its address, so
    that they can be changed without subscribing again.
    """

    __tablename__ = "feed_token"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the secret, hexadecimal
    name: Mapped[str]  # "điện thoại của tôi"
    scope: Mapped[FeedScope]
    language: Mapped[str]
    past_days: Mapped[int]
    keeps_done: Mapped[bool] = mapped_column(default=True)  # done items stay, with "✓"
    has_alarms: Mapped[bool] = mapped_column(default=False)
    alarm_at: Mapped[time | None]  # local, on the day before; None: when mail reminds
    has_items: Mapped[bool] = mapped_column(default=True)
    has_activities: Mapped[bool] = mapped_column(default=True)
    has_campaigns: Mapped[bool] = mapped_column(default=True)  # their days
    has_main_events: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime]
    revoked: Mapped[datetime | None]  # its address answers 410 from then on
    fetched: Mapped[datetime | None]
    client: Mapped[str | None]  # which kind of program fetched it

    person: Mapped[Person] = relationship()

    @property
    def key(self) -> str:
        """The key of its feed."""
        return key_of_digest(self.digest)


def key_of_digest(digest: str) -> str:
    return f"{OWN}{digest}"
