"""A province in the middle of its year: campaigns run, people hold posts, and every page has
something on it.

Names are as long as those that officials write, with one that no browser can break, so that a page
that only fits short ones is seen.
"""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.activities.planned import Plan, add_activity
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import complete_item
from events.days.decision_text import read_decision
from events.documents.register import Paper, add_document, issue_document, supersede
from events.models import (
    Campaign,
    ChecklistItem,
    DocumentKind,
    Observance,
    Person,
    Round,
    Template,
    Unit,
)
from events.observances.occurrences import extend_horizon
from events.observances.yearly_themes import announce_theme
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.reform import merge
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.replanning.days_off import YearDecision, apply_decision, preview_decision
from events.templates.editing import edit_template, item_entry
from events.units.tree import get_unit
from events.working_calendar import work_calendar

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # 12:00 in Vietnam
YEAR = NOON.year
PROVINCE, COMMUNE, OTHER_COMMUNE = "51-2025", "21172-2025", "21025-2025"
VILLAGES = ("Tổ dân phố Trường Thọ Đông khu tái định cư phía nam sông Trà Khúc", "Tổ dân phố Số 2")
OWN_ITEM = "Phối hợp Hội Liên hiệp Phụ nữ phường tổ chức hội thi “Gia đình hạnh phúc, không bạo lực” tại mười hai tổ dân phố"
LAUNCH = "Lễ phát động Tháng hành động vì bình đẳng giới và phòng ngừa, ứng phó với bạo lực trên cơ sở giới"
HALL = "Hội trường Trung tâm Văn hóa – Thể thao phường Trương Quang Trọng"
UNBREAKABLE = "1234/KHPH-BCĐCTGĐ-HLHPN-ĐTNCSHCM-UBMTTQVN-SVHTTDL"


def fill(session: Session) -> None:
    """Let the province of the imported catalogue live through its year up to ``NOON``."""
    extend_horizon(session, now=NOON)
    calendar = work_calendar(session)
    for key, year in (
        ("evaw_day", YEAR),
        ("gender_action_month", YEAR),
        ("happiness_day", YEAR + 1),
    ):
        for found in rounds_of(_template(session, key), year):
            open_round(session, found, now=NOON, calendar=calendar)
    hoa = _holder(
        session,
        "Cán bộ tỉnh có họ tên rất dài để thử trang (Hòa)",
        "hoa@example.org",
        PROVINCE,
        "so_vhttdl",
    )
    thi = _holder(
        session,
        "Cán bộ phường có họ tên rất dài để thử trang (Thi)",
        "thi@example.org",
        COMMUNE,
        "ubnd_xa",
    )
    _holder(session, "Cán bộ xã khác (Khánh)", "khanh@example.org", OTHER_COMMUNE, "ubnd_xa")
    for name, kind in zip(VILLAGES, ("to_dan_pho", "to_dan_pho"), strict=True):
        add_village(
            session,
            get_unit(session, COMMUNE),
            kind,
            name.removeprefix("Tổ dân phố "),
            by=thi,
            now=NOON,
            calendar=calendar,
        )
    _work(session, thi)
    _activities(session, thi, hoa)
    _documents(session, thi)
    _versions(session, hoa)
    _decided(session, hoa)
    _announced(session)
    merge(session, [OTHER_COMMUNE, "21028-2025"], NewUnit("Xã Bình Minh Mới"), stamp=Stamp(hoa, NOON), on=date(2027, 1, 1), basis="Nghị quyết thử số 01/NQ-HĐND")  # fmt: skip


def campaign_of(session: Session, unit_key: str, template_key: str = "evaw_day") -> Campaign:
    """Return a unit's running campaign."""
    unit, template = get_unit(session, unit_key), _template(session, template_key)
    same = (Campaign.unit_id == unit.id, Campaign.round.has(Round.template_id == template.id))
    return session.scalars(
        select(Campaign).join(Campaign.round).where(*same).order_by(Round.year)
    ).one()


def _template(session: Session, key: str) -> Template:
    return session.scalars(select(Template).where(Template.key == key)).one()


def _holder(session: Session, name: str, email: str, unit_key: str, role: str) -> Person:
    person = add_person(session, name, email)
    give_post(session, person, get_unit(session, unit_key), role, since=date(2025, 7, 1))
    return person


