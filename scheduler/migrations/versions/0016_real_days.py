"""The real day of what is done may be another one than that of its recording; one that lies far back is marked

What is done already was recorded on its day, as far as anybody knows, and is marked nowhere.
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = "0015"

FIFTEEN = sa.text('15')


def upgrade() -> None:
    op.add_column('checklist_item', sa.Column('recorded_after', sa.Integer(), nullable=True))
    op.add_column('change', sa.Column('recorded_after', sa.Integer(), nullable=True))
    op.add_column('template', sa.Column('record_within_workdays', sa.Integer(), nullable=False, server_default=FIFTEEN))
