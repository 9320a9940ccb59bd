"""Every page of a province in the middle of its year, on an old phone and an office screen: it
fits, and nothing bars anybody.
"""

import pytest
from playwright.sync_api import BrowserContext
from sqlalchemy import select

from events.models import Activity, ChecklistItem, Document, Post, Unit
from tests.browser import province
from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser


def pages(site: Site) -> dict[str, str]:
    """Return the address of each page by a name for its picture."""
    with site.session_factory() as session:
        root = province.campaign_of(session, province.PROVINCE)
        commune = province.campaign_of(session, province.COMMUNE)
        own = session.scalars(
            select(ChecklistItem).where(ChecklistItem.summary == province.OWN_ITEM)
        ).first()
        item = next(item for item in commune.items if item.is_open and not item.is_own)
        activity = session.scalars(select(Activity)).first()
        document = session.scalars(select(Document)).first()
        post = session.scalars(select(Post).where(Post.unit_id == commune.unit_id)).first()
        merged = session.scalars(select(Unit).where(Unit.key == province.OTHER_COMMUNE)).one()
        assert own
        assert activity
        assert document
        assert post
        of_root, of_commune, unit = (
            f"/chien-dich/{root.uid}",
            f"/chien-dich/{commune.uid}",
            f"/don-vi/{commune.unit.slug}",
        )
        return {
            "home": "/",
            "unit": unit,
            "merging-unit": f"/don-vi/{merged.slug}",
            "people": f"{unit}/nhan-su",
            "people-edit": f"{unit}/nhan-su/{post.id}/sua",
            "villages": f"{unit}/thon",
            "progress": f"/tien-do/{root.unit.slug}?ngay=2026-11-24",
            "campaign-province": of_root,
            "campaign": of_commune,
            "item": f"/viec/{item.id}",
            "item-edit": f"/viec/{item.id}/sua",
            "item-choices": f"/viec/{own.id}/tuy-chon",
            "own-item": f"{of_commune}/viec-rieng",
            "activity": f"/hoat-dong/{activity.uid}",
            "activity-edit": f"/hoat-dong/{activity.uid}/sua",
            "activity-new": f"{of_commune}/hoat-dong/moi",
            "documents": f"{of_commune}/van-ban",
            "document-edit": f"{of_commune}/van-ban/{document.uid}/sua",
            "dates": f"{of_root}/doi-ngay",
            "dates-preview": f"{of_root}/doi-ngay?event_date=2026-11-20&plan=plan_link&issued=2026-11-16",
            "version": f"{of_root}/phien-ban",
            "admin": "/quan-tri",
            "keeping": "/ngay-ky-niem/",
            "keeping-new": "/ngay-ky-niem/moi",
            "keeping-edit": "/ngay-ky-niem/ngay-phu-nu-viet-nam/sua",
            "keeping-open": "/ngay-ky-niem/loai/training_course/mo",
            "templates": "/mau/",
            "template": "/mau/evaw_day",
            "template-edit": "/mau/evaw_day/sua",
            "template-proposals": "/mau/evaw_day/de-xuat?nam=2026",
            "template-upload": "/mau/nhap",
            "reforms": "/cai-cach/",
            "reform-merge": "/cai-cach/moi/sap-nhap",
            "reform-split": "/cai-cach/moi/chia-tach",
            "reform-rename": "/cai-cach/moi/doi-ten",
            "reform-abolish": "/cai-cach/moi/bo-cap",
            "posts": "/cai-cach/chuc-danh",
            "decisions": "/lich-lam-viec/",
            "mail": "/thu/",
            "account": "/tai-khoan",
            "devices": "/tai-khoan/thiet-bi",
            "second-factor": "/tai-khoan/hai-buoc",
            "codes": "/tai-khoan/hai-buoc/ma",
            "offers": "/tai-khoan/chuc-danh",
            "data": "/tai-khoan/du-lieu",
            "forgotten": "/dang-nhap/quen-mat-khau",
            "log": "/quan-tri/nhat-ky",
            "persons": "/quan-tri/nguoi?tim=can",
            "person": f"/quan-tri/nguoi/{post.person_id}",
        }


def test_every_page_fits_and_bars_nobody(context: BrowserContext, busy_site: Site):
    person = Person(context.new_page(), busy_site)
    person.set_up()
    problems = []
    for name, path in pages(busy_site).items():
        response = person.page.goto(busy_site.address + path)
        assert response
        if response.status != 200:
            problems.append(f"{name}: {response.status}")
            continue
        person.leaves_a_picture(name)
        try:
            person.sees_no_barrier()
        except AssertionError as problem:
            problems.append(f"{name}: {problem}")
    assert not problems, "\n".join(problems)


def test_what_people_tap_is_large_enough(browser, busy_site: Site):
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, locale="vi-VN", reduced_motion="reduce"
    )
    person = Person(context.new_page(), busy_site)
    person.set_up()
    small = []
    for name, path in pages(busy_site).items():
        person.open(path)
        found = person.page.evaluate(_SMALL)
        small += [f"{name}: {one}" for one in found]
    context.close()
    assert not small, "\n".join(small)


def test_a_phone_shows_what_to_tick_on_its_first_screen(browser, busy_site: Site):
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, locale="vi-VN", reduced_motion="reduce"
    )
    person = Person(context.new_page(), busy_site)
    person.set_up()

    person.open(pages(busy_site)["campaign"])

    circles = [box.bounding_box() for box in person.page.locator(".circle").all()]
    tops = [box["y"] for box in circles if box]
    assert tops[0] < 700
    assert sum(tops[0] <= top < tops[0] + 800 for top in tops) >= 4
    context.close()


_SMALL = """() => [...document.querySelectorAll('main .button, main select, main input:not([type=hidden]):not([type=checkbox]):not([type=radio])')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 40)
  .map(one => `${one.tagName} ${one.textContent.trim().slice(0, 40) || one.name} ${one.getBoundingClientRect().height}`)"""
