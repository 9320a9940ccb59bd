"""What rules knew by a key is a property: of levels, roles, phases, kinds of evidence and items of templates

The properties are what the keys meant until now, also for templates that people made. ``catalog_base`` stays as it is, so that the
catalogue's own words count from its next import on, and what it does not say stays.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = "0011"

TYPES = [
    {'key': 'thon', 'title': 'Thôn'},
    {'key': 'lang', 'title': 'Làng'},
    {'key': 'to_dan_pho', 'title': 'Tổ dân phố', 'usual_in': ['phuong', 'thi_tran']},
]
NEEDS = {
    'doc_ref': 'reference',
    'file': 'file',
    'photo': 'picture',
    'link': 'address',
    'attendance': 'head_count',
    'count': 'number',
    'tick': 'nothing',
}

level = sa.table('level', *map(sa.column, ('key', 'is_optional', 'together_vi', 'together_en', 'entered_by', 'issuer')), sa.column('types', sa.JSON()))
role = sa.table('role', *map(sa.column, ('key', 'issues_papers')))
phase = sa.table('phase', *map(sa.column, ('key', 'is_the_day', 'sums_up')))
evidence_type = sa.table('evidence_type', *map(sa.column, ('key', 'needs')))
item = sa.table('template_item', *map(sa.column, ('key', 'is_plan')))


def upgrade() -> None:
    _add_columns()
    _levels()
    _set(role, 'bcd_tinh', issues_papers=sa.true())
    _set(phase, 'event', is_the_day=sa.true())
    _set(phase, 'report', sums_up=sa.true())
    for key, needs in NEEDS.items():
        _set(evidence_type, key, needs=needs)
    op.execute(sa.update(item).where(item.c.key.startswith('plan')).values(is_plan=sa.true()))


def _add_columns() -> None:
    op.add_column('level', _flag('is_optional'))
    op.add_column('level', sa.Column('together_vi', sa.String(), nullable=True))
    op.add_column('level', sa.Column('together_en', sa.String(), nullable=True))
    op.add_column('level', sa.Column('entered_by', sa.String(length=64), nullable=True))
    op.add_column('level', sa.Column('types', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('level', sa.Column('issuer', sa.String(), nullable=True))
    op.add_column('role', _flag('issues_papers'))
    op.add_column('phase', _flag('is_the_day'))
    op.add_column('phase', _flag('sums_up'))
    op.add_column('evidence_type', sa.Column('needs', sa.String(length=32), nullable=False, server_default='words'))
    with op.batch_alter_table('template_item', schema=None) as batch_op:
        batch_op.add_column(_flag('is_plan'))
        batch_op.alter_column(
            'if_no_district', new_column_name='if_no_level', existing_type=sa.String(length=32), type_=sa.String(length=64), existing_nullable=False
        )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _levels() -> None:
    """Villages had nobody who issues papers; every other level had its People's Committee."""
    op.execute(sa.update(level).where(level.c.key != 'village').values(issuer='UBND'))
    _set(level, 'village', entered_by='commune', types=TYPES)
    _set(level, 'district', is_optional=sa.true())
    _set(level, 'province', together_vi='tỉnh', together_en='the province')
    _set(level, 'commune', together_vi='các xã', together_en='the communes')


def _set(table: sa.TableClause, key: str, **values: object) -> None:
    op.execute(sa.update(table).where(table.c.key == key).values(**values))
