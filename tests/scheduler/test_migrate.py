import json

import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from events.checklist.closing_words import closing_in, closing_of, why_closed
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    ClosedBecause,
    Document,
    NotDone,
    TemplateItem,
    TemplateVersion,
)
from scheduler import migrate
from scheduler.migrate import NewerDatabaseError, Version


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
        assert campaign.round.cancelled == campaign.last_modified
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


def test_where_a_version_came_from_is_told_from_what_people_noted(blank_engine):
    notes = ["Nhập từ tệp", "Theo tiến độ năm 2025", "Theo tiến độ năm nay", None]
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        made = {"template_id": 1, "created": "2026-01-01", "digest": "", "created_by_id": 1}
        for number, note in enumerate(notes, 2):
            _insert(connection, "template_version", id=number, number=number, note=note, **made)

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        columns = TemplateVersion.source, TemplateVersion.source_year, TemplateVersion.note
        query = select(*columns).where(TemplateVersion.number > 1).order_by(TemplateVersion.number)
        assert [tuple(row) for row in session.execute(query)] == [
            ("file", None, None),
            ("progress", 2025, None),
            (None, None, "Theo tiến độ năm nay"),
            (None, None, None),
        ]


OPEN_STATE = {"status": "NEEDS-ACTION", "completed": None, "not_done": None, "reason": None}
EXCUSED = OPEN_STATE | {"status": "CANCELLED", "not_done": "not-required"}
GONE = "Không còn trong mẫu (phiên bản 2)"
TOGETHER = "Lồng ghép: làm chung với “Phát thanh”"
WITH_WHOLE = "Đóng cùng việc chung của thị trấn Đăk Glei: Mưa: lũ"
TAKEN_BACK = "Thị trấn Đăk Glei đã thu lại phần việc này"
NOT_CHOSEN = "Đơn vị không chọn việc này"
COMMUNES = {"vi": "Cấp xã", "en": "Commune"}


def _said(because, reason=None, **facts):
    return ClosedBecause(because), facts or None, reason


BY_HISTORY = {
    "a version took it away": (GONE, {}, {"reported_id": None}, _said("version", version=2)),
    "a person typed what versions say": (GONE, {}, {"reported_id": 1}, _said("person", GONE)),
    "another item stands for it": (
        TOGETHER,
        {},
        {"reported_id": 1, "covered": True},
        _said("stand-in", item="Phát thanh"),
    ),
    "a person typed what stand-ins say": (
        TOGETHER,
        {},
        {"reported_id": 1},
        _said("person", TOGETHER),
    ),
    "a part was closed with its whole": (
        WITH_WHOLE,
        {"whole": True},
        {"split_from": 1},
        _said(
            "whole",
            unit="Thị trấn Đăk Glei",
            whole={"closed_because": "person", "closing_facts": None, "reason": "Mưa: lũ"},
        ),
    ),
    "a part was taken back": (
        TAKEN_BACK,
        {"whole": True},
        {"split_from": 1},
        _said("taken-back", unit="Thị trấn Đăk Glei"),
    ),
    "a part was declined in the words of taking back": (
        TAKEN_BACK,
        {},
        {"split_from": 1, "reported_id": 1, "not_done": "not-done"},
        _said("person", TAKEN_BACK),
    ),
    "a part was excused in the words of taking back": (
        TAKEN_BACK,
        {},
        {"split_from": 1, "reported_id": 1},
        _said("person", TAKEN_BACK),
    ),
    "a part was taken back before history noted that": (
        TAKEN_BACK,
        {},
        {"split_from": 1, "reported_id": 1, "whole_told": True},
        _said("taken-back", unit="Thị trấn Đăk Glei"),
    ),
    "all parts are closed": (
        f"Mưa; {NOT_CHOSEN}",
        {"parts": True},
        {},
        _said(
            "parts",
            parts=[
                {"closed_because": "person", "closing_facts": None, "reason": "Mưa"},
                {"closed_because": "not-chosen", "closing_facts": None, "reason": None},
            ],
        ),
    ),
    "all parts are done": (
        None,
        {"parts": True, "status": "COMPLETED", "completed": "2026-02-01"},
        {},
        _said("parts"),
    ),
    "it is done": (None, {"status": "COMPLETED"}, {"reported_id": 1}, _said("person")),
    "nobody chose it": (NOT_CHOSEN, {}, {"reported_id": 1}, _said("not-chosen")),
    "a person said why": ("Mưa lũ", {}, {"reported_id": 1}, _said("person", "Mưa lũ")),
    "it went over": (
        "chuyển cho xã Đăk Mới, phường B",
        {"moved_to": {"9": "Xã Đăk Mới"}},
        {"not_done": "moved"},
        _said("moved", units="Xã Đăk Mới, Phường B"),
    ),
    "it went over to many": (
        "chuyển cho 12 đơn vị cấp xã",
        {"moved_to": {"9": "Xã Đăk Mới"}},
        {"not_done": "moved"},
        _said("moved", count=12, level=COMMUNES),
    ),
    "nobody needs it": ("cấp xã không còn", {"moved_to": {}}, {}, _said("ended", level=COMMUNES)),
}


