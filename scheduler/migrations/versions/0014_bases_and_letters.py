"""Legal bases have years in which they are in force; a theme names the letter that announced it

The shipped bases come with the next import of the catalogue, which also takes out of ``basis`` what became a row. Papers that were issued
before keep no bases: nobody knows what they named.
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = "0013"


def upgrade() -> None:
    op.create_table('legal_basis',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('observance_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('dated', sa.Date(), nullable=True),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('from_year', sa.Integer(), nullable=True),
    sa.Column('to_year', sa.Integer(), nullable=True),
    sa.Column('source', sa.String(), nullable=True),
    sa.Column('catalog_base', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['observance_id'], ['observance.id'], name=op.f('fk_legal_basis_observance_id_observance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_legal_basis')),
    sa.UniqueConstraint('observance_id', 'number', name=op.f('uq_legal_basis_observance_id_number'))
    )
    op.add_column('theme', sa.Column('letter_number', sa.String(), nullable=True))
    op.add_column('theme', sa.Column('letter_date', sa.Date(), nullable=True))
    op.add_column('theme', sa.Column('letter_issuer', sa.String(), nullable=True))
    op.add_column('theme', sa.Column('is_second_hand', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('document', sa.Column('bases', sa.JSON(), nullable=True))
