"""What people do between January and December, in a real browser: choose, meet, write, move dates,
change templates and units.
"""

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import province
from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser


@pytest.fixture
def person(context: BrowserContext, busy_site: Site) -> Person:
    """The administrator, who has a post in the province."""
    person = Person(context.new_page(), busy_site)
    person.set_up()
    return person


def campaign(site: Site, unit_key: str) -> str:
    with site.session_factory() as session:
        return f"/chien-dich/{province.campaign_of(session, unit_key).uid}"


def item(site: Site, unit_key: str, key: str) -> str:
    with site.session_factory() as session:
        found = province.campaign_of(session, unit_key)
        return f"/viec/{next(item.id for item in found.items if item.key == key)}"


def says(person: Person, text: str) -> None:
    expect(person.page.get_by_role("status")).to_contain_text(text)


def test_a_unit_chooses_what_it_does_and_who(person: Person):
    page = person.page
    person.open(item(person.site, province.COMMUNE, "school_talk") + "/tuy-chon")
    page.get_by_role("button", name="Bỏ việc này").click()
    says(person, "Đã bỏ việc này")

    person.open(item(person.site, province.COMMUNE, "loudspeaker") + "/tuy-chon")
    page.get_by_label("Đơn vị", exact=True).select_option(label=province.VILLAGES[1])
    page.get_by_role("button", name="Lưu").click()
    expect(page.get_by_role("status")).to_be_visible()

    person.open(item(person.site, province.COMMUNE, "loudspeaker"))
    expect(page.locator("main")).to_contain_text(province.VILLAGES[1])

    person.open(campaign(person.site, province.COMMUNE) + "/viec-rieng")
    page.get_by_label("Việc cần làm").fill("Treo cờ dọc đường")
    page.get_by_label("Hạn").fill("2026-11-28")
    page.get_by_role("button", name="Lưu").click()
    expect(page.locator("main")).to_contain_text("Treo cờ dọc đường")


def test_an_item_is_edited_by_hand_and_follows_its_template_again(person: Person):
    page, address = person.page, item(person.site, province.COMMUNE, "loudspeaker")
    person.open(address)
    page.get_by_role("link", name="Sửa việc này").click()
    page.get_by_label("Việc cần làm").fill("Phát thanh trên loa tổ dân phố")
    page.get_by_label("Hạn").fill("2026-12-05")
    page.get_by_role("button", name="Lưu").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Phát thanh trên loa tổ dân phố")
    expect(page.locator("main")).to_contain_text("Đã sửa tay: hạn, nội dung")
    person.sees_no_barrier()

    page.get_by_role("link", name="Sửa việc này").click()
    page.get_by_role("button", name="Theo lại mẫu").click()
    expect(page.locator("main")).not_to_contain_text("Đã sửa tay")


def test_an_activity_is_planned_with_its_overlap_and_stands_in_the_calendar(person: Person):
    page = person.page
    person.open(campaign(person.site, province.COMMUNE) + "/hoat-dong/moi")
    page.get_by_label("Tên hoạt động").fill("Tọa đàm tại hội trường")
    page.get_by_label("Ngày", exact=True).fill("2026-11-25")
    page.get_by_label("Từ giờ").fill("08:30")
    page.get_by_label("Đến giờ").fill("10:30")
    page.get_by_label("Địa điểm").fill(province.HALL)
    page.get_by_role("button", name="Lưu").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Tọa đàm tại hội trường")
    expect(page.locator(".notice-warning")).to_contain_text(province.LAUNCH)
    feed = page.request.get(f"{person.site.address}/lich/truong-quang-trong-21172-2025.ics").text()
    assert "Tọa đàm tại hội trường" in feed.replace("\r\n ", "")


def test_a_document_is_entered_and_issued(person: Person):
    page = person.page
    person.open(campaign(person.site, province.COMMUNE) + "/van-ban")
    form = page.locator("form").filter(has=page.get_by_label("Trích yếu"))
    form.get_by_label("Trích yếu").fill("Kế hoạch phối hợp với nhà trường")
    form.get_by_role("button").last.click()
    paper = page.locator("article").filter(
        has=page.locator("p", has_text="Kế hoạch phối hợp với nhà trường")
    )
    expect(paper).to_contain_text("Dự thảo")

    paper.get_by_role("button", name="Ghi nhận ban hành").click()

    expect(paper).to_contain_text("Ban hành ngày")


