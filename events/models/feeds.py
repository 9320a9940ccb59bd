"""The bytes last served for each calendar feed, so that clients get a true ETag and
Last-Modified.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from events.database import Base


class FeedSnapshot(Base):
    """What a feed looked like when it last changed.

    ``state`` is a fingerprint of the rows it was written from.
    """

    __tablename__ = "feed_snapshot"

    slug: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    etag: Mapped[str]  # SHA-256 of the body, hexadecimal
    last_modified: Mapped[datetime]
    body: Mapped[bytes]
