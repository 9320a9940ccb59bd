"""Properties in the data of a database of before, whose rules went by keys."""

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import (
    EvidenceType,
    Level,
    Needs,
    Phase,
    Role,
    TemplateItem,
    Unit,
)
from events.models.templates import DROP
from events.reforms.villages import usual_type
from scheduler import migrate
from tests.scheduler.test_migrate import _insert, _insert_campaign


def test_what_rules_knew_by_its_key_is_a_property_afterwards(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        titled = {"title_vi": "X", "title_en": "X"}
        for rank, key in enumerate(("province", "district", "commune", "village"), 1):
            _insert(connection, "level", key=key, rank=rank, default_role_key="r", **titled)
        _insert(connection, "role", key="bcd_tinh", position=2, **titled)
        for position, key in enumerate(("prepare", "event", "report"), 2):
            _insert(connection, "phase", key=key, position=position, **titled)
        for position, key in enumerate(("doc_ref", "photo", "minutes", "tick"), 1):
            _insert(connection, "evidence_type", key=key, position=position, **titled)
        for number, key in enumerate(("plan", "plan_commune", "district_plan", "letter"), 1):
            _insert_template_item(connection, number, key, "commune" if number == 1 else "drop")

    migrate.upgrade(blank_engine)

    assert migrate.differences(blank_engine) == []
    with Session(blank_engine) as session:
        levels = {level.key: level for level in session.scalars(select(Level))}
        assert {key for key, level in levels.items() if level.is_optional} == {"district"}
        assert levels["village"].entered_by == "commune"
        assert usual_type(levels["village"], Unit(type="phuong")) == "to_dan_pho"
        assert usual_type(levels["village"], Unit(type="xa")) == "thon"
        assert {key: level.issuer for key, level in levels.items()} == {
            "c": "UBND",
            "province": "UBND",
            "district": "UBND",
            "commune": "UBND",
            "village": None,
        }
        assert [levels[key].together_vi for key in ("commune", "province")] == ["các xã", "tỉnh"]
        issuers = session.scalars(select(Role.key).where(Role.issues_papers)).all()
        assert issuers == ["bcd_tinh"]
        assert session.scalars(select(Phase.key).where(Phase.is_the_day)).all() == ["event"]
        assert session.scalars(select(Phase.key).where(Phase.sums_up)).all() == ["report"]
        assert dict(session.execute(select(EvidenceType.key, EvidenceType.needs)).all()) == {
            "doc_ref": Needs.REFERENCE,
            "photo": Needs.PICTURE,
            "minutes": Needs.WORDS,
            "tick": Needs.NOTHING,
        }
        items = session.scalars(select(TemplateItem).order_by(TemplateItem.id)).all()
        assert [item.is_plan for item in items] == [True, True, False, False]
        assert [item.if_no_level for item in items] == ["commune", DROP, DROP, DROP]


def _insert_template_item(connection, number, key, if_no_district):
    lists = dict.fromkeys(("levels", "support_roles", "evidence", "depends_on"), "[]")
    offsets = dict.fromkeys(("level_offsets", "level_end_offsets"), "{}")
    numbers = {"offset_days": 1, "evidence_min": 0, "weight": 1}
    words = {"cascade": "each", "shift": "none", "anchor": "event"}
    titled = {"title_vi": "I", "title_en": "I", "phase_key": "p", "role_key": "r"}
    flags = {"without_evidence": False, "required": True}
    _insert(
        connection,
        "template_item",
        id=number,
        version_id=1,
        key=key,
        position=number,
        if_no_district=if_no_district,
        **lists | offsets | numbers | words | titled | flags,
    )