def _work(session: Session, thi: Person) -> None:
    """Let a commune add, split, finish and be late with items."""
    campaign = campaign_of(session, COMMUNE)
    own = OwnItem(OWN_ITEM, date(2026, 11, 30), "event", ("photo",))
    item = add_own_item(session, campaign, own, by=thi, now=NOON)
    villages = session.scalars(select(Unit.id).where(Unit.parent_id == campaign.unit_id)).all()
    split_item(session, item.id, villages, by=thi, now=NOON, calendar=work_calendar(session))
    for late in _items(session, campaign):
        late.evidence_min = 0
        complete_item(session, late.id, Stamp(thi, NOON))
    others = select(Campaign).where(
        Campaign.round.has(Round.template_id == campaign.template_id), Campaign.id != campaign.id
    )
    for other in session.scalars(
        others.where(Campaign.parent_id.is_not(None)).order_by(Campaign.id).limit(50)
    ):
        for late in _items(session, other):
            late.status, late.completed_on, late.completed = (
                "COMPLETED",
                late.due + timedelta(days=4),
                NOON,
            )


def _items(session: Session, campaign: Campaign) -> list[ChecklistItem]:
    """Return a campaign's items that are past their day."""
    overdue = (
        ChecklistItem.campaign_id == campaign.id,
        ChecklistItem.due < NOON.date() - timedelta(days=4),
    )
    return list(session.scalars(select(ChecklistItem).where(*overdue, ~ChecklistItem.is_own)))


def _activities(session: Session, thi: Person, hoa: Person) -> None:
    start = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 08:00 in Vietnam
    campaign, above = campaign_of(session, COMMUNE), campaign_of(session, PROVINCE)
    plan = Plan(
        LAUNCH,
        start,
        start + timedelta(hours=2),
        HALL,
        "Ban Chỉ đạo công tác gia đình phường",
        expected=250,
    )
    add_activity(session, campaign, plan, by=thi, now=NOON)
    later = start + timedelta(hours=1)
    add_activity(
        session,
        above,
        Plan("Tọa đàm với già làng", later, later + timedelta(hours=3), HALL),
        by=hoa,
        now=NOON,
    )


def _documents(session: Session, thi: Person) -> None:
    campaign = campaign_of(session, COMMUNE)
    paper = Paper(DocumentKind.PLAN, "Kế hoạch tổ chức Ngày Quốc tế xóa bỏ bạo lực đối với phụ nữ và trẻ em gái năm 2026 trên địa bàn phường", UNBREAKABLE, date(2026, 11, 2), campaign.unit.full_name, "Phó Chủ tịch UBND phường")  # fmt: skip
    plan = add_document(session, campaign, paper, item=campaign.items[0], by=thi, now=NOON)
    issue_document(session, plan, date(2026, 11, 3), by=thi, now=NOON)
    changed = add_document(
        session,
        campaign,
        Paper(DocumentKind.LETTER, "Công văn điều chỉnh thời gian tổ chức"),
        by=thi,
        now=NOON,
    )
    supersede(session, changed, plan, by=thi, now=NOON)


def _versions(session: Session, hoa: Person) -> None:
    """Make a second version, which leaves the communes more time for one item and asks for a new
    one.
    """
    template = _template(session, "evaw_day")
    entries = [item_entry(item) for item in template.current.items]
    last = entries[-1].model_copy(
        update={
            "key": "thank_you",
            "title_vi": "Gửi thư cảm ơn các đơn vị phối hợp",
            "depends_on": [],
        }
    )
    entries[-1] = entries[-1].model_copy(update={"offset_days": entries[-1].offset_days + 5})
    edit_template(
        session,
        template,
        [*entries, last],
        note="Thêm thư cảm ơn, lùi hạn báo cáo năm ngày",
        by=hoa,
        now=NOON,
    )


def _decided(session: Session, hoa: Person) -> None:
    text = "Hoán đổi ngày làm việc từ ngày 31/12/2026 sang ngày 26/12/2026"
    days = tuple(day.decision for day in read_decision(text, YEAR).days)
    decision = YearDecision(YEAR, days, text, "Công văn thử số 1/BNV-TCBC")
    mark = preview_decision(session, decision).fingerprint
    apply_decision(session, decision, stamp=Stamp(hoa, NOON), expected_fingerprint=mark)


def _announced(session: Session) -> None:
    day = session.scalars(select(Observance).where(Observance.key == "intl_day_evaw")).one()
    slogans = ["Im lặng không phải là vàng – hãy lên tiếng", "Vì một gia đình không bạo lực"]
    announce_theme(session, day, YEAR, "Đoàn kết chấm dứt bạo lực đối với phụ nữ và trẻ em gái trên không gian mạng", slogans, by=None, source="Công văn thử số 2/BVHTTDL-GĐ", now=NOON)  # fmt: skip
