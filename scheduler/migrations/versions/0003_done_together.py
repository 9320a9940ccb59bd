"""The item that an integrated one stands for"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    with op.batch_alter_table('item_credit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('covers_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_item_credit_covers_id_checklist_item'), 'checklist_item', ['covers_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_item_credit_covers_id'), ['covers_id'], unique=False)
