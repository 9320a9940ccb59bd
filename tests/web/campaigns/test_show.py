import re
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.checklist.evidence import evidence_missing
from events.checklist.integration import credit_item
from events.days.reasons import Cause, DayReason
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    DecidedYear,
    ItemState,
    Round,
    Template,
    TodoStatus,
)
from events.models.items import NotDone
from tests.web.conftest import NOON, Opened, Visitor


def test_a_campaign_shows_its_unit_dates_theme_and_progress(leader: Visitor, opened: Opened):
    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "Thị trấn Đăk Glei" in page
    assert "20/03/2021" in page
    assert f"0/{len(opened.commune.items)} việc" in page


def test_the_checklist_names_phase_role_and_who_holds_it(leader: Visitor, opened: Opened):
    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "UBND cấp xã" in page
    assert "Cán bộ xã (Thi)" in page
    assert "Chưa có người phụ trách" in page
    assert "thi@example.org" not in page


def test_a_due_date_that_moved_says_from_where_and_why(
    leader: Visitor, opened: Opened, session: Session
):
    opened.item.nominal_due, opened.item.due_reason = opened.item.due, DayReason(Cause.TET)
    session.commit()

    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert re.search(r"Hạn gốc \d\d/\d\d/2021 rơi trong kỳ nghỉ Tết\.", page)


def test_an_english_reader_has_the_reason_of_a_moved_date_in_english(
    leader: Visitor, opened: Opened, session: Session
):
    holiday = DayReason(Cause.HOLIDAY, "Quốc khánh")
    opened.item.nominal_due, opened.item.due_reason = opened.item.due, holiday
    session.commit()

    page = leader.in_english().read(f"/chien-dich/{opened.commune.uid}")

    assert re.search(
        r"The original date \d\d/\d\d/2021 falls on a public holiday \(National Day\)\.", page
    )


def test_a_date_says_that_its_day_off_is_a_guess_as_long_as_nobody_decides_it(
    leader: Visitor, opened: Opened, session: Session
):
    item = opened.item
    item.nominal_due, item.due_reason = date(2027, 2, 8), DayReason(Cause.TET)
    session.commit()
    guessed = leader.read(f"/chien-dich/{opened.commune.uid}")
    session.add(DecidedYear(year=2027))
    session.commit()
    decided = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "Hạn gốc 08/02/2027 rơi trong kỳ nghỉ Tết (dự kiến)." in guessed
    assert "Hạn gốc 08/02/2027 rơi trong kỳ nghỉ Tết." in decided


def test_what_should_come_first_is_a_warning_and_no_lock(signed_in, cast, opened: Opened):
    page = signed_in(cast.hoa).read(f"/chien-dich/{opened.province.uid}")

    waiting = next(item for item in opened.province.items if item.depends_on)
    assert "Cần làm trước, hiện chưa xong" in page
    assert f'href="/viec/{waiting.id}?back=' in page


def test_a_parent_shows_the_units_below_with_their_progress(leader: Visitor, opened: Opened):
    page = leader.read(f"/chien-dich/{opened.province.uid}")

    assert "Huyện Đăk Glei" in page
    assert "Gồm cả cấp dưới" in page


def test_strangers_are_led_to_sign_in_and_back_by_a_printed_code(stranger: Visitor, opened: Opened):
    address = f"/chien-dich/{opened.commune.uid}"

    response = stranger.get(address)

    assert response.location == f"/dang-nhap?next={address}"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert opened.commune.summary not in response.text


def test_a_unit_reads_of_a_campaign_above_what_it_is_about_and_not_how_its_work_stands(
    signed_in, cast, opened: Opened
):
    page = signed_in(cast.thi).read(f"/chien-dich/{opened.province.uid}")

    assert opened.province.summary in page
    assert "Danh mục việc dành cho người có chức danh tại tỉnh Kon Tum" in page
    assert opened.province.items[0].summary not in page
    assert opened.other_commune.unit.name not in page


