"""Calendars of one person under an address that only they know"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "feed_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "mine",
                "unit",
                "subtree",
                "leader",
                name="feedscope",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("past_days", sa.Integer(), nullable=False),
        sa.Column("keeps_done", sa.Boolean(), nullable=False),
        sa.Column("has_alarms", sa.Boolean(), nullable=False),
        sa.Column("has_activities", sa.Boolean(), nullable=False),
        sa.Column("has_campaigns", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_feed_token_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_feed_token_digest")),
        sa.UniqueConstraint("uid", name=op.f("uq_feed_token_uid")),
    )
    op.create_index(op.f("ix_feed_token_person_id"), "feed_token", ["person_id"])
