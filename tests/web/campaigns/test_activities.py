import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.models import Activity, ActivityCredit, Campaign, CampaignStatus
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor

FORM = {
    "summary": "Lễ phát động",
    "day": "2021-03-19",
    "from": "08:00",
    "until": "10:30",
    "location": "Nhà rông",
    "organizer": "UBND",
    "expected": "1.200",
    "public": "1",
}


@pytest.fixture
def thi(signed_in, cast: Cast) -> Visitor:
    return signed_in(cast.thi)


@pytest.fixture
def launch(thi: Visitor, opened: Opened, session: Session) -> Activity:
    assert thi.post(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", **FORM).status_code == 303
    return session.scalars(select(Activity)).one()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Activity)) or 0


def test_an_activity_is_planned_at_local_time_and_shown(
    launch: Activity, opened: Opened, leader: Visitor
):
    assert (launch.dtstart, launch.dtend) == (
        datetime(2021, 3, 19, 1, tzinfo=UTC),
        datetime(2021, 3, 19, 3, 30, tzinfo=UTC),
    )
    assert launch.expected == 1200
    page = leader.read(f"/hoat-dong/{launch.uid}")
    assert "Nhà rông" in page
    assert "08:00 ngày 19/03/2021" in page
    assert "/sua" not in page
    assert f"/hoat-dong/{launch.uid}" in leader.read(f"/chien-dich/{opened.commune.uid}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary": ""},
        {"day": "hôm qua"},
        {"day": ""},
        {"day": "0001-01-01", "from": "00:30"},
        {"day": "9999-12-31"},
        {"day": "1800-01-01"},
        {"day": "9999-06-01", "weekly_until": "9999-12-31"},
        {"until_day": "0001-01-01"},
        {"weekly_until": "9999-12-31"},
        {"from": "25:00"},
        {"until": "07:00"},
        {"expected": "nhiều"},
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    thi: Visitor, opened: Opened, session: Session, wrong: dict[str, str]
):
    response = thi.post(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", **(FORM | wrong))

    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert 'value="Nhà rông"' in response.text
    assert count(session) == 0


def test_every_empty_field_is_named_with_a_way_to_it(thi: Visitor, opened: Opened):
    page = thi.post(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", expected="nhiều").text

    alert = page.partition('role="alert"')[2].partition("</ul>")[0]
    for name, why in {
        "summary": "Vui lòng nhập tên hoạt động.",
        "day": "Vui lòng nhập ngày.",
        "from": "Vui lòng nhập giờ bắt đầu.",
        "until": "Vui lòng nhập giờ kết thúc.",
        "expected": "“nhiều” không phải là số nguyên.",
    }.items():
        assert re.search(rf'href="#{name}">[^<]+: {re.escape(why)}', alert), why
        assert f'id="{name}-error">{why}' in page
    assert "until_day" not in alert


def test_what_is_there_already_with_other_facts_is_said_with_the_way_to_change_it(
    launch: Activity, thi: Visitor, opened: Opened, session: Session
):
    answer = thi.post(
        f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", **FORM | {"location": "Sân vận động"}
    )

    assert answer.status_code == 409
    assert f'href="/hoat-dong/{launch.uid}/sua"' in answer.text
    assert "Sân vận động" in answer.text
    assert count(session) == 1


def test_what_was_called_off_no_longer_counts_for_more(launch: Activity, thi: Visitor):
    assert "Lồng ghép</h2>" in thi.read(f"/hoat-dong/{launch.uid}")

    thi.post(f"/hoat-dong/{launch.uid}/huy")

    assert "Lồng ghép</h2>" not in thi.read(f"/hoat-dong/{launch.uid}")


def test_an_activity_counts_for_no_campaign_before_one_was_chosen(
    launch: Activity, thi: Visitor, family_day: Campaign, session: Session
):
    path = f"/hoat-dong/{launch.uid}"
    assert (
        '<select id="campaign" name="campaign" required><option value="">– chọn –</option>'
        in thi.read(path)
    )

    answer = thi.post(f"{path}/long-ghep", campaign="")

    assert answer.status_code == 400
    assert "Vui lòng chọn một chiến dịch." in answer.text
    assert "Nhà rông" in answer.text
    assert session.scalar(select(func.count()).select_from(ActivityCredit)) == 0
    assert thi.post(f"{path}/long-ghep", campaign=family_day.uid).status_code == 303


def test_a_campaign_that_was_over_is_offered_for_an_activity_only_if_it_took_place_on_its_days(
    launch: Activity, thi: Visitor, family_day: Campaign, session: Session
):
    held = family_day.round
    held.dtstart, held.dtend = date(2021, 2, 14), date(2021, 2, 15)
    session.commit()
    offered = f'<option value="{family_day.uid}"'
    assert offered not in thi.read(f"/hoat-dong/{launch.uid}")

    launch.dtstart, launch.dtend = (
        datetime(2021, 2, 14, 1, tzinfo=UTC),
        datetime(2021, 2, 14, 2, tzinfo=UTC),
    )
    session.commit()

    assert offered in thi.read(f"/hoat-dong/{launch.uid}")


def test_sending_the_form_twice_plans_it_once(
    launch: Activity, thi: Visitor, opened: Opened, session: Session
):
    thi.post(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", **FORM)

    assert count(session) == 1


def test_an_activity_is_changed_with_what_was_planned_in_the_form(
    launch: Activity, thi: Visitor, session: Session
):
    page = thi.read(f"/hoat-dong/{launch.uid}/sua")
    assert 'value="08:00"' in page
    assert 'value="2021-03-19"' in page

    thi.post(
        f"/hoat-dong/{launch.uid}/sua", **(FORM | {"weekly_until": "16/04/2021", "attended": "80"})
    )

    session.expire_all()
    assert (launch.weekly_until, launch.attended, launch.sequence) == (date(2021, 4, 16), 80, 1)
    assert (
        thi.post(f"/hoat-dong/{launch.uid}/sua", **(FORM | {"until": "06:00"})).status_code == 400
    )


def test_an_activity_is_called_off(launch: Activity, thi: Visitor, session: Session):
    for _ in range(2):
        assert thi.post(f"/hoat-dong/{launch.uid}/huy").status_code == 303

    session.expire_all()
    assert launch.status is CampaignStatus.CANCELLED
    assert thi.post(f"/hoat-dong/{launch.uid}/sua", **FORM).status_code == 409


def test_an_activity_that_was_called_off_takes_place_after_all(
    launch: Activity, thi: Visitor, session: Session
):
    thi.post(f"/hoat-dong/{launch.uid}/huy")
    assert "/khoi-phuc" in thi.read(f"/hoat-dong/{launch.uid}")

    assert thi.post(f"/hoat-dong/{launch.uid}/khoi-phuc").status_code == 303

    session.expire_all()
    assert launch.status is CampaignStatus.CONFIRMED
    assert "/huy" in thi.read(f"/hoat-dong/{launch.uid}")


def test_who_was_slower_sees_what_is_stored_and_keeps_what_was_typed(
    launch: Activity, thi: Visitor, session: Session
):
    thi.post(
        f"/hoat-dong/{launch.uid}/sua", **(FORM | {"location": "Sân vận động", "sequence": "0"})
    )

    response = thi.post(
        f"/hoat-dong/{launch.uid}/sua", **(FORM | {"attended": "80", "sequence": "0"})
    )

    assert response.status_code == 409
    assert "Sân vận động" in response.text
    assert 'value="80"' in response.text
    assert 'name="sequence" value="1"' in response.text
    session.expire_all()
    assert (launch.location, launch.attended) == ("Sân vận động", None)


def test_an_activity_of_a_cancelled_campaign_says_so(
    launch: Activity, opened: Opened, leader: Visitor, session: Session
):
    opened.commune.round.status = CampaignStatus.CANCELLED
    session.commit()

    assert "Chiến dịch đã hủy nên hoạt động này cũng hủy theo" in leader.read(
        f"/hoat-dong/{launch.uid}"
    )
    assert 'badge-over">đã hủy<' in leader.read(f"/chien-dich/{opened.commune.uid}")


def test_an_internal_activity_is_not_found_by_others(
    launch: Activity, thi: Visitor, stranger: Visitor, signed_in, cast: Cast, opened
):
    thi.post(f"/hoat-dong/{launch.uid}/sua", **(FORM | {"public": ""}))

    stranger.read(f"/hoat-dong/{launch.uid}", 404)
    signed_in(cast.khanh).read(f"/hoat-dong/{launch.uid}", 404)
    assert launch.uid in thi.read(f"/chien-dich/{opened.commune.uid}")
    thi.read(f"/hoat-dong/{launch.uid}")


def test_an_overlap_is_a_warning(launch: Activity, thi: Visitor, opened: Opened, session: Session):
    thi.post(
        f"/chien-dich/{opened.commune.uid}/hoat-dong/moi",
        **(FORM | {"summary": "Hội thi", "from": "09:00", "until": "11:00"}),
    )
    other = session.scalars(select(Activity).where(Activity.summary == "Hội thi")).one()

    assert "Hội thi" in thi.read(f"/hoat-dong/{launch.uid}")
    assert "Lễ phát động" in thi.read(f"/hoat-dong/{other.uid}")
    thi.post(f"/hoat-dong/{other.uid}/huy")
    assert "Hội thi" not in thi.read(f"/hoat-dong/{launch.uid}")


def test_whom_an_activity_is_shown_to_is_read_in_full_and_stays_as_it_was_chosen(
    thi: Visitor, opened: Opened
):
    form = f"/chien-dich/{opened.commune.uid}/hoat-dong/moi"
    checked = re.compile(r'name="public" value="(1?)" checked')

    assert checked.findall(thi.read(form)) == ["1"]
    assert checked.findall(thi.post(form, **(FORM | {"public": "", "until": "07:00"})).text) == [""]


def test_of_another_units_internal_activity_an_overlap_tells_the_time_only(
    launch: Activity, thi: Visitor, signed_in, stranger: Visitor, cast: Cast, opened: Opened
):
    secret = FORM | {"summary": "Họp kín", "organizer": "Tỉnh", "public": "", "from": "09:15"}
    hoa = signed_in(cast.hoa)
    assert hoa.post(f"/chien-dich/{opened.province.uid}/hoat-dong/moi", **secret).status_code == 303

    page = thi.read(f"/hoat-dong/{launch.uid}")

    assert "Họp kín" not in page
    assert "hoạt động nội bộ của tỉnh Kon Tum, 09:15 – 10:30 ngày 19/03/2021" in page
    assert "Họp kín" in hoa.read(f"/hoat-dong/{launch.uid}")
    assert "nội bộ của" not in stranger.read(f"/hoat-dong/{launch.uid}")


def test_a_public_activity_of_the_province_is_in_the_month_on_its_page_and_on_the_observances(
    signed_in, stranger: Visitor, cast: Cast, opened: Opened, session: Session
):
    hoa = signed_in(cast.hoa)
    for summary, public in (("Lễ phát động tỉnh", "1"), ("Họp kín", "")):
        hoa.post(
            f"/chien-dich/{opened.province.uid}/hoat-dong/moi",
            **(FORM | {"summary": summary, "public": public}),
        )
    launch = session.scalars(select(Activity).where(Activity.public)).one()

    pages = [
        stranger.read(path)
        for path in (
            "/?thang=2021-03",
            f"/don-vi/{cast.province.slug}",
            "/ngay/ngay-quoc-te-hanh-phuc",
        )
    ]

    assert all(f'href="/hoat-dong/{launch.uid}"' in page for page in pages)
    # in the table, and in the list for narrow screens
    assert pages[0].count("08:00 Lễ phát động tỉnh") == 2
    assert not any("Họp kín" in page for page in pages)
    assert launch.uid not in stranger.read("/?thang=2021-04")


def test_a_communes_public_activity_is_on_its_own_page_and_not_in_the_provinces_month(
    launch: Activity, thi: Visitor, stranger: Visitor, cast: Cast
):
    assert launch.uid in stranger.read(f"/don-vi/{cast.commune.slug}")
    for path in (
        "/?thang=2021-03",
        f"/don-vi/{cast.province.slug}",
        "/ngay/ngay-quoc-te-hanh-phuc",
    ):
        assert launch.uid not in stranger.read(path)

    thi.post(f"/hoat-dong/{launch.uid}/huy")

    assert launch.uid not in stranger.read(f"/don-vi/{cast.commune.slug}")


@pytest.mark.parametrize("path", ["sua", "huy", "long-ghep"])
def test_others_change_nothing(
    launch: Activity,
    signed_in,
    stranger: Visitor,
    cast: Cast,
    opened: Opened,
    session: Session,
    path,
):
    form = FORM | {"summary": "Khác", "campaign": opened.commune.uid}

    assert signed_in(cast.khanh).post(f"/hoat-dong/{launch.uid}/{path}", **form).status_code == 403
    assert stranger.post(f"/hoat-dong/{launch.uid}/{path}", **form).location.startswith(
        "/dang-nhap"
    )

    session.expire_all()
    assert (launch.summary, launch.status, launch.sequence) == (
        "Lễ phát động",
        CampaignStatus.CONFIRMED,
        0,
    )
    signed_in(cast.khanh).read(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", 403)


def test_one_evening_of_a_weekly_activity_is_called_off_moved_and_put_back(
    thi: Visitor, opened: Opened, session: Session, stranger: Visitor
):
    form = FORM | {"weekly_until": "2021-04-09"}
    thi.post(f"/chien-dich/{opened.commune.uid}/hoat-dong/moi", **form)
    activity = session.scalars(select(Activity)).one()
    page = f"/hoat-dong/{activity.uid}/buoi"
    assert thi.read(page).count('name="call_off"') == 4

    thi.post(page, day="2021-03-26", call_off="1")
    assert "không diễn ra ngày 26/03/2021" in stranger.read(f"/hoat-dong/{activity.uid}")
    moved = {"day": "2021-04-02", "to": "2021-04-03", "from": "8h", "until": "9h"}
    thi.post(page, **moved)
    assert "02/04/2021 chuyển sang: 08:00 – 09:00" in stranger.read(f"/hoat-dong/{activity.uid}")
    thi.post(page, day="2021-03-26", restore="1")
    assert "26/03/2021" not in stranger.read(f"/hoat-dong/{activity.uid}")


def test_an_evening_that_is_not_by_the_rule_is_refused_on_its_page(thi: Visitor, launch: Activity):
    answer = thi.post(f"/hoat-dong/{launch.uid}/buoi", day="2021-03-19", call_off="1")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
