"""A database knows the place where it is at home, so that a copy of it sends no mail"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = "0020"


def upgrade() -> None:
    with op.batch_alter_table('office', schema=None) as batch_op:
        batch_op.add_column(sa.Column('instance', sa.String(), nullable=True))
