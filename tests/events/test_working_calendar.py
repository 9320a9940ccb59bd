"""What an import of the catalogue does to items that were opened before it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.days.reasons import Cause, DayReason
from events.models import ChecklistItem

OPENED = datetime(2026, 11, 23, 1, tzinfo=UTC)
IMPORTED = datetime(2026, 12, 1, 1, tzinfo=UTC)
IN_TET = date(2027, 2, 8)  # 2027 is decided by the shipped catalogue alone


@pytest.fixture
def items(session, vietnam):
    """Three items that were moved: off a guess, off a weekend, and off that day for being late."""
    open_campaigns(session, now=OPENED, calendar=vietnam)
    found = session.scalars(select(ChecklistItem).order_by(ChecklistItem.id).limit(3)).all()
    late = DayReason(Cause.LATE_OPENING, day=date(2027, 2, 12))
    reasons = [DayReason(Cause.TET, provisional=True), DayReason(Cause.WEEKEND), late]
    days = [IN_TET, date(2027, 2, 13), IN_TET]
    for item, day, reason in zip(found, days, reasons, strict=True):
        item.nominal_due, item.due_reason = day, reason
    session.flush()
    session.expire_all()
    return found


def stamps_of(items):
    return [(item.sequence, item.last_modified) for item in items]


def test_an_import_that_decides_a_year_stamps_exactly_the_items_that_read_otherwise(session, items):
    before = stamps_of(items)

    import_catalog(session, read_catalog(), now=IMPORTED)
    session.expire_all()

    assert stamps_of(items) == [(before[0][0] + 1, IMPORTED), *before[1:]]


def test_importing_the_same_catalogue_again_stamps_nothing(session, items):
    import_catalog(session, read_catalog(), now=IMPORTED)
    session.expire_all()
    before = stamps_of(items)

    import_catalog(session, read_catalog(), now=datetime(2026, 12, 2, tzinfo=UTC))
    session.expire_all()

    assert stamps_of(items) == before


def test_whether_a_day_is_decided_is_not_stored_with_an_item(session, items):
    assert items[0].due_reason == DayReason(Cause.TET)
