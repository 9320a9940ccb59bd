"""Passkeys with a device that a browser pretends to have, devices that end, and the log."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser

_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_device(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})


def test_a_passkey_is_added_and_signs_in(context: BrowserContext, named_site: Site):
    person = Person(context.new_page(), named_site)
    person.set_up()
    with_device(person.page)
    person.open("/tai-khoan/hai-buoc")
    person.sees_no_barrier()
    person.page.get_by_label("Tên thiết bị").fill("Điện thoại của tôi")
    person.page.get_by_role("button", name="Thêm khoá truy cập").click()
    expect(person.page.get_by_role("status").first).to_contain_text("Đã thêm khoá truy cập")
    expect(person.page.locator("main")).to_contain_text("Điện thoại của tôi")
    person.leaves_a_picture("passkeys")
    person.page.get_by_role("button", name="Đăng xuất", exact=True).click()
    person.open("/dang-nhap")
    person.sees_no_barrier()
    person.leaves_a_picture("sign-in")

    person.page.get_by_role("button", name="Đăng nhập bằng khoá truy cập").click()

    expect(person.page.locator(".who")).to_contain_text("Quản trị viên thử")
    person.open("/tai-khoan/hai-buoc")
    expect(person.page.locator("main")).to_contain_text("dùng gần nhất")


def test_a_device_without_the_key_is_told_so_and_stays_out(
    context: BrowserContext, named_site: Site
):
    person = Person(context.new_page(), named_site)
    person.set_up()
    person.page.get_by_role("button", name="Đăng xuất", exact=True).click()
    with_device(person.page)
    person.open("/dang-nhap")

    person.page.get_by_role("button", name="Đăng nhập bằng khoá truy cập").click()

    expect(person.page.locator("p[data-failed]")).to_contain_text("Chưa dùng được khoá")
    expect(person.page.locator(".who")).to_have_count(0)


def test_another_device_is_ended_and_the_log_says_it(
    browser: Browser, context: BrowserContext, busy_site: Site
):
    person = Person(context.new_page(), busy_site)
    person.set_up()
    other = browser.new_context(locale="vi-VN")
    lost = Person(other.new_page(), busy_site)
    lost.open("/dang-nhap")
    lost.page.locator("#email").fill("quan-tri@example.org")
    lost.page.get_by_label("Mật khẩu", exact=True).fill("ngựa pin đúng ghim")
    lost.page.get_by_role("button", name="Đăng nhập", exact=True).click()
    expect(lost.page.locator(".who")).to_contain_text("Quản trị viên thử")
    person.open("/tai-khoan/thiet-bi")
    person.sees_no_barrier()
    person.leaves_a_picture("devices")

    rows = person.page.locator("main .due-list li")
    expect(rows).to_have_count(2)
    rows.filter(has_not_text="thiết bị này").get_by_role("button").click()

    expect(person.page.get_by_role("status").first).to_contain_text("Đã đăng xuất thiết bị")
    lost.open("/tai-khoan")
    expect(lost.page).to_have_url(f"{busy_site.address}/dang-nhap?next=/tai-khoan")
    person.open("/quan-tri/nhat-ky")
    expect(person.page.locator("main .due-list li").first).to_contain_text("Đăng xuất thiết bị")
    person.sees_no_barrier()
    person.leaves_a_picture("log")
    other.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("account", "/tai-khoan"),
        ("codes", "/tai-khoan/hai-buoc/ma"),
        ("data", "/tai-khoan/du-lieu"),
        ("offers", "/tai-khoan/chuc-danh"),
        ("forgotten", "/dang-nhap/quen-mat-khau"),
        ("person", "/quan-tri/nguoi/1"),
        ("persons", "/quan-tri/nguoi?tim=can"),
    ],
)
def test_pages_of_accounts_bar_nobody(context: BrowserContext, busy_site: Site, name, path):
    person = Person(context.new_page(), busy_site)
    person.set_up()
    person.open(path)
    person.leaves_a_picture(name)
    person.sees_no_barrier()
