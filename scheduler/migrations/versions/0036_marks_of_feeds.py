"""What changed since a calendar was written"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "feed_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_mark")),
    )
    with op.batch_alter_table("feed") as batch:
        batch.add_column(sa.Column("stale", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.create_index(op.f("ix_feed_stale"), ["stale"])
    with op.batch_alter_table("feed") as batch:
        batch.alter_column("gone", server_default=None)
