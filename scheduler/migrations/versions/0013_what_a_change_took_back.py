"""What a change took back is a column, so that silent units are found without reading every change's JSON"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = "0012"

change = sa.table('change', *map(sa.column, ('id', 'undoes_id')), sa.column('after', sa.JSON()))


def upgrade() -> None:
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.add_column(sa.Column('undoes_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_change_undoes_id_change'), 'change', ['undoes_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_change_undoes_id'), ['undoes_id'], unique=False)

    took_back = change.c.after['undoes'].as_integer()
    op.execute(sa.update(change).where(took_back.is_not(None)).values(undoes_id=took_back))
