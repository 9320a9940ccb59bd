import re
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from events.database import new_uid
from events.models import Campaign, Change, ChecklistItem, NotDone, TodoStatus
from events.models.history import Door
from tests.conftest import Cast
from tests.web.conftest import NOON, Clock, Opened, Visitor

A_DAY = timedelta(days=1)


def finish(session: Session, item: ChecklistItem) -> None:
    item.status, item.completed, item.completed_on = TodoStatus.COMPLETED, NOON, NOON.date()
    state = {"status": item.status, "due": item.due, "completed_on": item.completed_on}
    session.add(Change(at=NOON, item=item, before={}, after={}, door=Door.PAGE, **state))
    session.commit()


def numbers(page: str, name: str) -> list[str]:
    """The cells of the table row with this heading."""
    row = re.search(rf'<th scope="row"[^>]*>(?:<a [^>]*>)?{re.escape(name)}<.*?</tr>', page, re.DOTALL)
    assert row, name
    return re.findall(r"<td[^>]*>([^<]*)</td>", row[0])


def test_a_unit_shows_how_far_it_and_all_below_it_have_come(stranger: Visitor, cast: Cast, opened: Opened, session: Session):
    finish(session, opened.item)

    page = stranger.read(f"/tien-do/{cast.district.slug}")

    assert re.search(r"<strong>1/\d+ việc</strong>", page)
    assert numbers(page, "Thị trấn Đăk Glei")[:2] == [str(len(opened.commune.items)), "1"]
    assert numbers(page, opened.commune.summary)[1] == "1"


def test_the_unit_page_and_the_progress_page_agree(stranger: Visitor, cast: Cast, opened: Opened, session: Session):
    opened.commune.items[1].status, opened.commune.items[1].not_done = TodoStatus.CANCELLED, NotDone.NOT_REQUIRED
    finish(session, opened.item)

    tallies = [
        re.findall(r"<strong>(\d+/\d+) việc</strong>", stranger.read(f"/{room}/{cast.commune.slug}"))[0]
        for room in ("tien-do", "don-vi")
    ]

    assert tallies == [f"1/{len(opened.commune.items) - 1}"] * 2


def test_a_past_day_shows_what_was_done_by_then(stranger: Visitor, cast: Cast, opened: Opened, session: Session, clock: Clock):
    finish(session, opened.item)
    clock.advance(A_DAY)
    address = f"/tien-do/{cast.commune.slug}"

    assert f"<strong>1/{len(opened.commune.items)} việc" in stranger.read(f"{address}?ngay=2021-03-01")
    before = (NOON - A_DAY).date()
    opened.item.campaign.items[0].created = NOON - 9 * A_DAY
    session.commit()
    assert "<strong>0/1 việc" in stranger.read(f"{address}?ngay={before}")


def test_silent_units_are_named(stranger: Visitor, cast: Cast, opened: Opened, session: Session):
    finish(session, opened.item)

    page = stranger.read(f"/tien-do/{cast.province.slug}")
    silent = page[page.index('id="chua-bao-cao"') : page.index('id="theo-chien-dich"')]

    assert "Phường Quang Trung" in silent
    assert "Thị trấn Đăk Glei" not in silent


def test_what_is_chosen_can_be_taken_away_again(stranger: Visitor, cast: Cast, opened: Opened):
    page = stranger.read(f"/tien-do/{cast.commune.slug}?nam=2021&chien-dich=happiness_day:2021&giai-doan=report")

    chips = re.findall(r'<a class="chip" href="([^"]+)"', page)
    assert len(chips) == 3
    assert all(sum(name in address for name in ("nam=", "chien-dich=", "giai-doan=")) == 2 for address in chips)
    expected = [item for item in opened.commune.items if item.phase_key == "report"]
    assert f"<strong>0/{len(expected)} việc" in page


def test_the_way_down_keeps_what_is_chosen(stranger: Visitor, cast: Cast, opened: Opened):
    page = stranger.read(f"/tien-do/{cast.district.slug}?giai-doan=report")

    assert f'href="/tien-do/{cast.commune.slug}?giai-doan=report"' in page


@pytest.mark.parametrize("query", ["ngay=2021-02-30", "ngay=x", "ngay=2021-03-02", "ngay=0001-01-01", "nam=99999", "giai-doan=x"])
def test_what_cannot_be_asked_is_refused_in_words(stranger: Visitor, cast: Cast, query: str):
    stranger.read(f"/tien-do/{cast.commune.slug}?{query}", 400)


@pytest.mark.parametrize("path", ["khong-co", "tinh-kon-tum?chien-dich=khong-co:2021", "tinh-kon-tum?chien-dich=happiness_day"])
def test_what_does_not_exist_is_not_found(stranger: Visitor, cast: Cast, path: str):
    stranger.read(f"/tien-do/{path.replace('tinh-kon-tum', cast.province.slug)}", 404)


def test_a_year_without_campaigns_says_so(stranger: Visitor, cast: Cast, opened: Opened):
    page = stranger.read(f"/tien-do/{cast.commune.slug}?nam=2019")

    assert 'id="theo-don-vi"' not in page
    assert numbers(page, "2021")[0] == str(len(opened.commune.items))


def test_a_unit_leads_to_its_progress(stranger: Visitor, cast: Cast, opened: Opened):
    assert f'href="/tien-do/{cast.commune.slug}?nam=2021"' in stranger.read(f"/don-vi/{cast.commune.slug}")


def test_the_number_of_queries_does_not_depend_on_rows(
    stranger: Visitor, cast: Cast, opened: Opened, session: Session, count_queries
):
    address = f"/tien-do/{cast.province.slug}?ngay=2021-02-28"
    few = count_queries(lambda: stranger.read(address))
    other = Campaign(
        **{
            name: getattr(opened.province, name)
            for name in ("template_id", "version_id", "year", "unit_id", "owner_role_key", "opens")
        },
        **{name: getattr(opened.province, name) for name in ("dtstart", "dtend", "created", "last_modified", "summary")},
        uid=new_uid(),
        period="2021-b",
    )
    session.add(other)
    session.commit()

    assert count_queries(lambda: stranger.read(address)) == few
    session.execute(delete(ChecklistItem))
    session.commit()
    assert count_queries(lambda: stranger.read(address)) <= few
