"""The day from which an installation, and each unit that joins it, is followed

Databases of before have no start line: everything in them stays followed, until somebody sets one.
"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        'start_line',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=True),
        sa.Column('by_name', sa.String(), nullable=True),
        sa.Column('moved', sa.JSON(), nullable=False),
        sa.Column('undone', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_start_line_by_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_start_line')),
    )
    for table, columns in {
        'unit': ['followed_from'],
        'checklist_item': ['born', 'followed_from', 'first_followed_from'],
        'change': ['followed_from'],
    }.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Date(), nullable=True))
    op.add_column('campaign', sa.Column('for_reference', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('phase', sa.Column('late_workdays', sa.Integer(), nullable=False, server_default='5'))
