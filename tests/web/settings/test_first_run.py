"""The first questions: any province, with what opens shown before it does."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory
from events.models import Campaign, Person, Post, Unit
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.office import office_of
from events.units.start_lines import start_line
from events.units.tree import get_unit, roots
from notifications.letters.composer import Composer
from notifications.transports.errors import DeliveryError, NoServiceError
from notifications.transports.replies import Reply
from notifications.trial import WayOut
from tests.web.conftest import Clock, Visitor

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TODAY = date(2026, 11, 30)
ANSWERS = {
    "province": "can tho",
    "day": "30/11/2026",
    "committee": "",
    "name": "",
    "sender": "",
}


@pytest.fixture
def first(signed_in: Callable[[Person], Visitor], session: Session, clock: Clock) -> Visitor:
    """The first administrator, in an installation in which nobody has worked."""
    clock.now = NOW
    person = add_person(session, "Quản trị", "quan.tri@example.org")
    give_post(session, person, get_unit(session, "51-2025"), "so_vhttdl", since=TODAY)
    person.is_administrator = True
    return signed_in(person)


def top(session: Session) -> list[str]:
    session.expire_all()
    return [unit.full_name for unit in roots(session, TODAY)]


def test_the_page_asks_with_the_installation_as_it_stands(first: Visitor):
    page = first.read("/bat-dau/")

    assert 'value="Tỉnh Quảng Ngãi"' in page
    assert "Ban Chỉ đạo công tác gia đình tỉnh Quảng Ngãi" in page
    assert 'value="2026-11-30"' in page
    assert page.count("<option") == 34
    assert 'label="92: thanh pho can tho, tinh hau giang, tinh soc trang"' in page


def test_looking_shows_what_would_open_and_changes_nothing(first: Visitor, session: Session):
    response = first.post("/bat-dau/", **ANSWERS, lam="xem")

    assert response.status_code == 200
    assert 'value="Thành phố Cần Thơ"' in response.text
    assert "Ban Chỉ đạo công tác gia đình thành phố Cần Thơ" in response.text
    assert "104 đơn vị" in response.text
    assert "Ngày Quốc tế Hạnh phúc năm 2026" in response.text.partition("năm nay không mở")[2]
    assert top(session) == ["Tỉnh Quảng Ngãi"]
    assert session.scalar(select(func.count(Campaign.id))) == 0


def test_beginning_serves_the_province_under_its_committees_name(first: Visitor, session: Session):
    response = first.post("/bat-dau/", **ANSWERS, lam="bat-dau")

    assert response.status_code == 303
    assert top(session) == ["Thành phố Cần Thơ"]
    assert session.scalar(select(func.count(Campaign.id))) > 0
    home = first.read("/")
    assert "Ban Chỉ đạo công tác gia đình thành phố Cần Thơ" in home
    assert "Quảng Ngãi" not in home
    assert start_line(session) == TODAY


def test_names_and_sender_are_settings_that_stay_when_the_page_is_sent_again(
    first: Visitor, session: Session
):
    typed = {
        "committee": "BCĐ công tác gia đình TP. Cần Thơ",
        "name": "Lịch gia đình Cần Thơ",
        "sender": "giadinh@example.org",
    }
    first.post("/bat-dau/", **(ANSWERS | typed), lam="bat-dau")
    page = first.read("/bat-dau/")

    assert f">{typed['committee']}</textarea>" in page.replace("\n", "").replace("\r", "")
    assert all(f'value="{typed[field]}"' in page for field in ("name", "sender"))
    assert "Lịch gia đình Cần Thơ" in first.read("/")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("province", "", "Vui lòng chọn tỉnh, thành phố."),
        ("province", "Atlantis", "Không có tỉnh, thành phố “Atlantis”"),
        ("day", "31/02/2026", "31/02/2026"),
        ("sender", "khong phai dia chi", "khong phai dia chi"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(
    first: Visitor, session: Session, field: str, typed: str, said: str
):
    response = first.post("/bat-dau/", **(ANSWERS | {field: typed}), lam="bat-dau")

    assert response.status_code == 422
    assert said in response.text
    assert top(session) == ["Tỉnh Quảng Ngãi"]


def test_a_day_far_ahead_is_refused(first: Visitor, session: Session):
    response = first.post("/bat-dau/", **(ANSWERS | {"day": "01/12/2028"}), lam="bat-dau")

    assert response.status_code == 409
    assert "01/12/2028" in response.text
    assert top(session) == ["Tỉnh Quảng Ngãi"]


def test_where_somebody_has_worked_the_province_stays_and_the_rest_may_change(
    first: Visitor, session: Session
):
    commune = session.scalars(select(Unit).where(Unit.key == "23293-2025")).one()
    give_post(session, add_person(session, "Thi", "thi.m@example.org"), commune, "ubnd_xa")
    session.commit()

    refused = first.post("/bat-dau/", **ANSWERS, lam="bat-dau")
    same = ANSWERS | {"province": "Tỉnh Quảng Ngãi", "name": "Lịch của tỉnh"}
    taken = first.post("/bat-dau/", **same, lam="bat-dau")

    assert (refused.status_code, taken.status_code) == (409, 303)
    assert "Tỉnh Quảng Ngãi" in refused.text
    assert office_of(session).name == "Lịch của tỉnh"


def test_strangers_are_sent_to_sign_in_and_officials_away(
    stranger: Visitor, signed_in: Callable[[Person], Visitor], session: Session
):
    session.execute(delete(Post))
    official = add_person(session, "Cán bộ", "can.bo@example.org")
    session.commit()

    assert stranger.get("/bat-dau/").status_code == 303
    assert signed_in(official).get("/bat-dau/").status_code == 403


class Server:
    """A mail server that may refuse, and looks whether the database is free while it answers."""

    def __init__(self, session_factory: SessionFactory) -> None:
        self.factory = session_factory
        self.trouble: DeliveryError | None = None
        self.received: list[tuple[str, bytes]] = []
        self.units: list[str] = []

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        with self.factory() as session:
            self.units = [unit.full_name for unit in roots(session, TODAY)]
        if self.trouble:
            raise self.trouble
        self.received.append((rcpt_to, message))
        return Reply(250, "ok")

    def check(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def server(settings: dict[str, Any], session_factory: SessionFactory) -> Server:
    server = Server(session_factory)
    composer = Composer("sumvay@example.org", "Sum Vầy", "https://lich.example.org")
    settings["way_out"] = WayOut(composer, lambda: server)
    return server


def test_a_test_mail_goes_to_whoever_asks_with_what_was_typed_and_nothing_stays(
    server: Server, first: Visitor, session: Session
):
    typed = ANSWERS | {"sender": "giadinh@example.org"}

    response = first.post("/bat-dau/", **typed, lam="thu")

    [(address, content)] = server.received
    assert response.status_code == 200
    assert address == "quan.tri@example.org"
    assert b"giadinh@example.org" in content
    assert "Thư thử gửi tới quan.tri@example.org đã đi" in response.text
    assert 'value="giadinh@example.org"' in response.text
    assert "104 đơn vị" in response.text
    assert server.units == top(session) == ["Tỉnh Quảng Ngãi"]
    assert office_of(session).sender is None


def test_a_test_mail_that_cannot_leave_says_why(server: Server, first: Visitor):
    server.trouble = NoServiceError("connection refused")

    page = first.post("/bat-dau/", **ANSWERS, lam="thu").text

    assert "connection refused" in page
    assert "Không gửi được thư nào" in page


def test_where_no_way_out_is_known_no_test_mail_is_offered(first: Visitor):
    assert 'value="thu"' not in first.read("/bat-dau/")
    assert first.post("/bat-dau/", **ANSWERS, lam="thu").status_code == 404


def test_the_committee_stands_beside_the_mark_unless_the_installation_has_a_name(
    first: Visitor, session: Session
):
    first.post("/bat-dau/", **ANSWERS, lam="bat-dau")
    beside = '<span class="brand-line">{}</span>'

    assert beside.format("Ban Chỉ đạo công tác gia đình thành phố Cần Thơ") in first.read("/")
    office_of(session).name = "Lịch gia đình"
    session.commit()
    assert beside.format("Lịch gia đình") in first.read("/")
