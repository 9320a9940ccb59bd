"""All tables"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:

    op.create_table('account_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_role')),
    sa.UniqueConstraint('name', name=op.f('uq_account_role_name'))
    )
    op.create_table('calendar_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('off', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_calendar_day'))
    )
    op.create_table('decided_year',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_decided_year'))
    )
    op.create_table('evidence_type',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_evidence_type'))
    )
    op.create_table('feed_snapshot',
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('etag', sa.String(), nullable=False),
    sa.Column('last_modified', sa.DateTime(timezone=True), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('slug', name=op.f('pk_feed_snapshot'))
    )
    op.create_table('heartbeat',
    sa.Column('job', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('job', name=op.f('pk_heartbeat'))
    )
    op.create_table('observance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('rule', sa.JSON(), nullable=False),
    sa.Column('basis', sa.String(), nullable=True),
    sa.Column('base_year', sa.Integer(), nullable=True),
    sa.Column('anniversary', sa.String(), nullable=True),
    sa.Column('first_year', sa.Integer(), nullable=True),
    sa.Column('inside_key', sa.String(), nullable=True),
    sa.Column('color', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_observance')),
    sa.UniqueConstraint('key', name=op.f('uq_observance_key')),
    sa.UniqueConstraint('slug', name=op.f('uq_observance_slug'))
    )
    op.create_table('person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('full_name', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('is_demo', sa.Boolean(), nullable=False),
    sa.Column('search', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name=op.f('uq_person_email')),
    sa.UniqueConstraint('uid', name=op.f('uq_person_uid'))
    )
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_search'), ['search'], unique=False)

    op.create_table('phase',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_phase'))
    )
    op.create_table('proposed_holiday',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_proposed_holiday'))
    )
    op.create_table('role',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('level_key', sa.String(), nullable=True),
    sa.Column('successor_key', sa.String(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_role'))
    )
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=255), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_account_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('email', name=op.f('uq_account_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_account_fs_uniquifier')),
    sa.UniqueConstraint('person_id', name=op.f('uq_account_person_id'))
    )
    op.create_table('calendar_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('days', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_calendar_decision_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_decision'))
    )
    op.create_table('level',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('default_role_key', sa.String(length=64), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['default_role_key'], ['role.key'], name=op.f('fk_level_default_role_key_role')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_level'))
    )
    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('rcpt_to', sa.String(length=320), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('next_attempt', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_epoch', sa.Integer(), nullable=False),
    sa.Column('leased_by', sa.String(), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('doubts', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(length=255), nullable=False),
    sa.Column('date', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply_code', sa.Integer(), nullable=True),
    sa.Column('reply', sa.String(), nullable=True),
    sa.Column('bad_address', sa.Boolean(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_message_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('key', name=op.f('uq_message_key')),
    sa.UniqueConstraint('message_id', name=op.f('uq_message_message_id'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_rcpt_to'), ['rcpt_to'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_state_next_attempt'), ['state', 'next_attempt'], unique=False)

    op.create_table('occurrence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('dtstart', sa.Date(), nullable=False),
    sa.Column('dtend', sa.Date(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_modified', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_occurrence_observance_id_observance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occurrence')),
    sa.UniqueConstraint('observance_id', 'year', name=op.f('uq_occurrence_observance_id_year')),
    sa.UniqueConstraint('uid', name=op.f('uq_occurrence_uid'))
    )
    with op.batch_alter_table('occurrence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_occurrence_dtstart'), ['dtstart'], unique=False)

    op.create_table('reform',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('basis', sa.String(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_reform_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reform'))
    )
    op.create_table('template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=True),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('anchor', sa.String(length=32), nullable=False),
    sa.Column('generate_ahead_days', sa.Integer(), nullable=False),
    sa.Column('cutoffs', sa.JSON(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('late_plan_workdays', sa.Integer(), nullable=False),
    sa.Column('owner_role_key', sa.String(length=64), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_template_observance_id_observance')),
    sa.ForeignKeyConstraint(['owner_role_key'], ['role.key'], name=op.f('fk_template_owner_role_key_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template')),
    sa.UniqueConstraint('key', name=op.f('uq_template_key'))
    )
    op.create_table('theme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('theme_vi', sa.String(), nullable=False),
    sa.Column('slogans', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_theme_observance_id_observance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_theme')),
    sa.UniqueConstraint('observance_id', 'year', name=op.f('uq_theme_observance_id_year'))
    )
    op.create_table('title_period',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=False),
    sa.Column('from_year', sa.Integer(), nullable=False),
    sa.Column('to_year', sa.Integer(), nullable=True),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_title_period_observance_id_observance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_title_period')),
    sa.UniqueConstraint('observance_id', 'from_year', name=op.f('uq_title_period_observance_id_from_year'))
    )
    op.create_table('account_role_link',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_role_link_account_id_account')),
    sa.ForeignKeyConstraint(['role_id'], ['account_role.id'], name=op.f('fk_account_role_link_role_id_account_role')),
    sa.PrimaryKeyConstraint('account_id', 'role_id', name=op.f('pk_account_role_link'))
    )
    op.create_table('template_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('template_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['created_by_id'], ['person.id'], name=op.f('fk_template_version_created_by_id_person')),
    sa.ForeignKeyConstraint(['template_id'], ['template.id'], name=op.f('fk_template_version_template_id_template')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_version')),
    sa.UniqueConstraint('template_id', 'number', name=op.f('uq_template_version_template_id_number'))
    )
    op.create_table('unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('gso_code', sa.String(), nullable=True),
    sa.Column('level_key', sa.String(length=64), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('full_name', sa.String(), nullable=False),
    sa.Column('name_gso', sa.String(), nullable=True),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('search', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['level_key'], ['level.key'], name=op.f('fk_unit_level_key_level')),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_parent_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('key', name=op.f('uq_unit_key')),
    sa.UniqueConstraint('slug', name=op.f('uq_unit_slug'))
    )
    with op.batch_alter_table('unit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unit_level_key'), ['level_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_unit_parent_id'), ['parent_id'], unique=False)

    op.create_table('campaign',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('template_id', sa.Integer(), nullable=False),
    sa.Column('period', sa.String(length=64), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('outer_id', sa.Integer(), nullable=True),
    sa.Column('owner_role_key', sa.String(length=64), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('opens', sa.Date(), nullable=False),
    sa.Column('dtstart', sa.Date(), nullable=False),
    sa.Column('dtend', sa.Date(), nullable=False),
    sa.Column('event_date', sa.Date(), nullable=True),
    sa.Column('anchor_version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('theme', sa.String(), nullable=True),
    sa.Column('slogans', sa.JSON(), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_modified', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_campaign_observance_id_observance')),
    sa.ForeignKeyConstraint(['outer_id'], ['campaign.id'], name=op.f('fk_campaign_outer_id_campaign')),
    sa.ForeignKeyConstraint(['owner_role_key'], ['role.key'], name=op.f('fk_campaign_owner_role_key_role')),
    sa.ForeignKeyConstraint(['parent_id'], ['campaign.id'], name=op.f('fk_campaign_parent_id_campaign')),
    sa.ForeignKeyConstraint(['template_id'], ['template.id'], name=op.f('fk_campaign_template_id_template')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_campaign_unit_id_unit')),
    sa.ForeignKeyConstraint(['version_id'], ['template_version.id'], name=op.f('fk_campaign_version_id_template_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign')),
    sa.UniqueConstraint('template_id', 'period', 'unit_id', name=op.f('uq_campaign_template_id_period_unit_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_campaign_uid'))
    )
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_observance_id_year_unit_id'), ['observance_id', 'year', 'unit_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_outer_id'), ['outer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_unit_id_dtstart'), ['unit_id', 'dtstart'], unique=False)

    op.create_table('post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('role_key', sa.String(length=64), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_post_person_id_person')),
    sa.ForeignKeyConstraint(['role_key'], ['role.key'], name=op.f('fk_post_role_key_role')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_post_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post'))
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_post_unit_id_role_key'), ['unit_id', 'role_key'], unique=False)

    op.create_table('template_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title_vi', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('phase_key', sa.String(length=64), nullable=False),
    sa.Column('anchor', sa.String(length=32), nullable=False),
    sa.Column('offset_days', sa.Integer(), nullable=False),
    sa.Column('level_offsets', sa.JSON(), nullable=False),
    sa.Column('end_offset_days', sa.Integer(), nullable=True),
    sa.Column('levels', sa.JSON(), nullable=False),
    sa.Column('cascade', sa.String(length=32), nullable=False),
    sa.Column('role_key', sa.String(length=64), nullable=False),
    sa.Column('support_roles', sa.JSON(), nullable=False),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('evidence_min', sa.Integer(), nullable=False),
    sa.Column('without_evidence', sa.Boolean(), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('shift', sa.String(length=32), nullable=False),
    sa.Column('if_no_district', sa.String(length=32), nullable=False),
    sa.Column('depends_on', sa.JSON(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['phase_key'], ['phase.key'], name=op.f('fk_template_item_phase_key_phase')),
    sa.ForeignKeyConstraint(['role_key'], ['role.key'], name=op.f('fk_template_item_role_key_role')),
    sa.ForeignKeyConstraint(['version_id'], ['template_version.id'], name=op.f('fk_template_item_version_id_template_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_item')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_template_item_version_id_key'))
    )
    op.create_table('unit_succession',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('predecessor_id', sa.Integer(), nullable=False),
    sa.Column('successor_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['predecessor_id'], ['unit.id'], name=op.f('fk_unit_succession_predecessor_id_unit')),
    sa.ForeignKeyConstraint(['successor_id'], ['unit.id'], name=op.f('fk_unit_succession_successor_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_succession')),
    sa.UniqueConstraint('predecessor_id', 'successor_id', name=op.f('uq_unit_succession_predecessor_id_successor_id'))
    )
    with op.batch_alter_table('unit_succession', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unit_succession_successor_id'), ['successor_id'], unique=False)

    op.create_table('activity',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('dtstart', sa.DateTime(timezone=True), nullable=False),
    sa.Column('dtend', sa.DateTime(timezone=True), nullable=False),
    sa.Column('weekly_until', sa.Date(), nullable=True),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('organizer', sa.String(), nullable=False),
    sa.Column('expected', sa.Integer(), nullable=True),
    sa.Column('attended', sa.Integer(), nullable=True),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_modified', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_activity_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity')),
    sa.UniqueConstraint('uid', name=op.f('uq_activity_uid'))
    )
    with op.batch_alter_table('activity', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activity_campaign_id'), ['campaign_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activity_dtstart'), ['dtstart'], unique=False)

    op.create_table('checklist_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('phase_key', sa.String(length=64), nullable=False),
    sa.Column('role_key', sa.String(length=64), nullable=False),
    sa.Column('support_roles', sa.JSON(), nullable=False),
    sa.Column('dtstart', sa.Date(), nullable=True),
    sa.Column('nominal_due', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('first_due', sa.Date(), nullable=False),
    sa.Column('due_reason', sa.String(), nullable=True),
    sa.Column('anchor_version', sa.Integer(), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('evidence_min', sa.Integer(), nullable=False),
    sa.Column('without_evidence', sa.Boolean(), nullable=False),
    sa.Column('depends_on', sa.JSON(), nullable=False),
    sa.Column('is_own', sa.Boolean(), nullable=False),
    sa.Column('edited', sa.JSON(), nullable=False),
    sa.Column('split_from_id', sa.Integer(), nullable=True),
    sa.Column('delegate_unit_id', sa.Integer(), nullable=True),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('completed', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_on', sa.Date(), nullable=True),
    sa.Column('completed_by_id', sa.Integer(), nullable=True),
    sa.Column('blocked', sa.String(), nullable=True),
    sa.Column('not_done', sa.String(length=32), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_modified', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_checklist_item_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['completed_by_id'], ['person.id'], name=op.f('fk_checklist_item_completed_by_id_person')),
    sa.ForeignKeyConstraint(['delegate_unit_id'], ['unit.id'], name=op.f('fk_checklist_item_delegate_unit_id_unit')),
    sa.ForeignKeyConstraint(['phase_key'], ['phase.key'], name=op.f('fk_checklist_item_phase_key_phase')),
    sa.ForeignKeyConstraint(['role_key'], ['role.key'], name=op.f('fk_checklist_item_role_key_role')),
    sa.ForeignKeyConstraint(['split_from_id'], ['checklist_item.id'], name=op.f('fk_checklist_item_split_from_id_checklist_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checklist_item')),
    sa.UniqueConstraint('campaign_id', 'key', name=op.f('uq_checklist_item_campaign_id_key')),
    sa.UniqueConstraint('uid', name=op.f('uq_checklist_item_uid'))
    )
    with op.batch_alter_table('checklist_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_checklist_item_role_key'), ['role_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_checklist_item_split_from_id'), ['split_from_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_checklist_item_status_due'), ['status', 'due'], unique=False)

    op.create_table('post_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reform_id', sa.Integer(), nullable=True),
    sa.Column('from_post_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('role_key', sa.String(length=64), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('decided', sa.DateTime(timezone=True), nullable=True),
    sa.Column('confirmed', sa.Boolean(), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_post_proposal_decided_by_id_person')),
    sa.ForeignKeyConstraint(['from_post_id'], ['post.id'], name=op.f('fk_post_proposal_from_post_id_post')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_post_proposal_person_id_person')),
    sa.ForeignKeyConstraint(['reform_id'], ['reform.id'], name=op.f('fk_post_proposal_reform_id_reform')),
    sa.ForeignKeyConstraint(['role_key'], ['role.key'], name=op.f('fk_post_proposal_role_key_role')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_post_proposal_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_proposal'))
    )
    with op.batch_alter_table('post_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_proposal_reform_id'), ['reform_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_post_proposal_unit_id'), ['unit_id'], unique=False)

    op.create_table('activity_credit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_activity_credit_activity_id_activity')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_activity_credit_campaign_id_campaign')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_credit')),
    sa.UniqueConstraint('activity_id', 'campaign_id', name=op.f('uq_activity_credit_activity_id_campaign_id'))
    )
    with op.batch_alter_table('activity_credit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activity_credit_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(), nullable=True),
    sa.Column('door', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('on_behalf_of_id', sa.Integer(), nullable=True),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('not_done', sa.String(length=32), nullable=True),
    sa.Column('blocked', sa.Boolean(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('completed_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_change_by_id_person')),
    sa.ForeignKeyConstraint(['item_id'], ['checklist_item.id'], name=op.f('fk_change_item_id_checklist_item')),
    sa.ForeignKeyConstraint(['on_behalf_of_id'], ['unit.id'], name=op.f('fk_change_on_behalf_of_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change'))
    )
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_change_item_id_at'), ['item_id', 'at'], unique=False)

    op.create_table('document',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=255), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('dated', sa.Date(), nullable=True),
    sa.Column('issuer', sa.String(), nullable=True),
    sa.Column('signer', sa.String(), nullable=True),
    sa.Column('abstract', sa.String(), nullable=False),
    sa.Column('theme', sa.String(), nullable=True),
    sa.Column('issued', sa.Date(), nullable=True),
    sa.Column('supersedes_id', sa.Integer(), nullable=True),
    sa.Column('file_name', sa.String(), nullable=True),
    sa.Column('file_type', sa.String(), nullable=True),
    sa.Column('file_digest', sa.String(), nullable=True),
    sa.Column('file_size', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_document_by_id_person')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_document_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['checklist_item.id'], name=op.f('fk_document_item_id_checklist_item')),
    sa.ForeignKeyConstraint(['supersedes_id'], ['document.id'], name=op.f('fk_document_supersedes_id_document')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    sa.UniqueConstraint('uid', name=op.f('uq_document_uid'))
    )
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_campaign_id'), ['campaign_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_document_item_id'), ['item_id'], unique=False)

    op.create_table('evidence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('kind_key', sa.String(length=64), nullable=False),
    sa.Column('text', sa.String(), nullable=True),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('dated', sa.Date(), nullable=True),
    sa.Column('file_name', sa.String(), nullable=True),
    sa.Column('file_type', sa.String(), nullable=True),
    sa.Column('file_digest', sa.String(), nullable=True),
    sa.Column('file_size', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_evidence_by_id_person')),
    sa.ForeignKeyConstraint(['item_id'], ['checklist_item.id'], name=op.f('fk_evidence_item_id_checklist_item')),
    sa.ForeignKeyConstraint(['kind_key'], ['evidence_type.key'], name=op.f('fk_evidence_kind_key_evidence_type')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence'))
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_item_id'), ['item_id'], unique=False)

    op.create_table('item_credit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_item_credit_campaign_id_campaign')),
    sa.ForeignKeyConstraint(['item_id'], ['checklist_item.id'], name=op.f('fk_item_credit_item_id_checklist_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_credit')),
    sa.UniqueConstraint('item_id', 'campaign_id', name=op.f('uq_item_credit_item_id_campaign_id'))
    )
    with op.batch_alter_table('item_credit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_item_credit_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('rule', sa.String(length=64), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('anchor_version', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['checklist_item.id'], name=op.f('fk_notice_item_id_checklist_item')),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_notice_message_id_message')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_notice_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('key', name=op.f('uq_notice_key'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_item_id_person_id'), ['item_id', 'person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_message_id'), ['message_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_person_id'), ['person_id'], unique=False)
