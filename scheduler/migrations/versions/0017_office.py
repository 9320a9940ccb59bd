"""An installation knows which province it serves, what it and its committee are called, and who sends its mail"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        'office',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('province', sa.String(), nullable=True),
        sa.Column('name', sa.String(), nullable=True),
        sa.Column('committee', sa.String(), nullable=True),
        sa.Column('sender', sa.String(), nullable=True),
        sa.Column('is_set_up', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_office')),
    )