def test_the_tick_of_an_item_that_wants_evidence_leads_to_its_form(signed_in, cast, opened: Opened):
    page = signed_in(cast.thi).read(f"/chien-dich/{opened.commune.uid}")

    assert evidence_missing(opened.item) == 1
    assert (
        f'href="/viec/{opened.item.id}?back=/chien-dich/{opened.commune.uid.replace("@", "%40")}#minh-chung"'
        in page.replace("@", "%40")
    )
    assert f'action="/viec/{opened.item.id}/hoan-thanh"' not in page


def test_who_only_reads_there_reads_that_ticking_is_for_others(leader: Visitor, opened: Opened):
    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "chỉ để xem" in page
    assert "/hoan-thanh" not in page


def test_a_cancelled_campaign_can_only_be_read(signed_in, cast, opened: Opened, session: Session):
    opened.commune.round.status = CampaignStatus.CANCELLED
    session.commit()

    thi = signed_in(cast.thi)
    page = thi.read(f"/chien-dich/{opened.commune.uid}")

    assert "Chiến dịch này đã hủy" in page
    assert "/hoan-thanh" not in page
    for path in (f"/chien-dich/{opened.commune.uid}", f"/viec/{opened.item.id}"):
        assert not re.search(r"còn \d+ ngày", thi.read(path)), path
    assert "Văn bản</h2>" not in thi.read(f"/viec/{opened.item.id}")


def test_the_checklist_follows_the_units_own_progress_and_the_unit_is_named_once_above_it(
    leader: Visitor, opened: Opened
):
    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    head = page[page.index("<main") : page.index('id="danh-muc"')]
    assert head.count("Thị trấn Đăk Glei") == 1
    assert head.index('id="tien-do"') < head.index("<details>") < head.index("Chủ đề")


def test_a_printed_checklist_has_a_place_to_sign_and_a_code_that_leads_back(
    leader: Visitor, opened: Opened
):
    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    [code] = re.findall(r'<div class="on-paper">.*?src="([^"]+)"', page, re.DOTALL)
    assert "ký, ghi rõ họ tên" in page
    assert leader.get(code).mimetype == "image/svg+xml"


def test_a_campaign_of_no_observance_says_nothing_of_a_theme_that_is_not_announced(
    leader: Visitor, opened: Opened, session: Session
):
    opened.commune.round.observance_id = None
    session.commit()

    assert "Chủ đề</dt>" not in leader.read(f"/chien-dich/{opened.commune.uid}")


def test_an_unknown_campaign_is_not_found_in_words(leader: Visitor):
    assert "Không tìm thấy" in leader.read("/chien-dich/khong-co", 404)


def test_the_number_of_queries_does_not_depend_on_the_number_of_items(
    leader: Visitor, opened: Opened, count_queries, session: Session
):
    all_items = count_queries(lambda: leader.read(f"/chien-dich/{opened.commune.uid}"))
    session.execute(
        delete(ChecklistItem).where(
            ChecklistItem.campaign_id == opened.commune.id, ChecklistItem.id != opened.item.id
        )
    )
    session.commit()

    assert count_queries(lambda: leader.read(f"/chien-dich/{opened.commune.uid}")) == all_items


def test_what_holds_an_item_up_and_why_one_is_left_out_is_said(
    leader: Visitor, opened: Opened, session: Session
):
    held_up, left_out = opened.commune.items[:2]
    held_up.blocked = "chưa có kinh phí"
    left_out.status, left_out.not_done, left_out.reason = (
        TodoStatus.CANCELLED,
        NotDone.NOT_REQUIRED,
        "không có trường học",
    )
    session.commit()

    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "chưa có kinh phí" in page
    assert "Không yêu cầu" in page
    assert "không có trường học" in page
    assert f'action="/viec/{left_out.id}/hoan-thanh"' not in page


