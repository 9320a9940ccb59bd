"""Why a day is off or a date moved was a Vietnamese sentence; it is a code with its facts, so that every reader has it in their language"""

import json
import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = "0010"

item = sa.table('checklist_item', sa.column('due_reason', sa.String))
day = sa.table('calendar_day', sa.column('day', sa.Date), sa.column('reason', sa.String), sa.column('catalog_base', sa.JSON))
decision = sa.table('calendar_decision', sa.column('id', sa.Integer), sa.column('days', sa.JSON))
change = sa.table('change', sa.column('id', sa.Integer), sa.column('before', sa.JSON), sa.column('after', sa.JSON))

CHUNK = 500  # rows, or sentences, at a time
PROVISIONAL = ' (dự kiến)'
IN_LIEU = ' (nghỉ bù)'
SENTENCES = {
    'vào ngày nghỉ cuối tuần': 'weekend',
    'trong kỳ nghỉ Tết': 'tet',
    'vào ngày nghỉ bù': 'in-lieu',
    'vào ngày nghỉ theo quyết định': 'decided',
    'ngày làm việc theo quyết định': 'worked',
    'ngoài kỳ nghỉ Tết đã quyết định': 'outside-tet',
    'trước hạn của việc phải xong trước': 'waits',
}
DAY = r'(?P<day>\d\d/\d\d/\d{4})'
PATTERNS = {
    'swap': rf'vào ngày nghỉ hoán đổi, làm bù {DAY}',
    'worked-for': rf'làm bù cho {DAY}',
    'substitute': rf'vào ngày nghỉ Ngày nghỉ \(thay cho ngày {DAY}\)',
    'late-plan': rf'trước hạn (?P<workdays>\d{{1,3}}) ngày làm việc sau khi cấp trên ban hành \({DAY}\)',
    'in-lieu-of': r'vào ngày nghỉ (?P<name>\S.*) \(nghỉ bù\)',
    'holiday': r'vào ngày nghỉ (?P<name>\S.*)',
}


def upgrade() -> None:
    _items()
    _days()
    _decisions()
    _history()
    for table, column, nullable in (('checklist_item', 'due_reason', True), ('calendar_day', 'reason', False)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.String(), type_=sa.JSON(), existing_nullable=nullable, postgresql_using=f'{column}::json')


def _items() -> None:
    """Write each sentence's code into all items that have it: there are few sentences, and many items."""
    sentences = op.get_bind().scalars(sa.select(item.c.due_reason).where(item.c.due_reason.is_not(None)).distinct()).all()
    for some in _chunks(sentences):
        codes = sa.case({sentence: json.dumps(_read(sentence)) for sentence in some}, value=item.c.due_reason)
        op.execute(sa.update(item).where(item.c.due_reason.in_(some)).values(due_reason=codes))


def _days() -> None:
    rows = op.get_bind().execute(sa.select(day.c.day, day.c.reason, day.c.catalog_base)).all()
    update = sa.update(day).where(day.c.day == sa.bindparam('of'))
    _write(update.values(reason=sa.bindparam('new')), [{'of': of, 'new': json.dumps(_read(reason))} for of, reason, _base in rows])
    bases = [{'of': of, 'new': _with_code(base, 'reason')} for of, _reason, base in rows if base]
    _write(update.values(catalog_base=sa.bindparam('new', type_=sa.JSON)), bases)


def _decisions() -> None:
    rows = op.get_bind().execute(sa.select(decision.c.id, decision.c.days)).all()
    values = [{'of': of, 'days': {one: _with_code(facts, 'reason') for one, facts in days.items()}} for of, days in rows]
    _write(sa.update(decision).where(decision.c.id == sa.bindparam('of')).values(days=sa.bindparam('days', type_=sa.JSON)), values)


def _history() -> None:
    """Rewrite the lines of history that name such a sentence, in the order of their ids."""
    said = sa.or_(*(side[path].as_string().is_not(None) for side in (change.c.before, change.c.after) for path in ('due_reason', ('given', 'due_reason'))))
    query = sa.select(change.c.id, change.c.before, change.c.after).where(said).order_by(change.c.id).limit(CHUNK)
    update = sa.update(change).where(change.c.id == sa.bindparam('of'))
    update = update.values(before=sa.bindparam('old', type_=sa.JSON), after=sa.bindparam('new', type_=sa.JSON))
    last = 0
    while rows := op.get_bind().execute(query.where(change.c.id > last)).all():
        _write(update, [{'of': of, 'old': _of_history(before), 'new': _of_history(after)} for of, before, after in rows])
        last = rows[-1].id


def _of_history(values: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = _with_code(values, 'due_reason')
    return told | ({'given': _with_code(told['given'], 'due_reason')} if isinstance(told.get('given'), dict) else {})


def _with_code(values: Any, name: str) -> Any:
    """Return remembered values with the code instead of the sentence, each in its place."""
    if not values or not isinstance(values.get(name), str):
        return values
    return values | {name: _read(values[name])}


def _read(sentence: str) -> dict[str, Any]:
    """Return the code and facts of a sentence as versions up to now wrote it; one that nobody can read keeps its words."""
    said = sentence.removesuffix(PROVISIONAL)
    facts = _facts(said)
    if facts is None:
        return {'cause': 'other', 'text': sentence}
    return facts | ({'provisional': True} if said != sentence else {})


def _facts(said: str) -> dict[str, Any] | None:
    if said in SENTENCES:
        return {'cause': SENTENCES[said]}
    for cause, pattern in PATTERNS.items():
        found = re.fullmatch(pattern, said)
        if found is not None:
            return _of_match(cause, found.groupdict())
    return None


def _of_match(cause: str, facts: dict[str, Any]) -> dict[str, Any] | None:
    try:
        parsed = {'day': datetime.strptime(facts['day'], '%d/%m/%Y').date().isoformat()} if 'day' in facts else {}
    except ValueError:
        return None
    workdays = {'workdays': int(facts['workdays'])} if 'workdays' in facts else {}
    return {'cause': cause} | facts | parsed | workdays


def _chunks(values: Any) -> list[Any]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]


def _write(statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(statement, rows)
