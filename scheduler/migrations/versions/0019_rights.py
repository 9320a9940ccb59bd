"""What a role allows is a property of it, administration one of the person; documents may be public

Roles of steering committees and their standing offices, of people's committees and of heads of villages steer; all others work in their
units, also those that people entered. Nothing that was entered before is public: whoever marks a document says so.
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = "0018"

OFFICERS = (
    'bcd_tinh',
    'ubnd_tinh',
    'so_vhttdl',
    'ubnd_huyen',
    'phong_vhtt',
    'ubnd_xa',
    'cc_vhxh',
    'phong_vhxh_xa',
    'truong_thon',
)

role = sa.table('role', *map(sa.column, ('key', 'duty')))
person = sa.table('person', *map(sa.column, ('id', 'is_administrator')))
account = sa.table('account', *map(sa.column, ('id', 'person_id')))
account_role = sa.table('account_role', *map(sa.column, ('id', 'name')))
link = sa.table('account_role_link', *map(sa.column, ('account_id', 'role_id')))


def upgrade() -> None:
    op.add_column('role', sa.Column('duty', sa.String(length=32), nullable=False, server_default='organiser'))
    op.add_column('person', sa.Column('is_administrator', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('document', sa.Column('public', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.update(role).where(role.c.key.in_(OFFICERS)).values(duty='officer'))
    administrators = (
        sa.select(account.c.person_id)
        .join(link, link.c.account_id == account.c.id)
        .join(account_role, account_role.c.id == link.c.role_id)
        .where(account_role.c.name == 'administrator')
    )
    op.execute(sa.update(person).where(person.c.id.in_(administrators)).values(is_administrator=sa.true()))
