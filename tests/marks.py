"""Lets other tests watch over the marks of calendars: `pytest -p tests.marks tests/events`.

Whatever a test does, each public calendar that reads otherwise afterwards must have been touched by
the marks that were left. So every use case that has a test is walked.
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, func, select

from events.calendars.feeds import find_feed
from events.calendars.kept import draft, store_in
from events.calendars.observance_feed import COMMON
from events.calendars.person_feed import PersonFeed
from events.calendars.tokens import Options, make_token
from events.calendars.touched import keys_of, touched_by
from events.calendars.view import View
from events.errors import NotFoundError
from events.models import FeedMark, FeedScope, Observance, Person, Unit

DAY = date.fromisoformat(os.environ.get("SUMVAY_TEST_MARKS_DAY", "2021-03-05"))
NOW = datetime.combine(DAY, datetime.min.time(), UTC)
URL = "https://example.org"
UNITS = ("62", "610", "23341", "23281", "23344", "51-2025")
WIDE = Options("Mọi việc", scope=FeedScope.SUBTREE, past_days=365)


@pytest.fixture(autouse=True)
def _marks_are_enough(request: pytest.FixtureRequest) -> Iterator[None]:
    if "session" not in request.fixturenames:
        yield
        return
    session = request.getfixturevalue("session")
    keys = [*COMMON, *session.scalars(select(Observance.slug)).all()]
    keys += session.scalars(select(Unit.slug).where(Unit.key.in_(UNITS))).all()
    holders = select(Person).where(Person.email.in_(["hoa@example.org", "thi@example.org"]))
    tokens = [make_token(session, one, WIDE, now=NOW)[0] for one in session.scalars(holders)]
    own = {token.key: token for token in tokens}
    for key in [*keys, *own]:
        written = _read(session, key, own)
        if written is not None:
            store_in(session, written)
    session.execute(delete(FeedMark))
    session.flush()
    yield
    if not session.is_active:
        return
    session.expire_all()
    touched = touched_by(session, session.scalars(select(FeedMark)).all())
    marked = keys_of(session, touched)
    if touched.everything:
        return
    for key in [*keys, *own]:
        written = _read(session, key, own)
        if written is not None and written.is_new and written.before is not None:
            count = session.scalar(select(func.count()).select_from(FeedMark))
            assert key in marked, f"{key} reads otherwise, and none of {count} marks says so"


def _read(session, key, own):
    try:
        if key in own:
            feed = PersonFeed(own[key], View(DAY, URL))
        else:
            feed = find_feed(session, key, DAY, URL)
    except NotFoundError:
        return None
    return draft(session, key, feed, as_of=DAY, now=NOW)
