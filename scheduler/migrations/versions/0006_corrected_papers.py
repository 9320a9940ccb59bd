"""What issued documents print, the history of their corrections, and who cancelled a round"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.add_column('campaign', sa.Column('cancellations', sa.JSON(), nullable=True))
    op.add_column('document', sa.Column('slogans', sa.JSON(), nullable=True))
    op.add_column('document', sa.Column('anniversary', sa.String(), nullable=True))
    op.create_table('document_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('document_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_name', sa.String(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_document_change_document_id_document')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_change'))
    )
    op.create_index('ix_document_change_document_id', 'document_change', ['document_id'])
