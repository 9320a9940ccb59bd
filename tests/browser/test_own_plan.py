"""A commune records that its plan was issued, and sees what counts from it move by itself."""

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select

from events.models import Anchor
from events.models import Person as Official
from events.replanning.new_version import apply_version, compare
from events.templates.editing import edit_template, item_entry
from events.working_calendar import work_calendar
from tests.browser import province
from tests.browser.conftest import NOON, Person, Site

pytestmark = pytest.mark.browser

AFTER_THE_PLAN = {
    "anchor": Anchor.PLAN,
    "offset_days": 5,
    "end_offset_days": None,
    "level_offsets": {},
    "depends_on": ["plan_commune"],
}
ISSUED = "2026-11-20"  # a Friday; five days later is the 25th


@pytest.fixture
def campaign(busy_site: Site) -> str:
    """Let the loudspeakers speak five days after the commune's own plan, and return the address of
    its campaign.
    """
    with busy_site.session_factory.begin() as session:
        top = province.campaign_of(session, province.PROVINCE, "happiness_day")
        by, calendar = (
            session.scalars(select(Official).where(Official.email == "hoa@example.org")).one(),
            work_calendar(session),
        )
        entries = [item_entry(item) for item in top.template.current.items]
        changed = [
            one.model_copy(update=AFTER_THE_PLAN) if one.key == "loudspeaker" else one
            for one in entries
        ]
        version = edit_template(session, top.template, changed, by=by, now=NOON)
        mark = compare(session, top, version, calendar=calendar, now=NOON).fingerprint
        apply_version(
            session, top, version, expected_fingerprint=mark, by=by, now=NOON, calendar=calendar
        )
        return f"/chien-dich/{province.campaign_of(session, province.COMMUNE, 'happiness_day').uid}"


def test_what_counts_from_a_plan_moves_when_that_is_issued_and_done_and_says_why(
    context: BrowserContext, busy_site: Site, campaign: str
):
    person = Person(context.new_page(), busy_site)
    page = person.page
    person.set_up()
    person.open(f"{campaign}/van-ban")
    expect(page.locator("#them").locator("..")).to_contain_text(
        "tự dời theo: Phát tin, bài trên hệ thống truyền thanh cơ sở"
    )
    page.get_by_label("Trích yếu").fill("Kế hoạch tổ chức Ngày Quốc tế Hạnh phúc")
    page.get_by_label("Số, ký hiệu").fill("15/KH-UBND")
    page.get_by_role("button", name="Nhập", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Đã nhập")
    page.get_by_label("Ngày ban hành").last.fill(ISSUED)
    page.get_by_role("button", name="Ghi nhận ban hành").click()

    expect(page.get_by_role("status")).to_contain_text("Hạn đã dời theo kế hoạch")
    person.sees_no_barrier()
    person.leaves_a_picture("own-plan-issued")
    page.get_by_role("status").get_by_role("link", name="Ban hành kế hoạch cấp xã").click()
    person.leaves_a_picture("own-plan-to-tick")
    page.locator("#minh-chung .button-main").click()
    expect(page.get_by_role("status")).to_contain_text("Hoàn thành: Ban hành kế hoạch cấp xã")
    person.open(campaign)
    page.get_by_role("link", name="Phát tin, bài trên hệ thống truyền thanh cơ sở").first.click()

    expect(page.locator(".history")).to_contain_text("tính từ ngày ban hành kế hoạch 20/11/2026")
    expect(page.locator("main")).to_contain_text("25/11/2026")
    person.sees_no_barrier()
    person.leaves_a_picture("own-plan-item")
