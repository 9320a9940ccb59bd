"""The page of the start line, what is opened late, and rounds opened ahead or for reference."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from events.models import Campaign, ChecklistItem, Round, StartLine
from events.observances.own import observance_by_key
from events.units.start_lines import begin_to_follow, start_line
from tests.web.conftest import NOON, Opened, Visitor

PAGE = "/quan-tri/ngay-bat-dau-theo-doi"
KIND = "/ngay-ky-niem/loai/training_course/mo"


@pytest.fixture
def administrator(signed_in, cast, session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def test_the_page_shows_what_leaves_the_debts_does_it_and_takes_it_back(
    administrator: Visitor, session, opened: Opened
):
    page = administrator.read(f"{PAGE}?ngay=2021-03-01")
    mark = re.search(r'name="fingerprint" value="(\w+)"', page)
    assert "chuyển sang tham khảo" in page
    assert mark

    done = administrator.post(PAGE, day="2021-03-01", fingerprint=mark[1])

    assert done.status_code == 303
    assert start_line(session) == NOON.date()
    assert session.scalar(select(ChecklistItem.id).where(~ChecklistItem.is_owed()).limit(1))
    assert "Rút lại" in administrator.read(PAGE)
    administrator.post(f"{PAGE}/bo")
    session.expire_all()
    assert start_line(session) is None
    assert session.scalar(select(ChecklistItem.id).where(~ChecklistItem.is_owed())) is None


def test_a_stale_page_is_shown_again(administrator: Visitor, session, opened: Opened):
    refused = administrator.post(PAGE, day="2021-03-01", fingerprint="old")

    assert refused.status_code == 409
    assert session.scalar(select(StartLine)) is None


def test_a_day_that_cannot_be_is_refused(administrator: Visitor):
    assert administrator.get(f"{PAGE}?ngay=2031-01-01").status_code == 400
    assert administrator.post(PAGE, day="x").status_code == 400


def test_others_may_not_look(signed_in, cast):
    assert signed_in(cast.thi).get(PAGE).status_code == 403


def test_what_is_for_reference_says_so_and_is_not_overdue(
    administrator: Visitor, session, opened: Opened
):
    item = session.scalars(
        select(ChecklistItem).where(ChecklistItem.due < NOON.date()).order_by(ChecklistItem.id)
    ).first()
    item.followed_from = NOON.date()
    session.commit()

    page = administrator.read(f"/viec/{item.id}")

    assert "để tham khảo" in page
    assert "Quá hạn" not in page.split("<h2")[0]


def test_a_kind_that_is_opened_late_names_the_items_before(administrator: Visitor, session):
    begin_to_follow(session, now=NOON)
    session.commit()
    form = {"title": "Lớp tập huấn", "day": "2021-03-03", "who": "all"}

    asked = administrator.post(KIND, **form)

    assert asked.status_code == 200
    page = asked.get_data(as_text=True)
    assert "Mở muộn" in page
    assert session.scalar(select(Campaign.id)) is None
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    hidden.pop("csrf_token", None)
    done = administrator.post(KIND, **hidden)
    assert done.status_code == 303
    assert session.scalar(select(Campaign.id)) is not None
    born = session.scalars(select(ChecklistItem)).all()
    assert not any(item.is_overdue(NOON.date()) for item in born)


def test_a_kind_that_is_opened_in_time_asks_nothing(administrator: Visitor, session):
    begin_to_follow(session, now=NOON)
    session.commit()
    day = (NOON + timedelta(days=200)).date()

    done = administrator.post(KIND, title="Lớp", day=day.isoformat(), who="all")

    assert done.status_code == 303


def test_a_year_is_opened_on_the_observances_page(administrator: Visitor, session):
    observance = observance_by_key(session, "intl_happiness_day")
    page = f"/ngay/{observance.slug}"
    assert "Mở ngay" in administrator.read(page)

    done = administrator.post(f"{page}/mo", year="2022")

    assert done.status_code == 303
    years = set(session.scalars(select(Round.year)))
    assert years == {2022}
    assert not session.scalars(select(Round.for_reference).distinct()).one()


def test_a_past_year_is_opened_for_reference(administrator: Visitor, session):
    observance = observance_by_key(session, "intl_happiness_day")

    administrator.post(f"/ngay/{observance.slug}/mo", year="2020")

    top = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
    assert top.for_reference
    assert "để tham khảo" in administrator.read(f"/chien-dich/{top.uid}")


def test_only_administrators_open_years(signed_in, cast, session):
    observance = observance_by_key(session, "intl_happiness_day")
    visitor = signed_in(cast.thi)

    assert "Mở ngay" not in visitor.read(f"/ngay/{observance.slug}")
    assert visitor.post(f"/ngay/{observance.slug}/mo", year="2022").status_code == 403
