"""A real browser on a real server: waitress in a thread, and a database file of its own."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select
from waitress import wasyncore
from waitress.server import create_server

import scheduler.tables  # noqa: F401 - every table belongs to the metadata
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.database import sessions as database
from events.database.sessions import Base, SessionFactory
from events.models import Template
from events.observances.occurrences import extend_horizon
from events.working_calendar import work_calendar
from tests.browser import province
from tests.web.conftest import app_with, vietnamese  # noqa: F401 - the pages speak from the compiled catalogue
from web.accounts.setup import SETUP_CODE_FILE, ensure_setup_code
from web.kit.config import WebConfig

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # 12:00 in Vietnam
# a folder: pictures of pages are left there to look at
PICTURES = os.environ.get("SUMVAY_TEST_PICTURES")
_SOON = 0.1  # seconds in which a server sees that it is closed
NARROW, WIDE = 360, 1280  # pixels: an old phone, an office screen
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        pytest.fail(
            f"The browser tests need one of these programs: {', '.join(_BROWSERS)}", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Site:
    """A running service, the code of its first administrator, and the way to its database."""

    address: str
    code: str
    session_factory: SessionFactory


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Path:
    """A database file with the catalogue and one campaign; tests get copies."""
    file = tmp_path_factory.mktemp("filled") / "sumvay.db"
    engine = database.create_engine(f"sqlite:///{file}")
    _fill(database.create_session_factory(engine), catalog)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def filled_province(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Path:
    """A database file of a province in the middle of its year; tests get copies."""
    file = tmp_path_factory.mktemp("province") / "sumvay.db"
    engine = database.create_engine(f"sqlite:///{file}")
    session_factory = database.create_session_factory(engine)
    _fill(session_factory, catalog)
    with session_factory.begin() as session:
        province.fill(session)
    engine.dispose()
    return file


@pytest.fixture
def site(tmp_path: Path, filled: Path) -> Iterator[Site]:
    """A service with one campaign that nobody has worked on."""
    yield from _serve(tmp_path, filled)


@pytest.fixture
def busy_site(tmp_path: Path, filled_province: Path) -> Iterator[Site]:
    """A service of a province in the middle of its year."""
    yield from _serve(tmp_path, filled_province)


@pytest.fixture
def named_site(tmp_path: Path, filled: Path) -> Iterator[Site]:
    """A service whose address has a name, as passkeys need it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    yield from _serve(tmp_path, filled, "localhost", port)


def _serve(tmp_path: Path, filled: Path, name: str = "127.0.0.1", port: int = 0) -> Iterator[Site]:
    for part in filled.parent.glob("sumvay.db*"):  # the write-ahead log belongs to it
        shutil.copy(part, tmp_path)
    engine = database.create_engine(f"sqlite:///{tmp_path / 'sumvay.db'}")
    session_factory = database.create_session_factory(engine)
    code = ensure_setup_code(session_factory, tmp_path)
    assert code
    config = WebConfig(
        secret_key="a secret of at least sixteen characters",
        maildir=tmp_path / "mail",
        setup_code_file=tmp_path / SETUP_CODE_FILE,
        files=tmp_path / "files",
        public_url=f"http://{name}:{port or 8000}",
        rate_limits=False,
        clock=lambda: NOON,
    )
    server = create_server(
        app_with(session_factory, config),
        host="127.0.0.1",
        port=port,
        threads=4,
        asyncore_loop_timeout=_SOON,
    )
    closing = threading.Event()

    def run() -> None:
        try:
            server.run()
        except OSError:  # the loop may look once more at a socket that is closed below
            if not closing.is_set():
                raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield Site(f"http://{name}:{server.effective_port}", code, session_factory)
    closing.set()
    server.task_dispatcher.shutdown()
    server.close()
    # the browser keeps connections open; the loop ends when there is none left
    wasyncore.close_all(server._map, ignore_all=True)
    thread.join(timeout=5)
    engine.dispose()


@pytest.fixture(params=[NARROW, WIDE], ids=["narrow", "wide"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    yield from _context(browser, request.param)


@pytest.fixture
def context_without_script(browser: Browser) -> Iterator[BrowserContext]:
    yield from _context(browser, NARROW, java_script_enabled=False)


class Person:
    """Somebody in front of the browser."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        page.set_default_timeout(10_000)

    def open(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def set_up(self) -> None:
        """Make the first administrator of the province, who is signed in afterwards."""
        self.open("/cai-dat")
        self.page.get_by_label("Mã dùng một lần").fill(self.site.code)
        self.page.get_by_label("Họ và tên").fill("Quản trị viên thử")
        self.page.get_by_label("Thư điện tử").fill("quan-tri@example.org")
        self.page.get_by_label("Mật khẩu", exact=True).fill("ngựa pin đúng ghim")
        self.page.get_by_label("Nhập lại mật khẩu").fill("ngựa pin đúng ghim")
        self.page.get_by_role("button", name="Tạo quản trị viên").click()
        expect(self.page.get_by_role("status")).to_contain_text("Đã tạo quản trị viên")

    def sees_no_barrier(self) -> None:
        """Check the page against WCAG 2.2 AA, and that it fits the window.

        After a click that leads elsewhere, first expect something of the page it leads to: the
        click itself does not always wait for it, and a page that is being replaced cannot be
        checked.
        """
        self.page.wait_for_load_state()
        results = Axe().run(
            self.page,
            options={
                "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            },
        )
        assert results.violations_count == 0, results.generate_report()
        self.needs_no_sideways_scrolling()

    def leaves_a_picture(self, name: str) -> None:
        """Leave a picture of the whole page, where pictures are wanted."""
        size = self.page.viewport_size
        if PICTURES and size:
            self.page.screenshot(
                path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True
            )

    def needs_no_sideways_scrolling(self) -> None:
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.page.viewport_size["width"], self.page.url


def _fill(session_factory: SessionFactory, catalog: Catalog) -> None:
    with session_factory() as session:
        Base.metadata.create_all(session.get_bind())
    with session_factory.begin() as session:
        import_catalog(session, catalog, now=NOON)
        extend_horizon(session, now=NOON)
        template = session.scalars(select(Template).where(Template.key == "evaw_day")).one()
        [found] = rounds_of(template, NOON.year)
        open_round(session, found, now=NOON, calendar=work_calendar(session))


def _context(browser: Browser, width: int, **options: bool) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale="vi-VN", reduced_motion="reduce", **options
    )
    yield context
    context.close()
