"""The end of work over a period by level; the day on which a template was switched on"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.add_column('template', sa.Column('opens_from', sa.Date(), nullable=True))
    op.add_column('template_item', sa.Column('level_end_offsets', sa.JSON(), nullable=False, server_default='{}'))
