"""Whether a proposed holiday is compensated on a weekend is a fact of its own

Until now it went with the status: so it begins with the status.
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = "0014"

holiday = sa.table('proposed_holiday', *map(sa.column, ('status', 'compensation')))


def upgrade() -> None:
    with op.batch_alter_table('proposed_holiday', schema=None) as batch_op:
        batch_op.add_column(sa.Column('compensation', sa.String(), nullable=True))
    op.execute(sa.update(holiday).values(compensation=holiday.c.status))
    with op.batch_alter_table('proposed_holiday', schema=None) as batch_op:
        batch_op.alter_column('compensation', existing_type=sa.String(), nullable=False)
