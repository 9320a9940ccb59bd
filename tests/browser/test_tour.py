"""The pictures of the README, made anew from a province in the middle of its year:

SUMVAY_TEST_PICTURES=docs/screenshots .venv/bin/python -m pytest tests/browser/test_tour.py
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.models import Person
from tests.browser import province
from tests.browser.conftest import NARROW, NOON, PICTURES, WIDE, Site
from tests.browser.conftest import Person as Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PICTURES, reason="pictures are made when they are wanted"),
]


@pytest.fixture
def toured(busy_site: Site) -> Site:
    """That province, with the facts that are shipped today and a name of an ordinary length."""
    with busy_site.session_factory.begin() as session:
        import_catalog(session, read_catalog(), now=NOON)
        thi = session.scalars(select(Person).where(Person.email == "thi@example.org")).one()
        thi.full_name = "Trần Văn Thi"
    return busy_site


def uid_of(site: Site, unit_key: str) -> str:
    with site.session_factory() as session:
        return province.campaign_of(session, unit_key).uid


def keep(what: Page | Locator, name: str) -> None:
    what.screenshot(path=Path(PICTURES or ".") / f"{name}.png")


def test_the_tour_shows_the_pages_of_today(browser: Browser, toured: Site):
    looks = {"locale": "vi-VN", "reduced_motion": "reduce"}
    context = browser.new_context(viewport={"width": WIDE, "height": 1000}, **looks)
    person = Visitor(context.new_page(), toured)
    person.open("/")
    keep(person.page, "home")

    person.set_up()
    person.open(f"/chien-dich/{uid_of(toured, province.PROVINCE)}/doi-ngay?event_date=2026-11-27")
    keep(person.page.locator("[aria-labelledby=xem-truoc]"), "reanchor")

    person.page.set_viewport_size({"width": NARROW, "height": 1120})
    person.open(f"/chien-dich/{uid_of(toured, province.COMMUNE)}")
    keep(person.page, "campaign")
    context.close()
