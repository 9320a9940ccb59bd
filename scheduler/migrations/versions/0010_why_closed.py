"""Why an item is closed, and where a template's version came from, are columns, read once more out of the sentences that told it"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'

SET = 500  # items whose history is read at once
CLOSED = ('COMPLETED', 'CANCELLED')
STATE = ('status', 'not_done', 'reason', 'completed')  # by which two states are the same
TAKEN_BACK = ' đã thu lại phần việc này'
NOT_CHOSEN = 'Đơn vị không chọn việc này'
BY_VERSION = re.compile(r'Không còn trong mẫu \(phiên bản (?P<version>\d+)\)')
TOGETHER = re.compile(r'Lồng ghép: làm chung với “(?P<item>.*)”', re.DOTALL)
WITH_WHOLE = re.compile(r'Đóng cùng việc chung của (?P<unit>[^:]*): (?P<why>.*)', re.DOTALL)
TO_MANY = re.compile(r'chuyển cho (?P<count>\d+) đơn vị (?P<level>.*)')
TO_UNITS = re.compile(r'chuyển cho (?P<units>.*)')
FROM_FILE = 'Nhập từ tệp'
OF_YEAR = re.compile(r'Theo tiến độ năm (?P<year>\d{4})')
LEVEL_ENDED = re.compile(r'(?P<level>.*) không còn')

item = sa.table(
    'checklist_item',
    *map(sa.column, ('id', 'split_from_id', 'status', 'not_done', 'reason', 'closed_because')),
    sa.column('closing_facts', sa.JSON(none_as_null=True)),
)
change = sa.table('change', *map(sa.column, ('id', 'item_id', 'at', 'reported_id')), sa.column('before', sa.JSON()), sa.column('after', sa.JSON()))
credit = sa.table('item_credit', sa.column('covers_id'))
version_row = sa.table('template_version', *map(sa.column, ('id', 'note', 'created_by_id', 'source', 'source_year')))
level = sa.table('level', sa.column('title_vi'), sa.column('title_en'))

Row = dict[str, Any]


def upgrade() -> None:
    op.add_column('checklist_item', sa.Column('closed_because', sa.String(length=32), nullable=True))
    op.add_column('checklist_item', sa.Column('closing_facts', sa.JSON(), nullable=True))
    op.add_column('template_version', sa.Column('source', sa.String(length=32), nullable=True))
    op.add_column('template_version', sa.Column('source_year', sa.Integer(), nullable=True))
    connection = op.get_bind()
    _name_sources(connection)
    reader = Reader(connection)
    for items in _sets(connection):
        _carry_over(connection, reader, items)


def _name_sources(connection: sa.Connection) -> None:
    """Tell the versions of templates that the product noted itself from those that people described."""
    noted = sa.select(version_row.c.id, version_row.c.note).where(version_row.c.note.is_not(None), version_row.c.created_by_id.is_not(None))
    for id_, note in connection.execute(noted).all():
        of_year = OF_YEAR.fullmatch(note)
        if of_year or note == FROM_FILE:
            source = {'source': 'progress', 'source_year': int(of_year['year'])} if of_year else {'source': 'file'}
            connection.execute(sa.update(version_row).where(version_row.c.id == id_).values(note=None, **source))


def _sets(connection: sa.Connection) -> Iterator[dict[int, Row]]:
    """Yield the items that are closed or once were, a set at a time, so that a large database fits into memory."""
    told = sa.exists().where(change.c.item_id == item.c.id, change.c.after['status'].as_string().is_not(None))
    query = sa.select(*(item.c[name] for name in ('id', 'split_from_id', 'status', 'not_done', 'reason')))
    query = query.where(sa.or_(item.c.status.in_(CLOSED), told)).order_by(item.c.id).limit(SET)
    last = 0
    while rows := connection.execute(query.where(item.c.id > last)).mappings().all():
        last = rows[-1]['id']
        yield {row['id']: dict(row) for row in rows}


def _carry_over(connection: sa.Connection, reader: 'Reader', items: dict[int, Row]) -> None:
    query = sa.select(change).where(change.c.item_id.in_(items)).order_by(change.c.id)
    history: dict[int, list[Row]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        history[row['item_id']].append(dict(row))
    lines: list[Row] = []
    rows: list[Row] = []
    for id_, one in items.items():
        told = History(reader, id_, one['split_from_id'], history[id_])
        lines.extend(told.lines())
        if one['status'] in CLOSED:
            rows.append({'item': id_} | {f'new_{name}': value for name, value in told.of_item(one).items()})
    _update(connection, item, rows, item.c.id == sa.bindparam('item'), ('closed_because', 'closing_facts', 'reason'))
    _update(connection, change, lines, change.c.id == sa.bindparam('line'), ('before', 'after'))


def _update(connection: sa.Connection, table: Any, rows: list[Row], which: sa.ColumnElement[bool], names: tuple[str, ...]) -> None:
    if rows:
        values = {name: sa.bindparam(f'new_{name}', type_=table.c[name].type) for name in names}
        connection.execute(sa.update(table).where(which).values(values), rows)


class Reader:
    """What sentences mean, and what the database knows beside them."""

    def __init__(self, connection: sa.Connection) -> None:
        self.levels = {vi.lower(): {'vi': vi, 'en': en} for vi, en in connection.execute(sa.select(level.c.title_vi, level.c.title_en))}
        covers = change.c.before['covers'].as_integer()
        freed = change.c.after['freed'].as_string()
        self.stood_for = {
            *connection.scalars(sa.select(credit.c.covers_id).where(credit.c.covers_id.is_not(None))),
            *connection.scalars(sa.select(covers).where(covers.is_not(None))),
            *connection.scalars(sa.select(change.c.item_id).where(freed.is_not(None))),
        }
        taken = sa.select(change.c.item_id, change.c.at).where(change.c.before['parts'].as_string().is_not(None))
        self.taken_back = {(whole, at) for whole, at in connection.execute(taken)}

    def of_sentence(self, state: Row) -> Row:
        """Return the closing that a sentence tells by itself, where no history does."""
        reason = state.get('reason') or ''
        if state.get('status') != 'CANCELLED' or state.get('not_done') == 'not-done':
            return person(reason)
        if state.get('not_done') == 'moved':
            return self.moved(reason)
        return self.of_words(reason)

    def of_words(self, reason: str) -> Row:
        readers = self.with_whole, version, together, taken_back, not_chosen, self._ended
        return next((found for read in readers if (found := read(reason))), person(reason))

    def with_whole(self, reason: str) -> Row | None:
        found = WITH_WHOLE.fullmatch(reason)
        return closing('whole', unit=begun_large(found['unit']), whole=self.of_words(found['why'])) if found else None

    def moved(self, reason: str) -> Row:
        if many := TO_MANY.fullmatch(reason):
            return closing('moved', count=int(many['count']), level=self._level(many['level']))
        if units := TO_UNITS.fullmatch(reason):
            return closing('moved', units=', '.join(map(begun_large, units['units'].split(', '))))
        return self._ended(reason) or person(reason)

    def _ended(self, reason: str) -> Row | None:
        found = LEVEL_ENDED.fullmatch(reason)
        is_ours = found is not None and found['level'].lower() in self.levels
        return closing('ended', level=self._level(found['level'])) if found and is_ours else None

    def _level(self, title: str) -> Row:
        return self.levels.get(title.lower(), {'vi': title, 'en': title})


class History:
    """One item's changes of state, the oldest first, each with what closed it before and after."""

    def __init__(self, reader: Reader, item_id: int, whole_id: int | None, changes: list[Row]) -> None:
        self._reader, self._item_id, self._whole_id = reader, item_id, whole_id
        self._known: dict[int, Row | None] = {}  # by change what closed the item before it
        self._now: tuple[Row, Row] | None = None  # the last closed state, and what closed it
        self._changes = changes

    def lines(self) -> Iterator[Row]:
        for row in self._changes:
            before, after = row['before'], row['after']
            if 'status' not in before and 'status' not in after:
                continue
            was = self._same_as_now(before) or self._by_words(before)
            self._known[row['id']] = was
            becomes = (was if _same(before, after) else self._closing(row)) if after.get('status') in CLOSED else None
            self._now = (after, becomes) if becomes else None
            plain_notes = {name: value for name, value in after.items() if value is not True or name not in ('parts', 'whole')}
            yield {'line': row['id'], 'new_before': _told(before, was), 'new_after': _told(plain_notes, becomes)}

    def of_item(self, state: Row) -> Row:
        return self._same_as_now(state, ('status', 'not_done', 'reason')) or self._by_words(state) or person('')

    def _same_as_now(self, state: Row, names: tuple[str, ...] = STATE) -> Row | None:
        return self._now[1] if self._now is not None and _same(self._now[0], state, names) else None

    def _by_words(self, state: Row) -> Row | None:
        return self._reader.of_sentence(state) if state.get('status') in CLOSED else None

    def _closing(self, row: Row) -> Row:
        """Return what a change closed an item by: what it notes counts before its words."""
        after, reason = row['after'], row['after'].get('reason') or ''
        if 'moved_to' in after:
            return self._reader.moved(reason)
        if 'freed' in after:
            return version(reason) or person(reason)
        if after.get('undoes') in self._known:
            return self._known[after['undoes']] or person(reason)
        if after.get('parts') is True:
            return of_parts(self._reader, after)
        if after['status'] == 'COMPLETED':
            return person(reason)
        if after.get('whole') is True or (self._whole_id, row['at']) in self._reader.taken_back:
            return self._reader.with_whole(reason) or taken_back(reason) or person(reason)
        found = not_chosen(reason)
        if row['reported_id'] is None:
            found = found or version(reason)
        if self._item_id in self._reader.stood_for and after.get('not_done') == 'not-required':
            found = found or together(reason)
        return found or person(reason)