def test_a_campaign_may_have_its_own_theme_and_belong_to_no_observance(
    leader: Visitor, opened: Opened, session: Session
):
    opened.commune.theme, opened_in = "Gia đình no ấm", opened.commune.round
    opened_in.observance_id, opened_in.event_date = None, opened_in.dtstart
    session.commit()

    page = leader.read(f"/chien-dich/{opened.commune.uid}")

    assert "Gia đình no ấm" in page
    assert "Thứ Bảy, 20/03/2021" in page
    leader.read(f"/viec/{opened.item.id}")


def of_template(session: Session, unit_id: int, key: str) -> Campaign:
    query = select(Campaign).where(
        Campaign.unit_id == unit_id,
        Campaign.round.has(Round.year == 2021),
        Campaign.round.has(Round.template.has(Template.key == key)),
    )
    return session.scalars(query).one()


def test_a_unit_reads_one_checklist_for_a_campaign_and_the_one_inside_it(
    leader: Visitor, cast, vietnam, session: Session
):
    open_campaigns(session, now=NOON.replace(month=11), calendar=vietnam, year=2021)
    session.commit()
    month, day = (
        of_template(session, cast.commune.id, key) for key in ("gender_action_month", "evaw_day")
    )

    page = leader.read(f"/chien-dich/{month.uid}")

    for item in [*month.items, *day.items]:
        assert page.count(f'id="viec-{item.id}"') == 1
    assert f'href="/chien-dich/{day.uid}"' in page
    # progress counts the inner campaign's items in their own campaign
    assert f"0/{len(month.items)} việc" in page
    assert f'href="/chien-dich/{month.uid}"' in leader.read(f"/chien-dich/{day.uid}")


def test_integrated_work_is_shown_in_both_campaigns_and_counted_in_its_own(
    signed_in, cast, opened: Opened, vietnam, session: Session
):
    open_campaigns(session, now=NOON.replace(month=5), calendar=vietnam, year=2021)
    family_day = of_template(session, cast.commune.id, "vn_family_day")
    credit_item(session, opened.item.id, family_day, by=cast.thi, now=NOON)
    opened.item.evidence_min = 0
    session.commit()
    thi: Visitor = signed_in(cast.thi)

    thi.post(f"/viec/{opened.item.id}/hoan-thanh")

    page = thi.read(f"/chien-dich/{family_day.uid}")
    assert f'id="viec-{opened.item.id}" class="item is-done"' in page
    assert f"0/{len(family_day.items)} việc" in page
    assert f"1/{len(opened.commune.items)} việc" in thi.read(f"/chien-dich/{opened.commune.uid}")


def test_the_same_work_of_the_campaign_inside_is_done_together_by_one_button(
    signed_in, cast, vietnam, session: Session
):
    open_campaigns(session, now=NOON.replace(month=11), calendar=vietnam, year=2021)
    month, day = (
        of_template(session, cast.commune.id, key) for key in ("gender_action_month", "evaw_day")
    )
    plan, second = (
        next(item for item in campaign.items if item.key == "plan_commune")
        for campaign in (month, day)
    )
    session.commit()
    thi: Visitor = signed_in(cast.thi)
    path, chosen = f"/viec/{plan.id}/long-ghep", f"{day.uid}/{second.id}"
    assert f'action="{path}"' in thi.read(f"/chien-dich/{month.uid}")
    assert thi.read(f"/viec/{plan.id}/tuy-chon").index(chosen) < thi.read(
        f"/viec/{plan.id}/tuy-chon"
    ).index(f'"{day.uid}"')

    thi.post(path, campaign=chosen, back=f"/chien-dich/{month.uid}")

    session.expire_all()
    assert second.state is ItemState.NOT_REQUIRED
    assert f'action="{path}"' not in thi.read(f"/chien-dich/{month.uid}")
    assert f'href="/viec/{plan.id}"' in thi.read(f"/viec/{second.id}")
    thi.post(path, campaign=day.uid, remove="1")
    session.expire_all()
    assert second.is_open
