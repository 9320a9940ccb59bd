"""Whose report a change is; when a document was entered and a campaign cancelled"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'

change = sa.table(
    'change',
    *map(sa.column, ('item_id', 'by_id', 'by_name', 'on_behalf_of_id', 'reported_id')),
    sa.column('before', sa.JSON()),
    sa.column('after', sa.JSON()),
)
item = sa.table('checklist_item', *map(sa.column, ('id', 'campaign_id', 'delegate_unit_id')))
campaign = sa.table('campaign', *map(sa.column, ('id', 'unit_id', 'status', 'last_modified', 'cancelled')))
post = sa.table('post', *map(sa.column, ('person_id', 'unit_id')))
document = sa.table('document', *map(sa.column, ('at', 'entered')))
TAKEN_AWAY = 'Không còn trong mẫu'  # how the reason begins when a new version closed an item


def upgrade() -> None:
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reported_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_change_reported_id_unit'), 'unit', ['reported_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_change_reported_id'), ['reported_id'], unique=False)
    op.add_column('campaign', sa.Column('cancelled', sa.DateTime(timezone=True), nullable=True))
    op.add_column('document', sa.Column('entered', sa.DateTime(timezone=True), nullable=False, server_default='1970-01-01 00:00:00'))

    op.execute(sa.update(change).where(_is_report()).values(reported_id=_reporting_unit()))
    op.execute(sa.update(campaign).where(campaign.c.status == 'CANCELLED').values(cancelled=campaign.c.last_modified))
    op.execute(sa.update(document).values(entered=document.c.at))


def _is_report() -> sa.ColumnElement[bool]:
    """Tell what people said about their work from what versions, reforms and moved dates did to it."""
    before, after = change.c.before, change.c.after
    by_version = sa.or_(*(sa.func.coalesce(side['reason'].as_string(), '').startswith(TAKEN_AWAY) for side in (before, after)))
    moved = sa.and_(before['status'].as_string().is_not(None), after['moved_to'].as_string().is_(None), ~by_version)
    proof = sa.or_(*(side[('evidence', 'kind')].as_string().is_not(None) for side in (before, after)))
    return sa.and_(change.c.by_name.is_not(None), sa.or_(moved, proof, after['added'].as_string().is_not(None)))


def _reporting_unit() -> sa.ColumnElement[int]:
    """Return for whom it was done: the unit named, the one it was delegated to if only that is the person's, else the item's."""
    here = sa.exists().where(post.c.person_id == change.c.by_id, post.c.unit_id == campaign.c.unit_id).correlate(change, campaign)
    there = sa.exists().where(post.c.person_id == change.c.by_id, post.c.unit_id == item.c.delegate_unit_id).correlate(change, item)
    unit = sa.case((sa.and_(~here, there), item.c.delegate_unit_id), else_=campaign.c.unit_id)
    of_item = sa.select(unit).select_from(sa.join(item, campaign, campaign.c.id == item.c.campaign_id))
    return sa.func.coalesce(change.c.on_behalf_of_id, of_item.where(item.c.id == change.c.item_id).scalar_subquery())
