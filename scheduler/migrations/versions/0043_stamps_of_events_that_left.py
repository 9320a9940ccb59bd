"""Since when an event is away from its feed; indexes that serve many feeds"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("feed_stamp", sa.Column("absent_since", sa.Date(), nullable=True))
    op.create_index(op.f("ix_feed_stamp_absent_since"), "feed_stamp", ["absent_since"])
    op.drop_index(op.f("ix_feed_stale"), table_name="feed")
    op.create_index(op.f("ix_feed_stale_key"), "feed", ["stale", "key"])
    op.create_index(op.f("ix_feed_as_of"), "feed", ["as_of"])
    op.create_index(op.f("ix_feed_gone_last_modified"), "feed", ["gone", "last_modified"])
