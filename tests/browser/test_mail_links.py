"""What people do who come from a mail, and who never sign in."""

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import select

from events.checklist.charge import charge_of
from events.checklist.mail_links import MailLink, token_of
from events.models import Campaign, ChecklistItem, EvidenceType, Unit
from events.people.persons import add_person
from events.people.posts import give_post
from notifications.subscribers import choosing
from notifications.subscribers.table import Subscriber
from tests.browser.conftest import NARROW, NOON, Person, Site, _context
from tests.web.items.test_show import PNG

pytestmark = pytest.mark.browser
KEY = "a secret of at least sixteen characters"
ADDRESS = "can-bo-xa@example.org"


def link_of_a_commune(site: Site) -> tuple[str, str]:
    """Put somebody in charge of a commune's item that wants a photo; return the link of their mail
    and what the item is called.
    """
    with site.session_factory.begin() as session:
        is_commune = ChecklistItem.campaign.has(Campaign.unit.has(Unit.level_key == "commune"))
        item = session.scalars(select(ChecklistItem).where(is_commune)).first()
        assert item is not None
        photo = session.scalars(select(EvidenceType).where(EvidenceType.key == "photo")).one()
        item.evidence, item.evidence_min = [photo.key], 1
        person = add_person(session, "Cán bộ xã thử", ADDRESS)
        session.flush()
        charge = charge_of(item)
        unit = session.get_one(Unit, charge.unit_id)
        give_post(session, person, unit, charge.roles[0], since=NOON.date())
        return f"/qua-thu/{token_of(MailLink(person.id, item.id), KEY)}", item.summary


def test_an_item_is_done_from_a_mail_with_a_photo(context: BrowserContext, site: Site):
    somebody = Person(context.new_page(), site)
    page = somebody.page
    link, summary = link_of_a_commune(site)

    somebody.open(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(summary)
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("mail-link-open")
    page.get_by_role("link", name="Đánh dấu hoàn thành").click()
    expect(page.get_by_label("Ngày hoàn thành")).to_be_visible()
    somebody.sees_no_barrier()
    page.locator("input[type=file]").set_input_files(
        {"name": "anh.png", "mimeType": "image/png", "buffer": PNG}
    )
    somebody.leaves_a_picture("mail-link-done")
    page.get_by_role("button", name="Đánh dấu hoàn thành").click()

    expect(page.get_by_role("status")).to_contain_text("Đã ghi nhận là hoàn thành")
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("mail-link-after")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_role("status")).to_contain_text("Đã hoàn tác")
    page.get_by_role("link", name="Đang vướng mắc").click()
    page.get_by_label("Vướng mắc là gì?").fill("Hội trường đang sửa")
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("mail-link-held-up")
    page.get_by_role("button", name="Đang vướng mắc").click()
    expect(page.get_by_text("Hội trường đang sửa")).to_be_visible()

    somebody.open("/qua-thu/khong-co")
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("mail-link-gone")


def test_an_item_is_done_from_a_mail_without_script(browser: Browser, site: Site):
    for context in _context(browser, NARROW, java_script_enabled=False):
        somebody = Person(context.new_page(), site)
        link, _summary = link_of_a_commune(site)
        somebody.open(f"{link}/vuong")
        somebody.page.get_by_label("Vướng mắc là gì?").fill("Chờ kinh phí")
        somebody.page.get_by_role("button", name="Đang vướng mắc").click()

        expect(somebody.page.get_by_text("Chờ kinh phí")).to_be_visible()


def test_somebody_without_an_account_gets_letters_and_ends_them(
    context: BrowserContext, site: Site
):
    somebody = Person(context.new_page(), site)
    page = somebody.page

    somebody.open("/nhan-thu/")
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("letters-form")
    page.get_by_label("Thư điện tử").fill("dan@example.org")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Đăng ký nhận thư").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vui lòng kiểm tra hộp thư")
    somebody.sees_no_barrier()

    with site.session_factory.begin() as session:
        choosing.answer_requests(session, now=NOON)
        found = session.scalars(select(Subscriber)).one()
        confirming = choosing.token_of(found, KEY, choosing.CONFIRM)
    somebody.open(f"/nhan-thu/xac-nhan/{confirming}")
    somebody.sees_no_barrier()
    page.get_by_role("button", name="Xác nhận").click()
    expect(page.get_by_text("Đã xác nhận")).to_be_visible()
    somebody.sees_no_barrier()
    somebody.leaves_a_picture("letters-choose")
    page.get_by_role("link", name="Thôi nhận thư").click()
    somebody.sees_no_barrier()
    page.get_by_role("button", name="Thôi nhận thư").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã thôi nhận thư")
    somebody.sees_no_barrier()


def test_an_announcement_is_written_looked_at_and_sent(context: BrowserContext, busy_site: Site):
    officer = Person(context.new_page(), busy_site)
    page = officer.page
    officer.set_up()
    officer.open("/don-vi/tinh-quang-ngai-2025/thong-bao/moi")
    page.get_by_label("Tiêu đề").fill("Tập huấn công tác gia đình")
    page.get_by_label("Nội dung").fill(
        "Kính mời **toàn thể** cán bộ:\n\n- Xã Đăk Tô\n- Xã Ngọk Bay\n\n"
        "Xem [kế hoạch](https://example.org/ke-hoach)."
    )
    officer.sees_no_barrier()
    officer.leaves_a_picture("announcement-form")
    page.get_by_role("button", name="Lưu và xem trước").click()

    expect(page.get_by_role("heading", name="Người nhận sẽ đọc")).to_be_visible()
    officer.sees_no_barrier()
    officer.leaves_a_picture("announcement-preview")
    page.get_by_role("button", name="Gửi cho").click()
    expect(page.get_by_role("status")).to_contain_text("đang được gửi")
    officer.sees_no_barrier()
    officer.leaves_a_picture("announcement-sent")
    page.get_by_role("button", name="Dừng những thư chưa gửi").click()
    expect(page.get_by_role("status")).to_contain_text("Đã dừng")
    officer.sees_no_barrier()
