"""An item that went over when its unit ended is closed as moved, and not as one that is not required"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'

change = sa.table('change', *map(sa.column, ('id', 'item_id', 'not_done')), sa.column('after', sa.JSON()))
closing = change.alias('closing')
item = sa.table('checklist_item', *map(sa.column, ('id', 'not_done')))


def upgrade() -> None:
    went_over = closing.c.after['moved_to'].as_string() != '{}'
    closed = sa.exists().where(closing.c.item_id == change.c.item_id, closing.c.id <= change.c.id, went_over).correlate(change)
    op.execute(sa.update(change).where(change.c.not_done == 'not-required', closed).values(not_done='moved'))
    moved = sa.select(change.c.item_id).where(change.c.not_done == 'moved')
    op.execute(sa.update(item).where(item.c.not_done == 'not-required', item.c.id.in_(moved)).values(not_done='moved'))
