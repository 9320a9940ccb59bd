"""One time of a weekly activity can be called off or moved"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    with op.batch_alter_table("activity") as batch:
        batch.add_column(sa.Column("exceptions", sa.JSON(), nullable=True))
