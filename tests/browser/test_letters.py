"""A ministry's letter: pasted, compared, stored."""

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Person, Site
from tests.events.observances.test_letter_text import FOR_TWO

pytestmark = pytest.mark.browser


def test_a_letter_for_two_observances_is_entered_by_one_paste(context: BrowserContext, site: Site):
    admin = Person(context.new_page(), site)
    page = admin.page
    admin.set_up()
    admin.open("/ngay-ky-niem/")
    page.get_by_role("link", name="Dán công văn của bộ về chủ đề").click()
    admin.sees_no_barrier()
    admin.leaves_a_picture("letter-paste")

    page.get_by_label("Nội dung công văn").fill(FOR_TWO)
    page.get_by_role("button", name="Đọc công văn").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nội dung công văn đọc được")
    admin.sees_no_barrier()
    admin.leaves_a_picture("letter-preview")
    page.get_by_role("button", name="Lưu mục đã đánh dấu").click()

    expect(page.get_by_role("status")).to_contain_text("Số chủ đề năm 2027 đã lưu: 2")
    for slug in ("ngay-gia-dinh-viet-nam", "thang-hanh-dong-vi-binh-dang-gioi"):
        admin.open(f"/ngay-ky-niem/{slug}/sua")
        admin.sees_no_barrier()
        admin.leaves_a_picture(f"keeping-{slug}")
        admin.open(f"/ngay/{slug}")
        admin.sees_no_barrier()
        admin.leaves_a_picture(f"observance-{slug}")
