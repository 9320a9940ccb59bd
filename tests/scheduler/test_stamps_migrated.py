"""What calendars were served with is what they go on from."""

import gzip
import hashlib
from datetime import UTC, date, datetime

import icalendar
from alembic import command
from sqlalchemy import text

from events.calendars.ical import CalendarEvent, CalendarHead, write_calendar
from events.calendars.kept import draft, read_feed, store
from events.calendars.view import View
from events.database import sessions as database
from scheduler import migrate

SERVED = datetime(2027, 3, 1, 5, tzinfo=UTC)
LATER = datetime(2027, 3, 2, 5, tzinfo=UTC)
A_QUIET_DAY = date(2027, 3, 22)  # in whose week nothing is
HEAD = CalendarHead("Xã Đăk Môn", "Để thử", "firebrick", "#B22222")


def an_event(number, **more):
    values = {
        "uid": f"unit-{number}-ended@sumvay-with-a-name-that-is-so-long-that-its-line-is-folded",
        "summary": f"Đơn vị đã sáp nhập ({number})",
        "dtstart": date(2027, 3, number),
        "dtend": date(2027, 3, number + 1),
        "created": SERVED,
        "last_modified": SERVED,
        "sequence": number,
    }
    return CalendarEvent(**values | more)


class Shown:
    head, view = HEAD, View(LATER.date(), "https://example.org")

    def __init__(self, *events):
        self._events = events

    def events(self, _session):
        return self._events


def migrated(engine, body):
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0030")
        etag = hashlib.sha256(body).hexdigest()
        columns = "slug, state, etag, last_modified, body"
        connection.execute(
            text(f"INSERT INTO feed_snapshot ({columns}) VALUES ('x', '', :etag, :at, :body)"),
            {"etag": etag, "at": "2027-03-01 05:00:00+00:00", "body": body},
        )
    migrate.upgrade(engine)
    return database.create_session_factory(engine)


def test_a_calendar_that_reads_as_before_keeps_its_bytes_and_its_validators(blank_engine):
    body = write_calendar(HEAD, [an_event(1), an_event(2)])
    factory = migrated(blank_engine, body)

    with factory() as session:
        feed = Shown(an_event(2, sequence=9, last_modified=LATER), an_event(1))
        written = draft(session, "x", feed, as_of=A_QUIET_DAY, now=LATER)
    store(factory, written)

    with factory() as session:
        kept = read_feed(session, "x")
    assert (kept.body, kept.etag) == (body, hashlib.sha256(body).hexdigest())
    assert kept.last_modified == SERVED
    assert gzip.decompress(kept.packed) == body


def test_no_subscriber_sees_a_stamp_fall(blank_engine):
    factory = migrated(blank_engine, write_calendar(HEAD, [an_event(1), an_event(5)]))

    with factory() as session:
        feed = Shown(an_event(1, sequence=0), an_event(5, summary="khác", sequence=0))
        written = draft(session, "x", feed, as_of=LATER.date(), now=LATER)

    same, other = icalendar.Calendar.from_ical(written.kept.body).walk("VEVENT")
    assert (same["SEQUENCE"], same["LAST-MODIFIED"].dt) == (1, SERVED)
    assert (other["SEQUENCE"], other["LAST-MODIFIED"].dt) == (6, LATER)
