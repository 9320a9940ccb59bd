"""A heartbeat of each clock, where two may run"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0025"


def upgrade() -> None:
    op.drop_table("heartbeat")  # written again within a minute
    op.create_table(
        "heartbeat",
        sa.Column("clock", sa.String(length=128), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("clock", "job", name=op.f("pk_heartbeat")),
    )
