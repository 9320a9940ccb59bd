"""What became of a unit, in the words of its old calendar and pages."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest

from events.calendars.feeds import serve_feed
from events.checklist.history import Stamp
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.writing import NewUnit
from events.units.endings import closure_of
from events.units.tree import children, get_unit

DAY = date(2021, 3, 1)
NOW = datetime(2021, 3, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def cast(before_2025):
    return before_2025


@pytest.fixture
def rest(cast):
    return {"on": DAY, "basis": None, "stamp": Stamp(cast.hoa, NOW)}


def said(session, unit, on=DAY, language="vi"):
    return closure_of(session, unit, on).words(language)


def test_a_living_unit_has_no_end(session, cast):
    assert closure_of(session, cast.commune, DAY) is None


def test_each_kind_of_change_is_said_in_its_own_words(session, cast, rest):
    merge(session, ["23341", "23344"], NewUnit("Xã Đăk Mới"), **rest)
    split(session, "23347", [NewUnit("Xã A"), NewUnit("Xã B")], **rest)
    rename(session, "23350", "Phường Mới", **rest)
    rename(session, "608", "Thành phố Mới", **rest)

    assert said(session, cast.commune) == "Đơn vị đã sáp nhập vào xã Đăk Mới"
    assert said(session, get_unit(session, "23347")) == "Đơn vị đã chia tách thành xã A, xã B"
    assert said(session, get_unit(session, "23350")) == "Đơn vị đã đổi tên thành phường Mới"
    assert said(session, cast.other_commune) == "Đơn vị nay là phường Quang Trung (thành phố Mới)"


def test_a_chain_of_changes_names_the_unit_that_lives(session, cast, rest):
    first = merge(session, ["23341", "23344"], NewUnit("Xã Đăk Mới"), **rest).begun[0]
    second = rename(session, first.key, "Phường Mới", **(rest | {"on": DAY + A_DAY})).begun[0]

    closure = closure_of(session, cast.commune, DAY + A_DAY)

    assert closure.words("vi") == "Đơn vị đã sáp nhập vào xã Đăk Mới, nay là phường Mới"
    assert list(closure.goes_on_in) == [second]
    assert said(session, cast.commune, DAY) == "Đơn vị đã sáp nhập vào xã Đăk Mới"


def test_an_abolished_district_says_where_its_work_went(session, session_factory, cast, rest):
    old = rename(session, "610", "Huyện Mới", **rest)
    abolish_level(session, "district", **(rest | {"on": DAY + A_DAY}))
    session.commit()

    served = serve_feed(
        session_factory, old.begun[0].slug, now=NOW + A_DAY, public_url="https://example.org"
    )

    [event] = icalendar.Calendar.from_ical(served.body).walk("VEVENT")
    words = "Đơn vị đã kết thúc hoạt động; công việc chuyển về tỉnh Kon Tum và các đơn vị trực thuộc trước đây"
    assert event["SUMMARY"] == words
    communes = [
        unit
        for unit in children(session, cast.province, DAY + A_DAY)
        if unit.full_name == "Thị trấn Đăk Glei"
    ]
    for unit in (cast.province, *communes):
        assert (
            f"Lịch của {unit.full_name}: https://example.org/lich/{unit.slug}.ics"
            in event["DESCRIPTION"]
        )
    earlier = said(session, cast.district, DAY + A_DAY)
    assert (
        earlier
        == "Đơn vị đã đổi tên thành huyện Mới, sau đó đơn vị này kết thúc hoạt động; công việc chuyển về tỉnh Kon Tum"
    )


def test_the_reform_that_came_with_the_catalogue_is_said_too(session):
    day = date(2026, 1, 1)

    assert said(session, get_unit(session, "62"), day) == "Đơn vị đã sáp nhập vào tỉnh Quảng Ngãi"
    assert said(session, get_unit(session, "23341"), day, "en").startswith(
        "This unit was merged into "
    )
    assert "chuyển về tỉnh Quảng Ngãi" in said(session, get_unit(session, "610"), day)
