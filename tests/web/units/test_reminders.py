"""The page of a unit's reminders: its rules, a rule tried out, the calendar of mail."""

from sqlalchemy import select

from events.models import ReminderRule
from events.people.posts import give_post
from notifications.notices.table import Notice
from tests.web.conftest import Opened

RULE = {"kind": "usual", "template": "", "steps": "-2, 0", "weeks": "1", "grace": "4"}


def page_of(unit) -> str:
    return f"/don-vi/{unit.slug}/nhac-viec"


def test_an_officer_sees_what_the_communes_will_get_before_a_rule_is_stored(
    signed_in, cast, session, opened: Opened
):
    visitor = signed_in(cast.hoa)

    as_it_is = visitor.read(f"{page_of(cast.commune)}?thang=2021-03")
    tried = visitor.read(
        f"{page_of(cast.commune)}?thang=2021-03&kind=usual&steps=-2,0&weeks=1&grace=4"
    )

    assert cast.thi.full_name in as_it_is
    assert "trước 1 ngày làm việc" in as_it_is
    assert "trước 2 ngày làm việc" in tried
    assert "Lưu quy tắc này" in tried
    assert "Lưu quy tắc này" not in as_it_is
    assert session.scalars(select(Notice)).all() == []
    own = select(ReminderRule).where(ReminderRule.unit_id.is_not(None))
    assert session.scalars(own).all() == []


def test_a_rule_is_stored_and_dropped(signed_in, cast, session, opened: Opened):
    visitor, page = signed_in(cast.hoa), page_of(cast.commune)

    assert visitor.post(page, **RULE).status_code == 303
    own = select(ReminderRule).where(ReminderRule.unit_id == cast.commune.id)
    rule = session.scalars(own).one()
    assert (rule.steps, rule.weeks, rule.grace) == ([-2, 0], 1, [4])
    assert "theo đơn vị cấp trên" in visitor.read(page)

    assert visitor.post(page, kind="usual", drop="1").status_code == 303
    assert session.scalars(own).all() == []


def test_what_is_no_rule_is_said(signed_in, cast, opened: Opened):
    visitor, page = signed_in(cast.hoa), page_of(cast.commune)

    assert visitor.post(page, **RULE | {"steps": "x"}).status_code == 400
    assert visitor.post(page, **RULE | {"steps": "-99"}).status_code == 400
    assert visitor.post(page, **RULE | {"kind": "x"}).status_code == 400
    assert "số nguyên" in visitor.read(f"{page}?steps=x&kind=usual")


def test_a_unit_beside_may_not_look(signed_in, cast, opened: Opened):
    assert signed_in(cast.thi).get(page_of(cast.other_commune)).status_code == 403
    assert signed_in(cast.thi).get(page_of(cast.commune)).status_code == 200


def test_a_leader_may_not_change_when_people_are_reminded(signed_in, cast, session, opened: Opened):
    give_post(session, cast.la, cast.commune, "hoi_lhpn")
    session.commit()

    assert signed_in(cast.la).post(page_of(cast.commune), **RULE).status_code == 403
