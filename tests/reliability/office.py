"""A province with its pages on a database of its own, for tests of what crosses the floors."""

from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import select, update

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.database.sessions import create_session_factory
from events.models import Campaign, ChecklistItem, Round
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from tests.reliability.upgraded import HOST, _browser
from web.accounts import devices
from web.accounts.models import account_of
from web.app import create_app
from web.kit.config import WebConfig

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


class Office:
    """A province with its pages, somebody who works there, and an item with banners to photograph."""

    def __init__(self, engine, catalog, folder):
        self.factory = create_session_factory(engine)
        with self.factory.begin() as session:
            import_catalog(session, catalog, now=NOW)
            open_campaigns(session, now=NOW, calendar=work_calendar(session), year=2026)
            person = add_person(session, "Cán bộ thử", "thu@example.org")
            give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
            self.sign_in(session, person)
            query = select(ChecklistItem.id).join(ChecklistItem.campaign)
            self.item = session.scalars(
                query.where(
                    ChecklistItem.key == "banners", Campaign.round.has(Round.dtend > NOW.date())
                ).limit(1)
            ).one()
        config = WebConfig("a secret of sixteen characters", HOST, files=folder, rate_limits=False)
        self.app = create_app(self.factory, config)
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.path = f"/viec/{self.item}"

    def sign_in(self, session, person):
        """Let this person send what follows; the pages ask the real clock."""
        account = account_of(session, person)
        _device, self.cookie = devices.begin(session, account, now=datetime.now(UTC))

    def post(self, path, **fields):
        return _browser(self.app, self.cookie).post(path, data=fields, base_url=HOST)

    def get(self, path):
        return _browser(self.app, self.cookie).get(path, base_url=HOST)

    @contextmanager
    def held(self):
        """Somebody else writes in the item, and takes their time."""
        with self.factory() as session:
            session.execute(
                update(ChecklistItem).where(ChecklistItem.id == self.item).values(weight=2)
            )
            yield
            session.rollback()
