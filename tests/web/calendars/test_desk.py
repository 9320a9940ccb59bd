"""The desk: calendars of all, and own ones with what their owner has to do."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import FeedToken
from tests.conftest import Cast
from tests.web.conftest import Clock, Opened, Visitor
from web.calendars.answers import client_of
from web.calendars.subscriptions import is_reached

DESK = "/dang-ky-lich"
FORM = {
    "name": "Điện thoại của tôi",
    "scope": "mine",
    "past_days": "90",
    "language": "vi",
    "has_items": "on",
    "has_campaigns": "on",
    "has_activities": "on",
}


@pytest.fixture
def thi(signed_in, cast: Cast) -> Visitor:
    return signed_in(cast.thi)


def made(visitor: Visitor, **more: str) -> str:
    """Make a calendar and return its path."""
    page = visitor.post(DESK, **FORM | more).text
    return re.search(r'value="https://lich\.example\.org(/f/[^"]+\.ics)"', page)[1]


def test_whoever_makes_a_calendar_is_shown_its_address_once(
    thi: Visitor, stranger: Visitor, opened: Opened
):
    answer = thi.post(DESK, **FORM)

    [path] = set(re.findall(r'"https://lich\.example\.org(/f/[^"]+\.ics)"', answer.text))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert f"webcal://lich.example.org{path}" in answer.text
    feed = stranger.get(path)
    assert "Hạn: " in feed.text
    assert feed.headers["Cache-Control"] == "private, max-age=300"
    assert feed.headers["Content-Disposition"] == 'inline; filename="viec-cua-toi.ics"'
    assert path.split("/")[2] not in thi.read(DESK)


def test_the_address_of_an_own_calendar_has_one_name(
    thi: Visitor, stranger: Visitor, opened: Opened
):
    path = made(thi)

    assert stranger.get(path).status_code == 200
    assert stranger.get(path.replace("viec-cua-toi", "khac")).status_code == 404


def test_the_desk_says_who_fetched_last_and_when_the_next_look_is_due(
    thi: Visitor, stranger: Visitor, opened: Opened, clock: Clock
):
    path = made(thi)
    assert "Chưa được lấy lần nào" in thi.read(DESK)

    stranger.get(path, headers={"User-Agent": "Google-Calendar-Importer"})

    page = thi.read(DESK)
    assert "bởi Google" in page
    assert "sớm nhất từ 16:00 ngày 01/03/2021" in page
    assert "chậm nhất 12:00 ngày 02/03/2021" in page


def test_its_owner_takes_a_calendar_as_a_file_at_any_time(
    thi: Visitor, signed_in, stranger: Visitor, cast: Cast, opened: Opened, session: Session
):
    path = made(thi)
    token = session.scalars(select(FeedToken)).one()
    file = f"{DESK}/{token.id}/lich.ics"
    assert f'href="{file}"' in thi.read(DESK)
    first = thi.get(file)
    assert first.headers["Content-Disposition"] == 'attachment; filename="viec-cua-toi.ics"'
    assert "Hạn: " in first.text

    subscribed = stranger.get(path)

    assert thi.get(file).data == subscribed.data
    signed_in(cast.hoa).read(file, 404)
    assert stranger.get(file).status_code == 303


def test_a_revoked_address_answers_410_and_an_unknown_one_404(
    thi: Visitor, stranger: Visitor, opened: Opened, session: Session
):
    path = made(thi)
    token = session.scalars(select(FeedToken)).one()

    thi.post(f"{DESK}/{token.id}/thu-hoi")

    assert stranger.get(path).status_code == 410
    assert "Điện thoại của tôi" not in thi.read(DESK)
    unknown = stranger.get(f"/f/{'x' * 43}/viec-cua-toi.ics")
    assert unknown.status_code == 404
    assert unknown.data == stranger.get("/lich/khong-co.ics").data


def test_before_an_address_ends_its_owner_is_asked_and_told_what_is_usual(
    thi: Visitor, opened: Opened, session: Session
):
    made(thi)
    token = session.scalars(select(FeedToken)).one()
    desk = thi.read(DESK)
    assert f'action="{DESK}/{token.id}/' not in desk
    assert f'href="{DESK}/{token.id}/dia-chi"' in desk

    page = thi.read(f"{DESK}/{token.id}/dia-chi")

    assert "Chưa có gì thay đổi." in page
    assert page.index(f"{DESK}/{token.id}/dia-chi-moi") < page.index(f"{DESK}/{token.id}/thu-hoi")
    assert "Việc này không khôi phục được" in page


def test_what_was_refused_stands_in_the_form_again(thi: Visitor, opened: Opened, session: Session):
    made(thi)
    token = session.scalars(select(FeedToken)).one()
    wrong = {"name": "Máy bàn", "past_days": "30", "alarm_at": "25:00"}

    for path in (DESK, f"{DESK}/{token.id}"):
        answer = thi.post(path, **FORM | wrong)

        assert answer.status_code == 400
        assert 'value="Máy bàn"' in answer.text
        assert '<option value="30" selected>' in answer.text
        assert 'name="has_alarms">' in answer.text


def test_a_new_address_ends_the_old_one(
    thi: Visitor, stranger: Visitor, opened: Opened, session: Session
):
    before = made(thi)
    token = session.scalars(select(FeedToken)).one()

    page = thi.post(f"{DESK}/{token.id}/dia-chi-moi").text

    after = re.search(r"https://lich\.example\.org(/f/[^\"]+\.ics)", page)[1]
    assert stranger.get(before).status_code == 410
    assert stranger.get(after).status_code == 200


def test_options_change_and_the_address_stays(
    thi: Visitor, stranger: Visitor, opened: Opened, session: Session
):
    path = made(thi)
    token = session.scalars(select(FeedToken)).one()
    assert 'value="Điện thoại của tôi"' in thi.read(f"{DESK}/{token.id}")

    thi.post(f"{DESK}/{token.id}", **FORM | {"name": "Máy bàn", "language": "en"})

    feed = stranger.get(path).text
    assert "X-WR-CALNAME:Máy bàn" in feed
    assert "SUMMARY:Due: " in feed


def test_nobody_else_changes_a_calendar_or_reads_its_options(
    thi: Visitor, signed_in, cast: Cast, opened: Opened, session: Session
):
    made(thi)
    token = session.scalars(select(FeedToken)).one()
    other = signed_in(cast.hoa)

    other.read(f"{DESK}/{token.id}", 404)
    assert other.post(f"{DESK}/{token.id}/thu-hoi").status_code == 404
    assert session.scalars(select(FeedToken.revoked)).one() is None


def test_a_name_that_is_missing_is_asked_for_above_the_form(thi: Visitor, opened: Opened):
    answer = thi.post(DESK, **FORM | {"name": " "})

    assert answer.status_code == 400
    assert "Lịch cần có tên" in answer.text


def test_strangers_find_the_calendars_of_all_and_the_way_in(stranger: Visitor, opened: Opened):
    page = stranger.read(DESK)

    assert "/lich/chung/ngay-trong-tam.ics" in page
    assert "/lich/chung/cac-ngay-trong-nam.ics" in page
    assert "/dang-nhap?next=/dang-ky-lich" in page
    assert 'name="scope"' not in page
    assert stranger.send(DESK, **FORM).status_code in (303, 400)


def test_english_pages_offer_english_calendars(stranger: Visitor, opened: Opened):
    page = stranger.in_english().read("/ngay/ngay-quoc-te-hanh-phuc")

    assert "/lich/en/ngay-quoc-te-hanh-phuc.ics" in page


@pytest.mark.parametrize(
    ("agent", "first"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)", "webcal://"),
        ("Mozilla/5.0 (Linux; Android 14)", "https://calendar.google.com"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64)", "https://outlook.office.com"),
    ],
)
def test_the_readers_own_device_comes_first(stranger: Visitor, opened: Opened, agent, first):
    page = stranger.get("/ngay/ngay-quoc-te-hanh-phuc", headers={"User-Agent": agent}).text

    ways = page.partition('<ul class="ways">')[2]
    assert re.search(r'href="([^"]+)"', ways)[1].startswith(first)


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("https://lich.quangngai.example.org", True),
        ("http://lich.example.org", False),
        ("https://127.0.0.1:8000", False),
        ("https://10.2.3.4", False),
        ("https://[::1]", False),
        ("https://may-chu", False),
        ("https://lich.so.local", False),
        ("https://8.8.8.8", True),
    ],
)
def test_what_the_internet_cannot_fetch_is_known(address, reached):
    assert is_reached(address) is reached


@pytest.fixture
def at_home(settings):
    settings["public_url"] = "http://192.168.1.5:8000"


def test_on_an_intranet_there_is_a_sentence_instead_of_dead_buttons(
    at_home, app: Flask, stranger: Visitor, opened: Opened
):
    page = stranger.read("/ngay/ngay-quoc-te-hanh-phuc")

    assert "Google và Outlook trên web không lấy được lịch này" in page
    assert "calendar.google.com/calendar/r?cid" not in page
    assert "iPhone chỉ nhận lịch qua https" in page
    assert "/ma-qr.svg" in page


@pytest.fixture
def on_this_machine(settings):
    settings["public_url"] = "http://127.0.0.1:8000"


def test_an_address_that_no_phone_reaches_is_not_drawn_to_be_scanned(
    on_this_machine, app: Flask, stranger: Visitor, opened: Opened
):
    assert "/ma-qr.svg" not in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Google-Calendar-Importer", "google"),
        ("iOS/17.1 (21B74) dataaccessd/1.0", "apple"),
        ("Microsoft.Exchange/15.20", "outlook"),
        ("Mozilla/5.0 Thunderbird/115.6", "thunderbird"),
        ("ICSx5/2.3 (ical4j/3.2)", "icsx5"),
        ("Nextcloud-Calendar", "nextcloud"),
        ("", "other"),
    ],
)
def test_programs_are_known_by_their_kind(agent, kind):
    assert client_of(agent) == kind


def test_one_activity_and_one_day_can_be_put_into_a_calendar(
    stranger: Visitor, opened: Opened, session: Session
):
    path = "/ngay/ngay-quoc-te-hanh-phuc/2021/lich.ics"
    assert path in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")

    answer = stranger.get(path)

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.text.count("BEGIN:VEVENT") == 1
    stranger.read("/hoat-dong/khong-co/lich.ics", 404)