def test_a_day_moves_after_its_preview(person: Person):
    page = person.page
    person.open(campaign(person.site, province.PROVINCE))
    page.get_by_role("link", name="Dời ngày").click()
    page.get_by_label("Ngày mới của hoạt động chính").fill("2026-11-27")
    page.get_by_role("button", name="Xem những gì sẽ dời").click()
    expect(page.locator("table")).to_contain_text("27/11/2026")
    person.sees_no_barrier()

    page.locator("form[method=post] .button-main").click()

    says(person, "Đã dời")
    person.open(item(person.site, province.PROVINCE, "main_event"))
    expect(page.locator(".due").first).to_contain_text("27/11/2026")


def test_a_new_version_is_applied_after_its_preview(person: Person):
    page = person.page
    person.open(campaign(person.site, province.PROVINCE) + "/phien-ban")
    page.get_by_role("button", name="Xem những gì sẽ thay đổi").click()
    expect(page.locator("table")).to_contain_text("Gửi thư cảm ơn")

    page.get_by_role("button", name="Áp dụng phiên bản 2").click()

    expect(page.locator("main")).to_contain_text("Gửi thư cảm ơn các đơn vị phối hợp")


def test_units_are_merged_after_a_preview(person: Person):
    page = person.page
    person.open("/cai-cach/moi/sap-nhap")
    for typed, unit in (("an phu", "Xã An Phú"), ("binh son", "Xã Bình Sơn")):
        page.get_by_label("Tìm theo tên").fill(typed)
        page.get_by_role("button", name="Tìm").click()
        page.get_by_role("checkbox", name=unit).first.check()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_label("Tên đầy đủ của đơn vị mới").fill("Xã An Bình Thử")
    page.get_by_label("Ngày đầu tiên của đơn vị mới").fill("2027-01-01")
    page.get_by_role("button", name="Xem thay đổi").click()
    expect(page.locator("main")).to_contain_text("Xã An Bình Thử")
    person.sees_no_barrier()

    page.locator("main form .button-main").last.click()

    expect(page.locator("main")).to_contain_text("Xã An Phú, Xã Bình Sơn → Xã An Bình Thử")


def test_the_decision_on_tet_is_pasted_and_applied(person: Person):
    page = person.page
    person.open("/lich-lam-viec/")
    page.get_by_role("textbox", name="Năm").fill("2027")
    page.get_by_label("Hoặc dán nội dung quyết định").fill(
        "Nghỉ Tết Nguyên đán từ ngày 05/02/2027 đến hết ngày 11/02/2027"
    )
    page.locator("main form .button-main").first.click()
    expect(page.locator("main")).to_contain_text("05/02/2027")
    person.sees_no_barrier()

    page.locator("main form .button-main").last.click()

    expect(page.locator("main li").filter(has_text="2027").first).to_contain_text("đã quyết định")


def test_the_province_keeps_another_day_with_a_checklist_and_opens_a_course(person: Person):
    page = person.page
    person.open("/ngay-ky-niem/")
    page.get_by_role("button", name="Bật Ngày Quốc tế Phụ nữ").click()
    says(person, "Ngày Quốc tế Phụ nữ")
    page.get_by_role("link", name="Ngày Quốc tế Phụ nữ").click()
    page.get_by_role("combobox", name="Danh mục công việc").select_option("happiness_day")
    page.get_by_role("button", name="Nhận danh mục này").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ngày Quốc tế Phụ nữ")

    person.open("/ngay-ky-niem/loai/training_course/mo")
    page.get_by_label("Ngày").fill("2027-03-16")
    page.get_by_role("button", name="Mở chiến dịch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("16/03/2027")


def test_somebody_is_put_in_a_post_and_progress_is_looked_at(person: Person):
    page = person.page
    person.open("/don-vi/truong-quang-trong-21172-2025/nhan-su")
    page.get_by_label("Họ và tên").fill("Cán bộ mới (thử)")
    page.get_by_label("Thư điện tử").fill("moi@example.org")
    page.get_by_label("Vai trò").select_option(index=1)
    page.get_by_role("button", name="Giao vai trò").click()
    expect(page.locator("main")).to_contain_text("Cán bộ mới (thử)")

    person.open("/tien-do/tinh-quang-ngai-2025")
    expect(page.locator("main")).to_contain_text("102/1.269 việc")
    page.get_by_label("Tính đến hết ngày").fill("2026-11-23")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("main")).to_contain_text("23/11/2026")
