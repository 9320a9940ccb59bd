import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import update

from events.models import ChecklistItem
from tests.browser import province
from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser

CAMPAIGN = "Ngày Quốc tế xóa bỏ bạo lực"


@pytest.fixture
def person(context: BrowserContext, site: Site) -> Person:
    return Person(context.new_page(), site)


def open_campaign(person: Person) -> None:
    person.open("/")
    person.page.get_by_role("link", name="Xem chiến dịch").first.click()
    expect(person.page.get_by_role("heading", level=1)).to_contain_text(CAMPAIGN)


def give_evidence(person: Person) -> None:
    """Choose the wanted file in the form that the checklist leads to, and tick there."""
    person.page.locator("#file-file").set_input_files(
        {"name": "tai-lieu.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    person.page.locator("#minh-chung .button-main").click()


def only_a_tick(site: Site) -> None:
    """Let the checklist's items be done without evidence."""
    with site.session_factory.begin() as session:
        session.execute(update(ChecklistItem).values(evidence_min=0))


def test_the_first_administrator_sets_up_ticks_and_undoes(person: Person):
    page = person.page
    person.set_up()
    open_campaign(person)
    way = page.get_by_role("link", name="Hoàn thành:").first
    name = way.get_attribute("aria-label")
    assert name
    circle = page.get_by_role("button", name=name, exact=True)

    way.click()
    expect(page.locator("#minh-chung")).to_be_visible()
    person.sees_no_barrier()
    give_evidence(person)

    expect(circle).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_contain_text("Hoàn thành:")
    expect(page.locator("#tien-do")).to_contain_text("1/6 việc")

    page.get_by_role("button", name="Hoàn tác").first.click()

    expect(circle).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#tien-do")).to_contain_text("0/6 việc")
    circle.click()
    expect(page.locator("#tien-do")).to_contain_text("1/6 việc")
    page.get_by_role("button", name="Hoàn tác").first.click()
    expect(page.locator("#tien-do")).to_contain_text("0/6 việc")
    page.reload()
    expect(circle).to_have_attribute("aria-pressed", "false")


def test_ticking_works_without_javascript(context_without_script: BrowserContext, site: Site):
    person = Person(context_without_script.new_page(), site)
    person.set_up()
    open_campaign(person)

    person.page.get_by_role("link", name="Hoàn thành:").first.click()
    give_evidence(person)

    expect(person.page.locator("#tien-do")).to_contain_text("1/6 việc")
    person.page.get_by_role("button", name="Hoàn tác").click()
    expect(person.page.locator("#tien-do")).to_contain_text("0/6 việc")
    person.needs_no_sideways_scrolling()


def test_a_stranger_is_asked_to_sign_in_before_work_is_shown(person: Person):
    person.open("/")
    campaign = person.page.get_by_role("link", name="Xem chiến dịch")
    expect(campaign).to_have_count(0)

    person.open("/viec/1")

    expect(person.page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")


def test_somebody_signed_out_meanwhile_who_ticks_is_asked_to_sign_in(
    person: Person, context: BrowserContext, site: Site
):
    only_a_tick(site)
    person.set_up()
    open_campaign(person)
    person.page.wait_for_load_state("networkidle")  # an answer on its way would bring its cookie
    context.clear_cookies()

    person.page.get_by_role("button", name="Hoàn thành:").first.click()

    expect(person.page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    expect(person.page.get_by_role("status")).to_contain_text("Vui lòng đăng nhập trước")


def test_a_tick_that_does_not_arrive_is_taken_back(
    person: Person, context: BrowserContext, site: Site
):
    only_a_tick(site)
    person.set_up()
    open_campaign(person)
    context.set_offline(True)

    circle = person.page.get_by_role("button", name="Hoàn thành:").first
    circle.click()

    expect(person.page.get_by_role("status")).to_contain_text("Không có mạng")
    expect(circle).to_have_attribute("aria-pressed", "false")
    context.set_offline(False)
    circle.click()
    expect(person.page.locator("#tien-do")).to_contain_text("1/6 việc")


def test_the_panel_offers_every_way_to_subscribe(person: Person):
    page = person.page
    person.open("/ngay/ngay-gia-dinh-viet-nam")
    panel = page.locator("#dang-ky")

    expect(panel.get_by_role("link", name="iPhone, Mac")).to_have_attribute(
        "href", "webcal://127.0.0.1:8000/lich/ngay-gia-dinh-viet-nam.ics"
    )
    # this address of the tests is one that neither reaches
    expect(panel.get_by_role("link", name="Google")).to_have_count(0)
    expect(panel.get_by_role("link", name="Outlook")).to_have_count(0)
    expect(panel).to_contain_text("Google và Outlook trên web không lấy được lịch này")
    expect(panel.get_by_role("link", name="Tải tệp .ics")).to_be_visible()
    expect(panel.get_by_label("Địa chỉ lịch")).to_have_value(
        "http://127.0.0.1:8000/lich/ngay-gia-dinh-viet-nam.ics"
    )
    expect(panel.get_by_role("button", name="Sao chép")).to_be_visible()
    # and no telephone reaches it, so that no code leads there
    expect(panel.get_by_role("img", name="Mã QR của trang này")).to_have_count(0)
    expect(panel).to_contain_text("Google mất từ vài giờ đến một ngày")


def test_the_address_is_copied(person: Person, context: BrowserContext):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.open("/ngay/ngay-gia-dinh-viet-nam")

    person.page.get_by_role("button", name="Sao chép").click()

    expect(person.page.get_by_role("button", name="Đã sao chép")).to_be_visible()
    assert person.page.evaluate("navigator.clipboard.readText()").endswith(
        "/lich/ngay-gia-dinh-viet-nam.ics"
    )


def test_home_opens_the_panel_in_place(person: Person):
    person.open("/")

    person.page.get_by_text("Đăng ký lịch").first.click()

    expect(person.page.get_by_role("button", name="Sao chép").first).to_be_visible()
    person.needs_no_sideways_scrolling()


def test_the_keyboard_reaches_the_content_first(person: Person):
    person.open("/")

    person.page.keyboard.press("Tab")

    expect(person.page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier(person: Person, scheme: str):
    person.page.emulate_media(color_scheme=scheme)
    complaints: list[str] = []
    person.page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    for path in (
        "/",
        "/?thang=2026-02",
        "/ngay/ngay-gia-dinh-viet-nam",
        "/don-vi/",
        "/don-vi/?q=đăk",
        "/don-vi/tinh-kon-tum",
    ):
        person.open(path)
        person.sees_no_barrier()
    for path in ("/don-vi/tinh-quang-ngai-2025", "/dang-nhap", "/cai-dat"):
        person.open(path)
        person.sees_no_barrier()
    assert complaints == []


def test_no_page_of_somebody_signed_in_has_a_barrier(person: Person):
    person.set_up()
    person.sees_no_barrier()
    person.open("/thu/")
    person.sees_no_barrier()
    open_campaign(person)
    person.page.get_by_role("link", name="Hoàn thành:").first.click()
    give_evidence(person)
    expect(person.page.locator("#tien-do")).to_contain_text("1/6 việc")
    person.sees_no_barrier()
    person.page.locator(".item-title a").first.click()
    expect(person.page.get_by_role("heading", name="Lịch sử")).to_be_visible()
    person.sees_no_barrier()


def test_a_form_that_is_wrong_says_so_at_its_top(person: Person):
    person.open("/cai-dat")

    person.page.get_by_role("button", name="Tạo quản trị viên").click()

    expect(person.page.get_by_role("alert")).to_contain_text("Vui lòng kiểm tra lại")
    expect(person.page.get_by_role("alert")).to_be_focused()
    person.sees_no_barrier()


def test_a_day_and_an_hour_are_said_as_officials_write_them_whatever_the_browser_shows(
    context: BrowserContext, busy_site: Site
):
    person = Person(context.new_page(), busy_site)
    person.set_up()
    with busy_site.session_factory() as session:
        path = f"/chien-dich/{province.campaign_of(session, province.COMMUNE).uid}/hoat-dong/moi"
    person.open(path)
    day, hour = person.page.get_by_label("Ngày", exact=True), person.page.get_by_label("Từ giờ")

    day.fill("2026-12-10")
    hour.fill("18:30")

    expect(day).to_have_accessible_description("Thứ Năm, 10/12/2026")
    expect(person.page.get_by_text("Thứ Năm, 10/12/2026")).to_be_visible()
    expect(person.page.get_by_text("18:30", exact=True)).to_be_visible()
    day.fill("")
    expect(person.page.get_by_text("Thứ Năm, 10/12/2026")).to_have_count(0)


def test_what_was_done_before_is_ticked_in_the_list_with_its_day(person: Person, site: Site):
    page = person.page
    only_a_tick(site)
    person.set_up()
    open_campaign(person)
    first = page.locator("li.item").first

    first.get_by_text("Đã làm từ trước hôm nay?").click()
    first.get_by_label("Ngày hoàn thành").fill("2026-11-05")
    person.sees_no_barrier()
    first.get_by_role("button", name="Đánh dấu hoàn thành").click()

    expect(first).to_contain_text("Làm ngày 05/11/2026, ghi nhận lúc")
    expect(page.locator("#tien-do")).to_contain_text("1/6 việc")


def test_the_day_of_a_document_is_proposed_until_another_one_is_chosen(person: Person):
    page = person.page
    person.set_up()
    open_campaign(person)
    page.get_by_role("link", name="Hoàn thành: Lồng ghép").first.click()
    paper, done = page.get_by_label("Ngày văn bản"), page.get_by_label("Ngày hoàn thành")
    expect(done).to_have_value("2026-11-24")

    paper.fill("2026-11-05")
    paper.blur()
    expect(done).to_have_value("2026-11-05")
    expect(page.locator("#done_on-in-words")).to_have_text("Thứ Năm, 05/11/2026")
    done.fill("2026-11-06")
    done.blur()
    paper.fill("2026-11-04")
    paper.blur()

    expect(done).to_have_value("2026-11-06")
