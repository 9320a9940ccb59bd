"""Reasons of dates in a database of before: sentences become codes, and nothing else changes."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from events.checklist.story import story_of
from events.days.reasons import Cause, DayReason
from events.models import (
    CalendarDay,
    CalendarDecision,
    Change,
    ChecklistItem,
)
from scheduler import migrate
from tests.scheduler.test_migrate import _insert, _insert_campaign, _insert_change

BEFORE_REASONS_OF_DATES = "0009"


OLD_REASONS = [
    ("vào ngày nghỉ cuối tuần", DayReason(Cause.WEEKEND)),
    ("trong kỳ nghỉ Tết", DayReason(Cause.TET)),
    ("trong kỳ nghỉ Tết (dự kiến)", DayReason(Cause.TET, provisional=True)),
    ("vào ngày nghỉ bù", DayReason(Cause.IN_LIEU)),
    ("vào ngày nghỉ theo quyết định", DayReason(Cause.DECIDED)),
    ("ngày làm việc theo quyết định", DayReason(Cause.WORKED)),
    ("ngoài kỳ nghỉ Tết đã quyết định", DayReason(Cause.OUTSIDE_TET)),
    ("trước hạn của việc phải xong trước", DayReason(Cause.WAITS)),
    ("vào ngày nghỉ Tết Dương lịch", DayReason(Cause.HOLIDAY, "Tết Dương lịch")),
    (
        "vào ngày nghỉ Ngày Văn hóa Việt Nam (nghỉ bù) (dự kiến)",
        DayReason(Cause.IN_LIEU_OF, "Ngày Văn hóa Việt Nam", provisional=True),
    ),
    (
        "vào ngày nghỉ hoán đổi, làm bù 10/01/2026",
        DayReason(Cause.SWAP, day=date(2026, 1, 10)),
    ),
    ("làm bù cho 02/01/2026", DayReason(Cause.WORKED_FOR, day=date(2026, 1, 2))),
    (
        "vào ngày nghỉ Ngày nghỉ (thay cho ngày 22/08/2026)",
        DayReason(Cause.SUBSTITUTE, day=date(2026, 8, 22)),
    ),
    (
        "trước hạn 7 ngày làm việc sau khi cấp trên ban hành (05/03/2021)",
        DayReason(Cause.LATE_PLAN, day=date(2021, 3, 5), workdays=7),
    ),
    ("làm bù cho 31/02/2026", DayReason(Cause.OTHER, text="làm bù cho 31/02/2026")),
    ("do lũ “lịch sử” (dự kiến)", DayReason(Cause.OTHER, text="do lũ “lịch sử” (dự kiến)")),
]


@pytest.mark.parametrize(("sentence", "reason"), OLD_REASONS)
def test_an_old_reason_reads_in_vietnamese_as_it_did(sentence, reason):
    assert reason.words("vi") == sentence


def test_reasons_of_dates_in_an_older_database_become_codes_and_no_calendar_hears_of_it(
    blank_engine,
):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE_REASONS_OF_DATES)
        _insert_campaign(connection)
        _insert_items_like_the_first(connection, [None, *(old for old, _new in OLD_REASONS)])

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        items = session.scalars(select(ChecklistItem).order_by(ChecklistItem.id)).all()
        assert [item.due_reason for item in items] == [
            None,
            None,
            *(replace(new, provisional=False) for _old, new in OLD_REASONS),
        ]
        assert {item.sequence for item in items} == {0}
        assert {item.last_modified for item in items} == {datetime(2026, 2, 1, tzinfo=UTC)}
        moved = select(func.count()).where(ChecklistItem.due_reason.is_not(None))
        assert session.scalar(moved) == len(OLD_REASONS)


def test_decided_days_of_an_older_database_become_codes_and_an_import_still_finds_them_unedited(
    blank_engine,
):
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(len(OLD_REASONS))]
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE_REASONS_OF_DATES)
        for number, (day, (reason, _new)) in enumerate(zip(days, OLD_REASONS, strict=True)):
            base = {"off": True, "reason": reason, "source": None}
            _insert(
                connection,
                "calendar_day",
                day=day.isoformat(),
                off=True,
                reason=reason,
                catalog_base=json.dumps(base) if number else None,
            )
        kept = {"2026-06-01": {"off": True, "reason": "trong kỳ nghỉ Tết"}}
        of_decision = {"year": 2026, "text": "Nghỉ Tết", "at": "2026-01-01 00:00:00"}
        _insert(connection, "calendar_decision", id=1, days=json.dumps(kept), **of_decision)

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        rows = session.scalars(select(CalendarDay).order_by(CalendarDay.day)).all()
        assert [row.reason for row in rows] == [
            replace(new, provisional=False) for _old, new in OLD_REASONS
        ]
        assert rows[0].catalog_base is None
        decided = [row for row in rows[1:] if "provisional" not in row.catalog_base["reason"]]
        assert len(decided) == len(rows) - 3
        assert [row.catalog_base for row in decided] == [
            {"off": True, "reason": row.reason.plain, "source": None} for row in decided
        ]
        of_people = select(CalendarDay.day).where(CalendarDay.catalog_base.is_(None))
        assert session.scalars(of_people).all() == days[:1]
        [decision] = session.scalars(select(CalendarDecision))
        assert decision.days == {"2026-06-01": {"off": True, "reason": {"cause": "tet"}}}


def test_the_history_of_an_older_database_says_why_dates_moved_in_both_languages(blank_engine):
    tet, weekend = "trong kỳ nghỉ Tết (dự kiến)", "vào ngày nghỉ cuối tuần"
    told = [
        ({"due": "2027-02-05", "due_reason": None}, {"due": "2027-02-12", "due_reason": tet}),
        ({"due_reason": weekend}, {"due_reason": None}),
        ({"summary": "A"}, {"summary": "B"}),
        (
            {"due": "2027-02-05", "due_reason": tet, "edited": []},
            {"due": "2027-02-06", "due_reason": None, "given": {"due_reason": weekend}},
        ),
    ]
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), BEFORE_REASONS_OF_DATES)
        _insert_campaign(connection)
        for number in range(1, 1201):  # more than are rewritten at a time
            _insert_change(connection, number, *told[number % len(told)])

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        changes = session.scalars(select(Change).order_by(Change.id)).all()
        codes = {"cause": "tet", "provisional": True}, {"cause": "weekend"}
        assert [(change.before, change.after) for change in changes] == 300 * [
            ({"due_reason": codes[1]}, {"due_reason": None}),
            told[2],
            (
                {"due": "2027-02-05", "due_reason": codes[0], "edited": []},
                {"due": "2027-02-06", "due_reason": None, "given": {"due_reason": codes[1]}},
            ),
            (told[0][0], {"due": "2027-02-12", "due_reason": codes[0]}),
        ]
        assert story_of(changes[3], "vi") == (
            "Cán bộ dời hạn từ 05/02/2027 sang 12/02/2027 vì hạn gốc rơi trong kỳ nghỉ Tết"
        )
        assert story_of(changes[3], "en").endswith("falls within the Tết break")


def _insert_items_like_the_first(connection, reasons):
    names = [
        column["name"]
        for column in inspect(connection).get_columns("checklist_item")
        if column["name"] not in ("id", "uid", "key", "due_reason")
    ]
    columns = ", ".join(names)
    for number, reason in enumerate(reasons, 2):
        connection.execute(
            text(
                f"INSERT INTO checklist_item (id, uid, key, due_reason, {columns})"
                f" SELECT {number}, 'i{number}', 'i{number}', :reason, {columns}"
                " FROM checklist_item WHERE id = 1"
            ),
            {"reason": reason},
        )
