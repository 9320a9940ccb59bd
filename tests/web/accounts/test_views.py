import re
from datetime import timedelta

import pytest
from flask_security.utils import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.outbox.table import Message
from tests.conftest import Cast
from tests.web.conftest import Clock, Visitor
from web.accounts.models import Account, account_of

PASSWORD = "bốn từ dễ nhớ lắm"


def link_in_outbox(session: Session) -> str:
    url: str = session.scalars(select(Message).order_by(Message.id.desc())).first().params["url"]
    return url.removeprefix("https://lich.example.org")


def give_password(app, session: Session, account: Account) -> None:
    with app.test_request_context():
        account.password = hash_password(PASSWORD)
    session.commit()


def is_signed_in(visitor: Visitor) -> bool:
    return "Đăng xuất" in visitor.read("/don-vi/")


def test_a_password_opens_the_account_and_leads_back(
    app, stranger: Visitor, cast: Cast, session: Session
):
    give_password(app, session, account_of(session, cast.thi))

    response = stranger.post(
        "/dang-nhap", email=" THI@example.org", password=PASSWORD, next="/don-vi/"
    )

    assert (response.status_code, response.location) == (303, "/don-vi/")
    assert is_signed_in(stranger)


@pytest.mark.parametrize(
    ("email", "password"), [("thi@example.org", "sai mật khẩu"), ("ai-do@example.org", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    app, stranger: Visitor, cast: Cast, session: Session, email: str, password: str
):
    give_password(app, session, account_of(session, cast.thi))

    response = stranger.post("/dang-nhap", email=email, password=password)

    assert response.status_code == 422
    assert "Địa chỉ thư hoặc mật khẩu chưa đúng" in response.text
    assert f'value="{email}"' in response.text
    assert not is_signed_in(stranger)


def test_an_account_without_password_cannot_be_opened_by_an_empty_one(
    stranger: Visitor, cast: Cast, session: Session
):
    account_of(session, cast.thi)
    session.commit()

    assert stranger.post("/dang-nhap", email="thi@example.org", password="").status_code == 422
    assert stranger.post("/dang-nhap", email="thi@example.org", password="None").status_code == 422


def test_a_link_is_mailed_to_who_is_known_and_the_answer_tells_nobody(
    stranger: Visitor, cast: Cast, session: Session
):
    known = stranger.post("/dang-nhap/lien-ket", email="thi@example.org")
    unknown = stranger.post("/dang-nhap/lien-ket", email="ai-do@example.org")

    assert (
        (known.status_code, known.location)
        == (unknown.status_code, unknown.location)
        == (303, "/dang-nhap/da-gui")
    )
    assert "Nếu địa chỉ này" in stranger.read("/dang-nhap/da-gui")
    messages = session.scalars(select(Message)).all()
    assert [message.rcpt_to for message in messages] == ["thi@example.org"]


def test_only_the_button_behind_the_link_signs_in(stranger: Visitor, cast: Cast, session: Session):
    session.commit()
    stranger.post("/dang-nhap/lien-ket", email="thi@example.org", next="/viec/7")
    link = link_in_outbox(session)

    assert "Cán bộ xã (Thi)" in stranger.read(link)
    assert not is_signed_in(stranger)

    response = stranger.post(link)

    assert (response.status_code, response.location) == (303, "/viec/7")
    assert is_signed_in(stranger)


def test_a_link_is_old_after_a_quarter_of_an_hour(
    stranger: Visitor, cast: Cast, session: Session, clock: Clock
):
    session.commit()
    stranger.post("/dang-nhap/lien-ket", email="thi@example.org")
    link = link_in_outbox(session)
    clock.advance(timedelta(minutes=15, seconds=1))

    assert "không còn hiệu lực" in stranger.read(link, 410)
    assert stranger.post(link).status_code == 410
    assert not is_signed_in(stranger)


def test_a_forged_link_is_refused(stranger: Visitor):
    stranger.read("/dang-nhap/lien-ket/eyJhY2NvdW50IjoieCJ9.forged", 410)


def test_an_account_that_is_switched_off_gets_no_link(
    stranger: Visitor, cast: Cast, session: Session
):
    account_of(session, cast.thi).active = False
    session.commit()

    assert stranger.post("/dang-nhap/lien-ket", email="thi@example.org").status_code == 303
    assert session.scalars(select(Message)).all() == []


def test_asking_again_within_a_minute_writes_no_second_mail(
    stranger: Visitor, cast: Cast, session: Session
):
    session.commit()
    for _ in range(3):
        stranger.post("/dang-nhap/lien-ket", email="thi@example.org")

    assert len(session.scalars(select(Message)).all()) == 1


def test_signing_out_is_a_form(signed_in, cast: Cast):
    thi: Visitor = signed_in(cast.thi)
    thi.read("/dang-xuat", 405)
    assert is_signed_in(thi)

    thi.post("/dang-xuat")

    assert not is_signed_in(thi)


def test_the_cookie_is_for_this_site_alone(stranger: Visitor):
    cookie = stranger.get("/").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" in cookie


def test_a_password_is_chosen_then_changed_only_with_the_present_one(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    assert visitor.post("/tai-khoan", password=PASSWORD, again=PASSWORD).status_code == 303
    refused = visitor.post(
        "/tai-khoan", current="sai", password=PASSWORD + "!", again=PASSWORD + "!"
    )
    assert refused.status_code == 422
    assert "Mật khẩu hiện tại chưa đúng" in refused.text
    assert (
        visitor.post(
            "/tai-khoan", current=PASSWORD, password=PASSWORD + "!", again=PASSWORD + "!"
        ).status_code
        == 303
    )


def test_a_new_password_signs_out_every_other_browser(signed_in, cast, session):
    here, elsewhere = signed_in(cast.thi), signed_in(cast.thi)

    here.post("/tai-khoan", password=PASSWORD, again=PASSWORD)

    assert "Đăng xuất" in here.read("/don-vi/")
    assert "Đăng xuất" not in elsewhere.read("/don-vi/")


def test_a_weak_password_is_refused(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    assert visitor.post("/tai-khoan", password="ngắn", again="ngắn").status_code == 422
    assert (
        visitor.post("/tai-khoan", password="aaaaaaaaaaaaaa", again="aaaaaaaaaaaaaa").status_code
        == 422
    )
    assert account_of(session, cast.thi).password is None


def test_a_stranger_has_no_password_to_change(stranger, cast, session):
    session.commit()

    assert stranger.get("/tai-khoan").location.startswith("/dang-nhap")


def test_a_password_is_typed_hidden_and_may_be_pasted(stranger, signed_in, cast):
    for page in (stranger.read("/dang-nhap"), signed_in(cast.thi).read("/tai-khoan")):
        fields = re.findall(r'<input[^>]*name="(?:password|again|current)"[^>]*>', page)
        assert fields
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(?:current|new)-password"', field)
            assert "paste" not in field


def test_a_long_password_is_compared_to_its_last_letter_and_its_blanks(
    stranger, session, cast, app
):
    password = f" {'bốn từ dễ nhớ ' * 7}Z "  # of about 100 letters
    account = account_of(session, cast.thi)
    with app.test_request_context():
        account.password = hash_password(password)
    session.commit()

    for other in (password.strip(), password[:-2], password.lower(), password[:72]):
        assert sign_in(stranger, other).status_code == 422
    assert sign_in(stranger, password).status_code == 303


def test_passwords_are_stored_by_argon2(with_password, cast):
    assert with_password(cast.thi).password.startswith("$argon2id$")


def sign_in(visitor, password):
    return visitor.post("/dang-nhap", email="thi@example.org", password=password)
