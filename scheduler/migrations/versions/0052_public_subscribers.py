"""Public subscribers, what they asked for, and what they know of days and activities"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0049"


def upgrade() -> None:
    op.create_table(
        "public_fact",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("says", sa.JSON(), nullable=False),
        sa.Column("announced", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_public_fact")),
    )
    op.create_table(
        "subscription_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_request")),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_subscriber_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("email", name=op.f("uq_subscriber_email")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscriber_uid")),
    )
    op.create_index(op.f("ix_subscriber_unit_id"), "subscriber", ["unit_id"])
    op.create_table(
        "subscriber_observance",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("observance_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["observance_id"],
            ["observance.id"],
            name=op.f("fk_subscriber_observance_observance_id_observance"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_subscriber_observance_subscriber_id_subscriber"),
        ),
        sa.PrimaryKeyConstraint(
            "subscriber_id", "observance_id", name=op.f("pk_subscriber_observance")
        ),
    )
    op.create_index(
        op.f("ix_subscriber_observance_observance_id"), "subscriber_observance", ["observance_id"]
    )
