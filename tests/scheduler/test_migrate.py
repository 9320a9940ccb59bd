import json
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
    Campaign,
    Change,
    ChecklistItem,
    Document,
    NotDone,
    TemplateItem,
)
from scheduler import migrate
from scheduler.migrate import NewerDatabaseError, Version

BEFORE_REASONS_OF_DATES = "0009"


def test_a_migrated_database_is_what_the_models_say(blank_engine):
    assert migrate.version_of(blank_engine) is Version.EMPTY

    assert migrate.upgrade(blank_engine)

    assert migrate.version_of(blank_engine) is Version.CURRENT
    assert migrate.differences(blank_engine) == []


def test_templates_of_an_older_database_go_on_as_they_were(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0001")
        _insert(connection, "role", key="r", position=1, title_vi="R", title_en="R")
        _insert(connection, "phase", key="p", position=1, title_vi="P", title_en="P")
        of_template = {
            "kind": "course",
            "title_vi": "T",
            "title_en": "T",
            "anchor": "event",
            "generate_ahead_days": 1,
            "position": 1,
        }
        _insert(
            connection,
            "template",
            id=1,
            key="t",
            cutoffs="[]",
            enabled=True,
            late_plan_workdays=7,
            owner_role_key="r",
            **of_template,
        )
        _insert(
            connection,
            "template_version",
            id=1,
            template_id=1,
            number=1,
            created="2026-01-01",
            digest="",
        )
        of_item = {
            "offset_days": 1,
            "level_offsets": "{}",
            "end_offset_days": 3,
            "levels": "[]",
            "cascade": "each",
            "role_key": "r",
        }
        of_item |= {
            "support_roles": "[]",
            "evidence": "[]",
            "evidence_min": 0,
            "without_evidence": False,
            "weight": 1,
        }
        of_item |= {
            "required": True,
            "shift": "none",
            "if_no_district": "drop",
            "depends_on": "[]",
            "anchor": "event",
        }
        _insert(
            connection,
            "template_item",
            id=1,
            version_id=1,
            key="i",
            position=1,
            title_vi="I",
            title_en="I",
            phase_key="p",
            **of_item,
        )

    assert migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        item = session.scalars(select(TemplateItem)).one()
        assert (item.end_at("commune"), item.version.template.opens_from) == (3, None)


def test_reports_and_cancelling_of_an_older_database_are_told_from_its_history(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0002")
        _insert_campaign(connection)
        state = {"status": "NEEDS-ACTION", "completed": None, "reason": None}
        done, gone = state | {"status": "COMPLETED"}, state | {"status": "CANCELLED"}
        _insert_change(connection, 1, state, done)
        _insert_change(connection, 2, state, done, on_behalf_of_id=3)
        # holds a post where the item was delegated to
        _insert_change(connection, 3, state, done, by_id=2)
        _insert_change(
            connection, 4, {}, {"evidence": {"kind": "photo", "title": "Ảnh", "text": ""}}
        )
        _insert_change(connection, 5, {}, {"added": "Thi"})
        _insert_change(connection, 6, state, gone | {"moved_to": {}, "reason": "chuyển cho Xã Mới"})
        _insert_change(connection, 7, state, gone | {"reason": "Không còn trong mẫu (phiên bản 2)"})
        _insert_change(connection, 8, {"evidence": []}, {"evidence": ["photo"]})
        _insert_change(
            connection, 9, {"summary": "A", "edited": []}, {"summary": "B", "edited": ["summary"]}
        )
        _insert_change(connection, 10, {"due": "2026-01-01"}, {"due": "2026-01-02"})

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        reports = dict(
            session.execute(
                select(Change.id, Change.reported_id).where(Change.reported_id.is_not(None))
            ).all()
        )
        assert reports == {1: 1, 2: 3, 3: 2, 4: 1, 5: 1}
        campaign, document = (
            session.scalars(select(Campaign)).one(),
            session.scalars(select(Document)).one(),
        )
        assert campaign.cancelled == campaign.last_modified
        assert document.entered == document.at


def test_a_part_that_was_taken_back_belongs_to_its_whole_again(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0002")
        _insert_campaign(connection)
        columns = "campaign_id, position, summary, phase_key, role_key, support_roles, nominal_due, due, first_due, anchor_version"
        columns += ", weight, required, evidence, evidence_min, without_evidence, depends_on, edited, status, sequence, created"
        columns += ", last_modified"
        for number, whole in ((2, 1), (3, 9)):
            own = f"{number}, 'i{number}', 'part-{whole}', true, 'Thị trấn Đăk Glei đã thu lại phần việc này'"
            copied = f"SELECT {own}, {columns} FROM checklist_item WHERE id = 1"
            connection.execute(
                text(
                    f"INSERT INTO checklist_item (id, uid, key, is_own, reason, {columns}) {copied}"
                )
            )

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        assert dict(
            session.execute(select(ChecklistItem.id, ChecklistItem.split_from_id)).all()
        ) == {1: None, 2: 1, 3: None}


def test_what_went_over_in_an_older_database_is_told_from_what_is_not_required(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0007")
        _insert_campaign(connection)
        closed = {"status": "CANCELLED", "not_done": "not-required"}
        for number, after in enumerate(
            [{}, {"moved_to": {}}, {"moved_to": {"9": "Xã Mới"}}, {"document": {}}], 1
        ):
            _insert_change(connection, number, {}, after, **closed)
        connection.execute(
            text("UPDATE checklist_item SET status = 'CANCELLED', not_done = 'not-required'")
        )

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        closed = session.scalars(select(Change.not_done).order_by(Change.id)).all()
        assert closed == [NotDone.NOT_REQUIRED, NotDone.NOT_REQUIRED, NotDone.MOVED, NotDone.MOVED]
        assert session.scalars(select(ChecklistItem.not_done)).one() is NotDone.MOVED


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
            *(new for _old, new in OLD_REASONS),
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
        assert [row.reason for row in rows] == [new for _old, new in OLD_REASONS]
        assert rows[0].catalog_base is None
        assert [row.catalog_base for row in rows[1:]] == [
            {"off": True, "reason": row.reason.plain, "source": None} for row in rows[1:]
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
            f"Cán bộ dời hạn từ 05/02/2027 sang 12/02/2027 vì hạn gốc rơi {tet}"
        )
        assert story_of(changes[3], "en").endswith("falls within the Tết break (provisional)")


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


def _insert_campaign(connection):
    """Make a cancelled campaign of unit 1 with an item that unit 2 does, and a document of it."""
    for key in ("r", "p"):
        _insert(
            connection,
            {"r": "role", "p": "phase"}[key],
            key=key,
            position=1,
            title_vi="X",
            title_en="X",
        )
    level = {"title_vi": "C", "title_en": "C", "default_role_key": "r"}
    _insert(connection, "level", key="c", rank=1, **level)
    for number in (1, 2, 3):
        name = {
            "name": "U",
            "full_name": "U",
            "slug": f"u{number}",
            "search": "",
            "position": number,
        }
        _insert(connection, "unit", id=number, key=f"u{number}", level_key="c", type="xa", **name)
    for number in (1, 2):
        name = {"full_name": "Cán bộ", "search": "", "language": "vi", "is_demo": False}
        _insert(connection, "person", id=number, uid=f"p{number}", **name)
        _insert(connection, "post", id=number, person_id=number, unit_id=number, role_key="r")
    of_template = {
        "kind": "course",
        "title_vi": "T",
        "title_en": "T",
        "anchor": "event",
        "generate_ahead_days": 1,
        "position": 1,
    }
    of_template |= {
        "cutoffs": "[]",
        "enabled": True,
        "late_plan_workdays": 7,
        "owner_role_key": "r",
    }
    _insert(connection, "template", id=1, key="t", **of_template)
    _insert(
        connection,
        "template_version",
        id=1,
        template_id=1,
        number=1,
        created="2026-01-01",
        digest="",
    )
    day, published = (
        "2026-03-01",
        {"sequence": 0, "created": "2026-01-01 00:00:00", "last_modified": "2026-02-01 00:00:00"},
    )
    of_campaign = {
        "template_id": 1,
        "version_id": 1,
        "period": "2026",
        "year": 2026,
        "unit_id": 1,
        "owner_role_key": "r",
    }
    of_campaign |= {
        "summary": "C",
        "opens": day,
        "dtstart": day,
        "dtend": day,
        "anchor_version": 0,
        "status": "CANCELLED",
    }
    _insert(connection, "campaign", id=1, uid="c1", **of_campaign, **published)
    of_item = {
        "key": "i",
        "position": 1,
        "summary": "I",
        "phase_key": "p",
        "role_key": "r",
        "support_roles": "[]",
        "nominal_due": day,
    }
    of_item |= {
        "due": day,
        "first_due": day,
        "anchor_version": 0,
        "weight": 1,
        "required": True,
        "evidence": "[]",
        "evidence_min": 0,
    }
    of_item |= {
        "without_evidence": False,
        "depends_on": "[]",
        "is_own": False,
        "edited": "[]",
        "status": "NEEDS-ACTION",
    }
    _insert(
        connection,
        "checklist_item",
        id=1,
        uid="i1",
        campaign_id=1,
        delegate_unit_id=2,
        **of_item,
        **published,
    )
    of_paper = {"kind": "plan", "abstract": "Kế hoạch", "at": "2026-01-15 00:00:00"}
    _insert(connection, "document", id=1, uid="d1", campaign_id=1, item_id=1, **of_paper)


def _insert_change(connection, number, before, after, **who):
    who = {"by_id": 1, "by_name": "Cán bộ", "door": "page"} | who
    state = {
        "status": "NEEDS-ACTION",
        "blocked": False,
        "due": "2026-03-01",
        "at": "2026-02-01 00:00:00",
    }
    state |= {name: who.pop(name) for name in ("status", "not_done") if name in who}
    said = {"before": json.dumps(before), "after": json.dumps(after)}
    _insert(connection, "change", id=number, item_id=1, **who, **state, **said)


def _insert(connection, table, **values):
    names = ", ".join(values)
    connection.execute(
        text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"),
        values,
    )


def test_migrating_twice_changes_nothing(blank_engine):
    migrate.upgrade(blank_engine)

    assert not migrate.upgrade(blank_engine)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(blank_engine):
    migrate.upgrade(blank_engine)
    with blank_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerDatabaseError, match="9999"):
        migrate.upgrade(blank_engine)

    with blank_engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
