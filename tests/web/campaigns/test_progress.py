import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.database.sessions import new_uid
from events.days.workdays import WorkCalendar
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    NotDone,
    TodoStatus,
    Unit,
    UnitSuccession,
)
from events.models.history import Door
from events.progress.figures import own_progress, sum_of
from events.reforms.reform import merge, rename
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.units.lineage import ever_below
from tests.campaigns import a_campaign
from tests.conftest import Cast
from tests.web.conftest import NOON, Clock, Opened, Visitor

A_DAY = timedelta(days=1)
AFTER_THE_DAY = date(2021, 3, 22)  # two days after the campaign's own


def finish(session: Session, item: ChecklistItem) -> None:
    item.status, item.completed, item.completed_on = TodoStatus.COMPLETED, NOON, NOON.date()
    state = {
        "status": item.status,
        "due": item.due,
        "completed_on": item.completed_on,
        "reported": item.campaign.unit,
    }
    session.add(Change(at=NOON, item=item, before={}, after={}, door=Door.PAGE, **state))
    session.commit()


def numbers(page: str, name: str) -> list[str]:
    """The cells of the table row with this heading."""
    row = re.search(
        rf'<th scope="row"[^>]*>(?:<a [^>]*>)?{re.escape(name)}<.*?</tr>', page, re.DOTALL
    )
    assert row, name
    return re.findall(r"<td[^>]*>([^<]*)</td>", row[0])


def rows(page: str, section: str) -> tuple[list[list[int]], list[int]]:
    """The numbers of a table's lines, and those of its last line, the total."""
    table = page[page.index(f'id="{section}"') :].partition("</table>")[0]
    lines = [
        re.findall(r"<td[^>]*>([\d.]+)</td>", line) for line in table.split('<tr role="row">')[2:]
    ]
    *found, total = [[int(cell.replace(".", "")) for cell in line] for line in lines]
    return found, total