@pytest.mark.parametrize("kind", BY_HISTORY)
def test_why_an_item_of_an_older_database_is_closed_is_told_from_its_history(blank_engine, kind):
    reason, notes, told, expected = BY_HISTORY[kind]
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        connection.execute(text("UPDATE level SET title_vi = 'Cấp xã', title_en = 'Commune'"))
        closed = EXCUSED | {"not_done": told.get("not_done", "not-required"), "reason": reason}
        closed |= {name: notes[name] for name in ("status", "completed") if name in notes}
        if closed["status"] == "COMPLETED":
            closed |= {"not_done": None}
        _insert_closed_item(connection, 2, closed, split_from_id=told.get("split_from"))
        reported = {"reported_id": told.get("reported_id"), "of_item": 2}
        _insert_change(connection, 1, OPEN_STATE, closed | notes, **reported)
        _insert_change(connection, 2, closed, OPEN_STATE | {"undoes": 1}, of_item=2)
        _insert_change(connection, 3, OPEN_STATE, closed | {"undoes": 2}, of_item=2)
        if told.get("covered"):
            _insert(connection, "item_credit", item_id=1, campaign_id=1, covers_id=2)
        if told.get("whole_told"):
            _insert_change(connection, 4, {"parts": "Thôn 1"}, {})

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        item = session.get_one(ChecklistItem, 2)
        assert (item.closed_because, item.closing_facts, item.reason) == expected
        assert why_closed(closing_of(item), "vi") == (reason or "")
        first, opened, again = (session.get_one(Change, number) for number in (1, 2, 3))
        assert closing_in(first.after) == closing_of(item)
        assert (closing_in(opened.before), opened.after["closed_because"]) == (
            closing_of(item),
            None,
        )
        assert closing_in(again.after) == closing_of(item)
        assert first.before == OPEN_STATE | {"closed_because": None, "closing_facts": None}
        assert True not in first.after.values()


@pytest.mark.parametrize(
    ("reason", "not_done", "because"),
    [
        (GONE, "not-required", "version"),
        (GONE, "not-done", "person"),
        (TOGETHER, "not-required", "stand-in"),
        (WITH_WHOLE, "not-required", "whole"),
        (TAKEN_BACK, "not-required", "taken-back"),
        (NOT_CHOSEN, "not-required", "not-chosen"),
        ("chuyển cho xã Đăk Mới", "moved", "moved"),
        ("cấp xã không còn", "not-required", "ended"),
        ("hội không còn", "not-required", "person"),
        ("Mưa lũ", "not-done", "person"),
    ],
)
def test_the_words_tell_where_an_older_database_has_no_history_of_an_item(
    blank_engine, reason, not_done, because
):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        connection.execute(text("UPDATE level SET title_vi = 'Cấp xã', title_en = 'Commune'"))
        _insert_closed_item(connection, 2, EXCUSED | {"not_done": not_done, "reason": reason})

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        still_open, closed = session.scalars(select(ChecklistItem).order_by(ChecklistItem.id))
        assert (still_open.closed_because, closed.closed_because) == (None, because)
        assert why_closed(closing_of(closed), "vi") == reason


def _insert_closed_item(connection, number, state, split_from_id=None):
    """Make another item of the campaign of ``_insert_campaign``, like its own but closed."""
    columns = (
        "campaign_id, position, summary, phase_key, role_key, support_roles, nominal_due, due"
        ", first_due, anchor_version, weight, required, evidence, evidence_min, without_evidence"
        ", depends_on, is_own, edited, sequence, created, last_modified"
    )
    values = {name: state[name] for name in ("status", "not_done", "reason")}
    values |= {"id": number, "uid": f"i{number}", "key": f"i{number}"}
    values |= {"split_from_id": split_from_id}
    names = ", ".join(values)
    given = ", ".join(f":{name}" for name in values)
    copied = f"SELECT {given}, {columns} FROM checklist_item WHERE id = 1"
    connection.execute(text(f"INSERT INTO checklist_item ({names}, {columns}) {copied}"), values)


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
    who = {"by_id": 1, "by_name": "Cán bộ", "door": "page", "item_id": who.pop("of_item", 1)} | who
    state = {
        "status": "NEEDS-ACTION",
        "blocked": False,
        "due": "2026-03-01",
        "at": "2026-02-01 00:00:00",
    }
    state |= {name: who.pop(name) for name in ("status", "not_done") if name in who}
    said = {"before": json.dumps(before), "after": json.dumps(after)}
    _insert(connection, "change", id=number, **who, **state, **said)


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


def test_whoever_changed_an_older_paper_last_is_taken_to_have_uploaded_its_file(blank_engine):
    paper = {"campaign_id": 1, "kind": "plan", "abstract": "x", "at": "2026-01-01", "by_id": 2}
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0002")
        _insert_campaign(connection)
        _insert(connection, "document", id=11, uid="a", file_digest="f", **paper)
        _insert(connection, "document", id=12, uid="b", **paper)

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        papers = select(Document.file_by_id).where(Document.id > 10)
        uploaders = papers.order_by(Document.id)
        assert session.scalars(uploaders).all() == [2, None]
