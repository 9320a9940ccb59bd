"""Devices that are signed in, links that are used up, second factors, tries, offered posts, the audit log, and who was erased

Whoever was signed in before signs in once more: a cookie now names a row that can be ended.
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = "0019"


def upgrade() -> None:
    op.add_column('account', sa.Column('code_key', sa.String(), nullable=True))
    op.add_column('account', sa.Column('last_code', sa.Integer(), nullable=True))
    op.add_column('account', sa.Column('spare_codes', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('person', sa.Column('erased', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('document_change') as table:
        table.add_column(sa.Column('by_id', sa.Integer(), nullable=True))
        table.create_foreign_key(op.f('fk_document_change_by_id_person'), 'person', ['by_id'], ['id'])
    op.create_table(
        'device',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('begun', sa.DateTime(timezone=True), nullable=False),
        sa.Column('last_seen', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
        sa.Column('agent', sa.String(length=300), nullable=True),
        sa.Column('address', sa.String(length=64), nullable=True),
        sa.Column('two_factors', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_device_account_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_device')),
        sa.UniqueConstraint('digest', name=op.f('uq_device_digest')),
    )
    op.create_index(op.f('ix_device_account_id'), 'device', ['account_id'])
    op.create_index(op.f('ix_device_last_seen'), 'device', ['last_seen'])
    op.create_table(
        'sign_in_link',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=False),
        sa.Column('purpose', sa.String(length=32), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('created', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires', sa.DateTime(timezone=True), nullable=False),
        sa.Column('used', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sign_in_link_account_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_link')),
        sa.UniqueConstraint('digest', name=op.f('uq_sign_in_link_digest')),
    )
    op.create_index(op.f('ix_sign_in_link_account_id'), 'sign_in_link', ['account_id'])
    op.create_table(
        'passkey',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=False),
        sa.Column('credential', sa.String(length=1400), nullable=False),
        sa.Column('public_key', sa.LargeBinary(), nullable=False),
        sa.Column('sign_count', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('created', sa.DateTime(timezone=True), nullable=False),
        sa.Column('last_used', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_passkey_account_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey')),
        sa.UniqueConstraint('credential', name=op.f('uq_passkey_credential')),
    )
    op.create_index(op.f('ix_passkey_account_id'), 'passkey', ['account_id'])
    op.create_table(
        'tries',
        sa.Column('key', sa.String(length=64), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('last', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_tries')),
    )
    op.create_index(op.f('ix_tries_last'), 'tries', ['last'])
    op.create_table(
        'post_offer',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('role_key', sa.String(length=64), nullable=False),
        sa.Column('valid_from', sa.Date(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=False),
        sa.Column('decided', sa.DateTime(timezone=True), nullable=True),
        sa.Column('accepted', sa.Boolean(), nullable=True),
        sa.Column('decided_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_post_offer_person_id_person')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_post_offer_unit_id_unit')),
        sa.ForeignKeyConstraint(['role_key'], ['role.key'], name=op.f('fk_post_offer_role_key_role')),
        sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_post_offer_by_id_person')),
        sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_post_offer_decided_by_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_post_offer')),
    )
    op.create_index(op.f('ix_post_offer_person_id'), 'post_offer', ['person_id'])
    op.create_index(op.f('ix_post_offer_unit_id'), 'post_offer', ['unit_id'])
    op.create_table(
        'audit_entry',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=True),
        sa.Column('by_name', sa.String(), nullable=True),
        sa.Column('about_id', sa.Integer(), nullable=True),
        sa.Column('about_name', sa.String(), nullable=True),
        sa.Column('unit_id', sa.Integer(), nullable=True),
        sa.Column('detail', sa.String(), nullable=True),
        sa.Column('address', sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_audit_entry_by_id_person')),
        sa.ForeignKeyConstraint(['about_id'], ['person.id'], name=op.f('fk_audit_entry_about_id_person')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_audit_entry_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry')),
    )
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'])
    op.create_index(op.f('ix_audit_entry_by_id'), 'audit_entry', ['by_id'])
    op.create_index(op.f('ix_audit_entry_about_id'), 'audit_entry', ['about_id'])
