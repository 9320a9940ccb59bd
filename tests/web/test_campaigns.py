import re

from sqlalchemy import delete
from sqlalchemy.orm import Session

from events.models import CampaignStatus, ChecklistItem
from tests.web.conftest import Opened, Visitor


def test_a_campaign_shows_its_unit_dates_theme_and_progress(stranger: Visitor, opened: Opened):
    page = stranger.read(f"/chien-dich/{opened.commune.uid}")

    assert "Thị trấn Đăk Glei" in page
    assert "20/03/2021" in page
    assert f"0/{len(opened.commune.items)} việc" in page


def test_the_checklist_names_phase_role_and_who_holds_it(stranger: Visitor, opened: Opened):
    page = stranger.read(f"/chien-dich/{opened.commune.uid}")

    assert "UBND xã, phường, thị trấn" in page
    assert "Cán bộ xã (Thi)" in page
    assert "Chưa có người phụ trách" in page
    assert "thi@example.org" not in page


def test_a_due_date_that_moved_says_from_where_and_why(stranger: Visitor, opened: Opened, session: Session):
    opened.item.nominal_due, opened.item.due_reason = opened.item.due, "trong kỳ nghỉ Tết"
    session.commit()

    page = stranger.read(f"/chien-dich/{opened.commune.uid}")

    assert re.search(r'Hạn gốc \d\d/\d\d/2021 rơi <span lang="vi">trong kỳ nghỉ Tết</span>', page)


def test_what_should_come_first_is_a_warning_and_no_lock(signed_in, cast, opened: Opened):
    page = signed_in(cast.hoa).read(f"/chien-dich/{opened.province.uid}")

    waiting = next(item for item in opened.province.items if item.depends_on)
    assert "Cần làm trước, hiện chưa xong" in page
    assert f'action="/viec/{waiting.id}/hoan-thanh"' in page


def test_a_parent_shows_the_units_below_with_their_progress(stranger: Visitor, opened: Opened):
    page = stranger.read(f"/chien-dich/{opened.province.uid}")

    assert "Huyện Đăk Glei" in page
    assert "Gồm cả cấp dưới" in page


def test_strangers_may_read_and_see_the_tick(stranger: Visitor, opened: Opened):
    assert f'action="/viec/{opened.item.id}/hoan-thanh"' in stranger.read(f"/chien-dich/{opened.commune.uid}")


def test_who_has_no_post_there_reads_that_ticking_is_for_others(signed_in, cast, opened: Opened):
    page = signed_in(cast.khanh).read(f"/chien-dich/{opened.commune.uid}")

    assert "chỉ để xem" in page
    assert "/hoan-thanh" not in page


def test_a_cancelled_campaign_can_only_be_read(signed_in, cast, opened: Opened, session: Session):
    opened.commune.status = CampaignStatus.CANCELLED
    session.commit()

    page = signed_in(cast.thi).read(f"/chien-dich/{opened.commune.uid}")

    assert "Chiến dịch này đã hủy" in page
    assert "/hoan-thanh" not in page


def test_an_unknown_campaign_is_not_found_in_words(stranger: Visitor):
    assert "Không tìm thấy" in stranger.read("/chien-dich/khong-co", 404)


def test_the_number_of_queries_does_not_depend_on_the_number_of_items(
    stranger: Visitor, opened: Opened, count_queries, session: Session
):
    all_items = count_queries(lambda: stranger.read(f"/chien-dich/{opened.commune.uid}"))
    session.execute(delete(ChecklistItem).where(ChecklistItem.campaign_id == opened.commune.id, ChecklistItem.id != opened.item.id))
    session.commit()

    assert count_queries(lambda: stranger.read(f"/chien-dich/{opened.commune.uid}")) == all_items