def closing(because: str, **facts: Any) -> Row:
    return {'closed_because': because, 'closing_facts': facts or None, 'reason': None}


def person(reason: str | None) -> Row:
    return {'closed_because': 'person', 'closing_facts': None, 'reason': reason or None}


def version(reason: str) -> Row | None:
    found = BY_VERSION.fullmatch(reason)
    return closing('version', version=int(found['version'])) if found else None


def together(reason: str) -> Row | None:
    found = TOGETHER.fullmatch(reason)
    return closing('stand-in', item=found['item']) if found else None


def taken_back(reason: str) -> Row | None:
    return closing('taken-back', unit=reason.removesuffix(TAKEN_BACK)) if reason.endswith(TAKEN_BACK) else None


def not_chosen(reason: str) -> Row | None:
    return closing('not-chosen') if reason == NOT_CHOSEN else None


def of_parts(reader: Reader, state: Row) -> Row:
    """Return what closed an item whose parts are closed: none of them was done if it tells why."""
    if state['status'] == 'COMPLETED':
        return closing('parts')
    return closing('parts', parts=[reader.of_words(words) for words in (state.get('reason') or '').split('; ')])


def begun_large(name: str) -> str:
    """Return a unit's name as it stands alone: inside a sentence its kind was written small."""
    return name[:1].upper() + name[1:]


def _same(one: Row, other: Row, names: tuple[str, ...] = STATE) -> bool:
    return all(one.get(name) == other.get(name) for name in names)


def _told(state: Row, why: Row | None) -> Row:
    """Return a side of a change with the columns of today, where it tells a state at all."""
    if 'status' not in state:
        return state
    return state | (why or {'closed_because': None, 'closing_facts': None, 'reason': state.get('reason')})
