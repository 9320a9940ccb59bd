"""An installation remembers whether its dates were counted with announced days off"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("office", sa.Column("counts_announced", sa.Boolean(), nullable=True))
