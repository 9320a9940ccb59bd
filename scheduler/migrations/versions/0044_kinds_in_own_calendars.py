"""What goes into an own calendar is chosen kind by kind, and at which hour its alarms ring"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    with op.batch_alter_table("feed_token") as batch:
        batch.add_column(sa.Column("has_items", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("has_main_events", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("alarm_at", sa.Time(), nullable=True))
    token = sa.table(
        "feed_token",
        sa.column("scope", sa.String),
        sa.column("has_items", sa.Boolean),
        sa.column("has_activities", sa.Boolean),
        sa.column("has_campaigns", sa.Boolean),
        sa.column("has_main_events", sa.Boolean),
    )
    # as they were shown until now
    is_leader = token.c.scope == "leader"
    op.execute(
        token.update().values(has_items=~is_leader, has_main_events=token.c.has_campaigns)
    )
    op.execute(token.update().where(is_leader).values(has_activities=True))
    with op.batch_alter_table("feed_token") as batch:
        batch.alter_column("has_items", existing_type=sa.Boolean(), nullable=False)
        batch.alter_column("has_main_events", existing_type=sa.Boolean(), nullable=False)
