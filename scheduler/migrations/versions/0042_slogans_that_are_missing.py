"""A theme says how many slogans of its letter were not found"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column(
        "theme", sa.Column("slogans_missing", sa.Integer(), nullable=False, server_default="0")
    )