@pytest.fixture
def merged(session: Session, cast: Cast, opened: Opened, clock: Clock) -> Unit:
    """The commune that three others became two days after the campaign's day; it has the work that
    was still to come.
    """
    session.execute(update(Unit).where(Unit.valid_to == date(2025, 6, 30)).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()
    finish(session, opened.item)
    clock.now = datetime(2021, 3, 22, 1, tzinfo=UTC)
    keys = ["23341", "23344", "23347"]
    merge(
        session,
        keys,
        NewUnit("Xã Đăk Mới"),
        stamp=Stamp(cast.hoa, clock.now),
        on=AFTER_THE_DAY,
        basis="Nghị quyết thử",
    )
    session.commit()
    return session.scalars(select(Unit).where(Unit.full_name == "Xã Đăk Mới")).one()


def test_a_village_that_is_entered_later_has_no_line_in_the_report_of_a_day_before(
    leader: Visitor,
    clock: Clock,
    cast: Cast,
    opened: Opened,
    session: Session,
    vietnam: WorkCalendar,
):
    clock.advance(A_DAY)
    address = f"/tien-do/{cast.commune.slug}?nam=2021&ngay={NOON:%Y-%m-%d}"
    before = leader.read(address).partition("<main")[2].partition("</main>")[0]

    village = add_village(
        session, cast.commune, "thon", "Mới", by=cast.hoa, now=clock.now, calendar=vietnam
    )
    session.commit()

    assert leader.read(address).partition("<main")[2].partition("</main>")[0] == before
    assert village.full_name in leader.read(f"/tien-do/{cast.commune.slug}?nam=2021")


def test_a_campaign_counts_units_that_began_after_its_first_day(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, merged: Unit
):
    district = session.scalars(select(Campaign).where(Campaign.unit_id == cast.district.id)).one()
    leaves = sum_of(
        own_progress(
            session, AFTER_THE_DAY, Campaign.unit_id.in_(ever_below(cast.district.id))
        ).values()
    )
    tally = f"<strong>{leaves.done}/{leaves.expected} việc</strong>"

    page = leader.read(f"/chien-dich/{district.uid}")

    new = page[page.index(">Xã Đăk Mới<") :].partition("</tr>")[0]
    assert re.search(r"<td>1/[2-9]\d* việc</td>", new)  # with what one of its predecessors did
    assert tally in page
    assert tally in leader.read(f"/tien-do/{cast.district.slug}?chien-dich=happiness_day:2021")
    assert tally in leader.read(f"/don-vi/{cast.district.slug}")


@pytest.mark.parametrize("day", ["", "&ngay=2021-03-21"])
def test_the_lines_of_units_add_up_to_the_total_across_a_merger(
    leader: Visitor, cast: Cast, merged: Unit, day: str
):
    page = leader.read(f"/tien-do/{cast.district.slug}?nam=2021{day}")

    lines, total = rows(page, "theo-don-vi")
    assert [sum(column) for column in zip(*lines, strict=True)] == total
    assert total[0] > 0


def test_the_units_below_a_unit_add_up_to_its_total_across_a_merger(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, merged: Unit
):
    page = leader.read(f"/don-vi/{cast.district.slug}")

    own, total = (
        tuple(map(int, found)) for found in re.findall(r"<strong>(\d+)/(\d+) việc</strong>", page)
    )
    below = re.findall(r"<td>(\d+)/(\d+) việc</td>", page[page.index('id="cap-duoi"') :])
    assert tuple(map(sum, zip(own, *(map(int, line) for line in below), strict=True))) == total


@pytest.mark.parametrize("day", ["", "&ngay=2021-03-21"])
def test_a_merged_unit_shows_what_its_predecessors_did_in_one_set_of_figures(
    leader: Visitor, merged: Unit, day: str
):
    page = leader.read(f"/tien-do/{merged.slug}?nam=2021{day}")

    lines, total = rows(page, "theo-don-vi")
    assert [sum(column) for column in zip(*lines, strict=True)] == total
    assert numbers(page, "Thị trấn Đăk Glei (đến 21/03/2021)")[1] == "1"
    assert numbers(page, "2021")[:8] == [str(number) for number in total]
    assert f"<strong>1/{total[0]} việc" in page
    assert "kể cả các đơn vị trước khi thay đổi" in page


def test_the_page_of_a_merged_unit_agrees_with_its_progress(leader: Visitor, merged: Unit):
    [head] = re.findall(r"<strong>(\d+/\d+) việc", leader.read(f"/tien-do/{merged.slug}?nam=2021"))
    page = leader.read(f"/don-vi/{merged.slug}")

    own, earlier, altogether = re.findall(r"<strong>(\d+/\d+) việc</strong>", page)
    assert altogether == head
    assert tuple(
        map(sum, zip(*(map(int, figures.split("/")) for figures in (own, earlier)), strict=True))
    ) == tuple(map(int, head.split("/")))
    assert (
        "Thị trấn Đăk Glei"
        in leader.read(f"/tien-do/{merged.slug}?nam=2021").partition('id="theo-don-vi"')[2]
    )


def test_a_round_that_a_predecessor_finished_stands_among_those_of_the_new_unit(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, clock: Clock
):
    session.execute(update(Unit).where(Unit.valid_to == date(2025, 6, 30)).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()
    for item in opened.commune.items:
        finish(session, item)
    clock.now = datetime(2021, 3, 22, 1, tzinfo=UTC)
    new = rename(
        session,
        "23341",
        "Thị trấn Mới",
        stamp=Stamp(cast.hoa, clock.now),
        on=AFTER_THE_DAY,
        basis=None,
    ).begun[0]
    session.commit()

    page = leader.read(f"/don-vi/{new.slug}")

    assert f'href="/chien-dich/{opened.commune.uid}"' in page
    assert numbers(page, opened.commune.summary)[0] == str(len(opened.commune.items))


def test_a_unit_shows_how_far_it_and_all_below_it_have_come(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    finish(session, opened.item)

    page = leader.read(f"/tien-do/{cast.district.slug}")

    assert re.search(r"<strong>1/\d+ việc</strong>", page)
    assert numbers(page, "Thị trấn Đăk Glei")[:2] == [str(len(opened.commune.items)), "1"]
    assert numbers(page, opened.commune.summary)[1] == "1"


def test_the_unit_page_and_the_progress_page_agree(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    opened.commune.items[1].status, opened.commune.items[1].not_done = (
        TodoStatus.CANCELLED,
        NotDone.NOT_REQUIRED,
    )
    finish(session, opened.item)

    tallies = [
        re.findall(r"<strong>(\d+/\d+) việc</strong>", leader.read(f"/{room}/{cast.commune.slug}"))[
            0
        ]
        for room in ("tien-do", "don-vi")
    ]

    assert tallies == [f"1/{len(opened.commune.items) - 1}"] * 2


def test_a_past_day_shows_what_was_done_by_then(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, clock: Clock
):
    finish(session, opened.item)
    clock.advance(A_DAY)
    address = f"/tien-do/{cast.commune.slug}"

    assert f"<strong>1/{len(opened.commune.items)} việc" in leader.read(
        f"{address}?ngay=2021-03-01"
    )
    before = (NOON - A_DAY).date()
    opened.item.campaign.items[0].created = NOON - 9 * A_DAY
    session.commit()
    assert "<strong>0/1 việc" in leader.read(f"{address}?ngay={before}")
    assert "<strong>0/1 việc" in leader.read(f"{address}?ngay={before:%d/%m/%Y}")


def test_silent_units_are_named(leader: Visitor, cast: Cast, opened: Opened, session: Session):
    finish(session, opened.item)

    page = leader.read(f"/tien-do/{cast.province.slug}")
    silent = page[page.index('id="chua-bao-cao"') : page.index('id="theo-viec"')]

    assert "Phường Quang Trung" in silent
    assert "Thị trấn Đăk Glei" not in silent


def test_an_item_leads_to_the_units_that_have_not_done_it(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, count_queries
):
    finish(session, opened.item)
    address = f"/tien-do/{cast.district.slug}?chien-dich=happiness_day:2021"
    page = leader.read(address)

    line = page[page.index(f">{opened.item.summary}<details>") :].partition("</details>")[0]
    same = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(ChecklistItem.key == opened.item.key)
    )
    other = session.scalars(same.where(Campaign.unit.has(key="23344"))).one()
    assert f'<a href="/viec/{other.id}">Xã Đăk Blô</a>' in line
    assert "Thị trấn Đăk Glei" not in line
    assert f"{line.count('<li>')} đơn vị chưa hoàn thành" in line
    few = count_queries(
        lambda: leader.read(f"/tien-do/{cast.commune.slug}?chien-dich=happiness_day:2021")
    )
    assert count_queries(lambda: leader.read(address)) <= few


def test_silence_is_about_whole_campaigns_and_says_so(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    finish(session, opened.item)
    whole, phase = (
        leader.read(f"/tien-do/{cast.district.slug}?giai-doan={key}") for key in ("", "report")
    )

    said = "không chỉ giai đoạn đang xem"
    assert (said in whole, said in phase) == (False, True)
    silent = [
        page[page.index('id="chua-bao-cao"') :].partition("</section>")[0]
        for page in (whole, phase)
    ]
    assert [page.count("<li>") for page in silent] == [silent[0].count("<li>")] * 2


def test_parts_of_divided_items_are_shown_beside_the_items(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, vietnam: WorkCalendar
):
    plan = session.scalars(
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == cast.district.id)
    ).first()
    before = re.findall(r"<strong>(\d+/\d+) việc", leader.read(f"/tien-do/{cast.district.slug}"))
    split_item(session, plan.id, [cast.commune.id], by=cast.hoa, now=NOON, calendar=vietnam)
    session.commit()

    page = leader.read(f"/tien-do/{cast.district.slug}")

    assert re.findall(r"<strong>(\d+/\d+) việc <span class=\"parts\">0/1 phần việc", page) == before
    assert numbers(page, plan.summary)[-1] == "0/1"
    assert "0/1 phần việc" in leader.read(f"/don-vi/{cast.commune.slug}")


def test_what_is_chosen_can_be_taken_away_again(leader: Visitor, cast: Cast, opened: Opened):
    page = leader.read(
        f"/tien-do/{cast.commune.slug}?nam=2021&chien-dich=happiness_day:2021&giai-doan=report"
    )

    chips = re.findall(r'<a class="chip" href="([^"]+)"', page)
    assert len(chips) == 3
    assert opened.province.summary in page.partition('class="chips"')[2].partition("</ul>")[0]
    assert all(
        sum(name in address for name in ("nam=", "chien-dich=", "giai-doan=")) == 2
        for address in chips
    )
    expected = [item for item in opened.commune.items if item.phase_key == "report"]
    assert f"<strong>0/{len(expected)} việc" in page


def test_the_way_down_keeps_what_is_chosen(leader: Visitor, cast: Cast, opened: Opened):
    page = leader.read(f"/tien-do/{cast.district.slug}?giai-doan=report")

    assert f'href="/tien-do/{cast.commune.slug}?giai-doan=report"' in page


@pytest.mark.parametrize(
    "query",
    ["ngay=2021-02-30", "ngay=x", "ngay=2021-03-02", "ngay=0001-01-01", "nam=99999", "giai-doan=x"],
)
def test_what_cannot_be_asked_is_refused_in_words(leader: Visitor, cast: Cast, query: str):
    leader.read(f"/tien-do/{cast.commune.slug}?{query}", 400)


@pytest.mark.parametrize(
    "path",
    ["khong-co", "tinh-kon-tum?chien-dich=khong-co:2021", "tinh-kon-tum?chien-dich=happiness_day"],
)
def test_what_does_not_exist_is_not_found(leader: Visitor, cast: Cast, path: str):
    leader.read(f"/tien-do/{path.replace('tinh-kon-tum', cast.province.slug)}", 404)


def test_a_year_without_campaigns_says_so(leader: Visitor, cast: Cast, opened: Opened):
    page = leader.read(f"/tien-do/{cast.commune.slug}?nam=2019")

    assert 'id="theo-don-vi"' not in page
    assert numbers(page, "2021")[0] == str(len(opened.commune.items))


def test_a_unit_leads_to_its_progress(leader: Visitor, cast: Cast, opened: Opened):
    assert f'href="/tien-do/{cast.commune.slug}?nam=2021"' in leader.read(
        f"/don-vi/{cast.commune.slug}"
    )


def test_the_number_of_queries_does_not_depend_on_rows(
    leader: Visitor, cast: Cast, opened: Opened, session: Session, count_queries
):
    address = f"/tien-do/{cast.province.slug}?ngay=2021-02-28"
    few = count_queries(lambda: leader.read(address))
    other = a_campaign(
        **{
            name: getattr(opened.province, name)
            for name in ("template_id", "version_id", "year", "unit_id", "owner_role_key", "opens")
        },
        **{
            name: getattr(opened.province, name)
            for name in ("dtstart", "dtend", "created", "last_modified", "summary")
        },
        uid=new_uid(),
        period="2021-b",
    )
    session.add(other)
    session.commit()

    assert count_queries(lambda: leader.read(address)) == few
    session.execute(delete(ChecklistItem))
    session.commit()
    assert count_queries(lambda: leader.read(address)) <= few


def test_the_page_leads_to_its_parts_and_names_who_is_silent_before_its_longest_list(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    page = leader.read(f"/tien-do/{cast.province.slug}")

    wanted = [
        "theo-chien-dich",
        "theo-giai-doan",
        "chua-bao-cao",
        "theo-nam",
        "theo-viec",
        "theo-don-vi",
    ]
    assert re.findall(r'href="#(theo-[\w-]+|chua-[\w-]+)"', page) == wanted
    assert re.findall(r'<h2 id="([\w-]+)"', page) == wanted


def test_an_english_reader_reads_the_english_titles_of_rounds_and_items(
    leader: Visitor, opened: Opened
):
    leader.in_english()

    page = leader.read(f"/tien-do/{opened.province.unit.slug}?chien-dich=happiness_day:2021")

    assert "International Day of Happiness 2021 <span" in page  # what is chosen
    assert 'lang="en">Hang banners' in page
    assert "Ngày Quốc tế Hạnh phúc" not in page
