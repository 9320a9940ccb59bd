"""The deadlines of a unit as a calendar, however they came into one."""

from dataclasses import dataclass

from sqlalchemy import select

from events.calendars.ical import CalendarHead
from events.calendars.kept import draft, read_feed, store
from events.calendars.parts import campaigns, deadlines, recent_campaigns
from events.calendars.view import View
from events.installation import day_here
from events.models import Campaign, Unit


@dataclass
class Work:
    unit: Unit
    view: View
    head = CalendarHead("Việc của đơn vị", "Để thử", "firebrick", "#B22222")

    def events(self, session):
        shown = (Campaign.unit_id == self.unit.id) & recent_campaigns(self.view.today)
        return [*campaigns(session, shown, self.view), *deadlines(session, shown, self.view)]


def serve_work(session_factory, slug, now, public_url="https://example.org"):
    """Return the campaigns and deadlines of a unit as they are kept."""
    key = f"work/{slug}"
    with session_factory() as session:
        today = day_here(session, now)
        unit = session.scalars(select(Unit).where(Unit.slug == slug)).one()
        feed = Work(unit, View(today, public_url))
        written = draft(session, key, feed, as_of=today, now=now)
    store(session_factory, written)
    with session_factory() as session:
        return read_feed(session, key)
