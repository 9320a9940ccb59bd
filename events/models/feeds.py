"""Calendar feeds as they were last written, the stamps of each event in them, and what changed
since.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from events.database.sessions import Base, PrimaryKey

FeedKey = String(320)  # room for the digest of a token, a slug, or the UID of a campaign


class Feed(Base):
    """The bytes of a calendar, made before they are asked for (docs/feeds.md)."""

    __tablename__ = "feed"
    # for the renewer, who takes the newest change first, and for whoever publishes what is new
    __table_args__ = (
        Index(None, "stale", "key"),
        Index(None, "as_of"),
        Index(None, "gone", "last_modified"),
    )

    # the address without what all have in common: "ngay-gia-dinh-viet-nam"
    key: Mapped[str] = mapped_column(FeedKey, primary_key=True)
    etag: Mapped[str]  # SHA-256 of the body, hexadecimal
    last_modified: Mapped[datetime]  # whole seconds; rises strictly, and only with the bytes
    body: Mapped[bytes]
    packed: Mapped[bytes]  # the body as gzip
    as_of: Mapped[date | None]  # the local day it was written for; None: by an older version
    # the newest mark since it was written; None: it reads as it is kept
    stale: Mapped[int | None]
    # there is no such calendar now, as of an observance that is switched off; its stamps stay
    gone: Mapped[bool] = mapped_column(default=False)


class FeedStamp(Base):
    """What a feed last showed under a UID, and the stamps it had: clients only believe a higher
    SEQUENCE and a later LAST-MODIFIED, so both rise with ``digest`` and never fall.

    A row stays for a while when its event leaves: it may come back.
    """

    __tablename__ = "feed_stamp"

    feed_key: Mapped[str] = mapped_column(
        FeedKey, ForeignKey("feed.key", ondelete="CASCADE"), primary_key=True
    )
    uid: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str]  # SHA-256 of what is rendered without stamps, hexadecimal
    sequence: Mapped[int]
    last_modified: Mapped[datetime]  # whole seconds
    # the local day on which it was first seen that the event had left; None: the feed shows it
    absent_since: Mapped[date | None] = mapped_column(index=True)


class FeedMark(Base):
    """A row that changed and that calendars may show, written in the transaction of its change.

    ``row_id`` None: perhaps all of that table. Marks are only ever added and taken away, never
    changed, so that nobody waits for a mark.
    """

    __tablename__ = "feed_mark"

    id: Mapped[PrimaryKey]
    what: Mapped[str]  # the table
    row_id: Mapped[int | None]
