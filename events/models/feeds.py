"""Calendar feeds as they were last written, and the stamps of each event in them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from events.database import Base

FeedKey = String(320)  # room for the digest of a token, a slug, or the UID of a campaign


class Feed(Base):
    """The bytes of a calendar, made before they are asked for (docs/feeds.md)."""

    __tablename__ = "feed"

    # the address without what all have in common: "ngay-gia-dinh-viet-nam"
    key: Mapped[str] = mapped_column(FeedKey, primary_key=True)
    etag: Mapped[str]  # SHA-256 of the body, hexadecimal
    last_modified: Mapped[datetime]  # whole seconds; rises strictly, and only with the bytes
    body: Mapped[bytes]
    packed: Mapped[bytes]  # the body as gzip
    as_of: Mapped[date | None]  # the local day it was written for; None: by an older version


class FeedStamp(Base):
    """What a feed last showed under a UID, and the stamps it had: clients only believe a higher
    SEQUENCE and a later LAST-MODIFIED, so both rise with ``digest`` and never fall.

    A row stays when its event leaves: it may come back.
    """

    __tablename__ = "feed_stamp"

    feed_key: Mapped[str] = mapped_column(
        FeedKey, ForeignKey("feed.key", ondelete="CASCADE"), primary_key=True
    )
    uid: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str]  # SHA-256 of what is rendered without stamps, hexadecimal
    sequence: Mapped[int]
    last_modified: Mapped[datetime]  # whole seconds
