"""The post in the unit below that an item is delegated to"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    with op.batch_alter_table('checklist_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('delegate_role_key', sa.String(length=64), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_checklist_item_delegate_role_key_role'), 'role', ['delegate_role_key'], ['key'])
