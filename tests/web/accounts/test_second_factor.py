"""A second factor: codes, spare codes, and administrators who have to have one."""

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from events.models import AuditEntry, AuditKind
from tests.web.accounts.conftest import PASSWORD
from tests.web.conftest import NOON, SECRET, Visitor, app_with
from web.accounts import codes, devices
from web.accounts.lost_factors import remove_second_factors
from web.accounts.models import Account, account_of
from web.accounts.secrets import digest_of, lock, unlock
from web.kit.config import TwoFactors, WebConfig

PAGE = "/tai-khoan/hai-buoc"
KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", of RFC 6238, appendix B
HALF_A_MINUTE = timedelta(seconds=30)


def code(clock) -> str:
    return codes.code_at(KEY, int(clock.now.timestamp()) // 30)


def is_in(visitor: Visitor) -> bool:
    return "Đăng xuất" in visitor.read("/don-vi/")


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds, digits):
    assert codes.code_at(KEY, seconds // 30) == digits


@pytest.fixture
def secured(session, cast, with_password) -> Account:
    account = with_password(cast.thi)
    account.code_key = codes.locked(KEY, SECRET)
    session.commit()
    return account


def knows_the_password(visitor: Visitor) -> None:
    answer = visitor.post("/dang-nhap", email="thi@example.org", password=PASSWORD, next="/don-vi/")
    assert answer.location == "/dang-nhap/buoc-hai"


def test_a_password_alone_opens_nothing(stranger, secured):
    knows_the_password(stranger)

    assert not is_in(stranger)
    assert "mã" in stranger.read("/dang-nhap/buoc-hai")


def test_a_code_opens_the_account_and_leads_on(stranger, secured, clock):
    knows_the_password(stranger)

    assert stranger.post("/dang-nhap/buoc-hai", code=code(clock)).location == "/don-vi/"

    assert is_in(stranger)


def test_a_link_alone_opens_nothing_either(stranger, secured, newest_link):
    stranger.post("/dang-nhap/lien-ket", email="thi@example.org")
    assert stranger.post(newest_link()).location == "/dang-nhap/buoc-hai"
    stranger.post("/dang-nhap/quen-mat-khau", email="thi@example.org")
    new = "một mật khẩu khác hẳn"
    answer = stranger.post(newest_link(), password=new, again=new)
    assert answer.location == "/dang-nhap/buoc-hai"

    assert not is_in(stranger)


def test_a_code_is_good_once(app, stranger, secured, clock):
    knows_the_password(stranger)
    stranger.post("/dang-nhap/buoc-hai", code=code(clock))
    second = Visitor(app.test_client())
    knows_the_password(second)

    assert second.post("/dang-nhap/buoc-hai", code=code(clock)).status_code == 422

    clock.advance(HALF_A_MINUTE)
    assert second.post("/dang-nhap/buoc-hai", code=code(clock)).status_code == 303


@pytest.mark.parametrize(("off", "status"), [(-1, 303), (1, 303), (-2, 422), (2, 422)])
def test_a_clock_may_be_half_a_minute_wrong(stranger, secured, clock, off, status):
    knows_the_password(stranger)
    clock.advance(-off * HALF_A_MINUTE)
    typed = code(clock)
    clock.advance(off * HALF_A_MINUTE)

    assert stranger.post("/dang-nhap/buoc-hai", code=typed).status_code == status


@pytest.mark.parametrize("odd", ["", "000000", "abc", "٠٠٠٠٠٠", "1" * 41, "\u0000"])
def test_what_is_no_code_is_refused(stranger, secured, odd):
    knows_the_password(stranger)

    assert stranger.post("/dang-nhap/buoc-hai", code=odd).status_code in (400, 422)
    assert not is_in(stranger)


def test_who_knew_no_password_is_asked_for_no_code(stranger, secured, clock):
    assert stranger.get("/dang-nhap/buoc-hai").location == "/dang-nhap"
    assert stranger.post("/dang-nhap/buoc-hai", code=code(clock)).location == "/dang-nhap"
    assert not is_in(stranger)


def test_after_ten_minutes_the_password_is_asked_for_again(stranger, secured, clock):
    knows_the_password(stranger)
    clock.advance(timedelta(minutes=10, seconds=1))

    assert stranger.post("/dang-nhap/buoc-hai", code=code(clock)).location == "/dang-nhap"


def test_guessing_codes_is_slow(session_factory, settings, secured, clock):
    visitor = Visitor(
        app_with(session_factory, WebConfig(**settings | {"rate_limits": True})).test_client()
    )
    knows_the_password(visitor)

    answers = [visitor.post("/dang-nhap/buoc-hai", code="000000") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[-1].headers["Retry-After"]


def test_codes_are_added_with_a_first_code_and_spare_ones_are_shown_once(
    signed_in, cast, session, clock
):
    here, elsewhere = signed_in(cast.thi), signed_in(cast.thi)
    page = here.read(f"{PAGE}/ma")
    with here.client.session_transaction(base_url="https://lich.example.org") as cookie:
        key = cookie["new_code_key"]
    assert "<svg" in page
    assert here.post(f"{PAGE}/ma", code="000000").status_code == 422
    assert account_of(session, cast.thi).code_key is None

    first = codes.code_at(key, int(clock.now.timestamp()) // 30)
    shown = here.post(f"{PAGE}/ma", code=first)

    session.expire_all()
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.text.count("<code>") == 10
    assert key not in account_of(session, cast.thi).code_key
    assert is_in(here)
    assert not is_in(elsewhere)
    spare = shown.text.partition("<code>")[2].partition("</code>")[0]
    assert spare not in here.read(PAGE)
    assert "Còn 10 mã dự phòng" in here.read(PAGE)


def test_a_spare_code_is_good_once(app, stranger, secured, session):
    spare = codes.give_spare_codes(secured)[0]
    session.commit()
    assert spare not in str(secured.spare_codes)
    knows_the_password(stranger)
    assert stranger.post("/dang-nhap/buoc-hai", code=spare).status_code == 303
    second = Visitor(app.test_client())
    knows_the_password(second)

    assert second.post("/dang-nhap/buoc-hai", code=spare).status_code == 422


def test_codes_are_removed_with_a_code_only(signed_in, secured, cast, session, clock):
    thi = signed_in(cast.thi)

    thi.post(f"{PAGE}/ma/bo", code="000000")
    session.expire_all()
    assert secured.code_key is not None
    thi.post(f"{PAGE}/ma/bo", code=code(clock))

    session.expire_all()
    assert secured.code_key is None
    kinds = session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds == [AuditKind.REFUSED, AuditKind.FACTOR_REMOVED]


def test_a_key_locked_with_another_secret_key_opens_nothing(stranger, secured, session, clock):
    secured.code_key = codes.locked(KEY, "another secret of sixteen letters")
    session.commit()
    knows_the_password(stranger)

    assert stranger.post("/dang-nhap/buoc-hai", code=code(clock)).status_code == 422


def test_what_is_locked_opens_with_its_key_for_its_purpose_and_unchanged_alone():
    stored = lock(KEY, SECRET, "codes")

    assert unlock(stored, SECRET, "codes") == KEY
    assert lock(KEY, SECRET, "codes") != stored
    assert unlock(stored, SECRET, "something else") is None
    assert unlock(stored[:-6] + "AAAAAA", SECRET, "codes") is None
    assert KEY not in stored


def test_what_an_older_version_locked_opens_still():
    """AES-128-CBC with HMAC, the format Fernet."""
    key = base64.urlsafe_b64encode(hashlib.sha256(f"codes:{SECRET}".encode()).digest())

    assert unlock(Fernet(key).encrypt(KEY.encode()).decode(), SECRET, "codes") == KEY


def test_whoever_runs_the_service_helps_who_lost_everything(
    stranger, signed_in, secured, cast, session, clock
):
    elsewhere = signed_in(cast.thi)
    remove_second_factors(session, "THI@example.org", now=clock.now)
    session.commit()

    answer = stranger.post("/dang-nhap", email="thi@example.org", password=PASSWORD)

    assert answer.location == "/"
    assert not is_in(elsewhere)


class Strict:
    """An installation whose administrators need a second factor."""

    def __init__(self, app, session, clock) -> None:
        self.app, self.session, self.clock = app, session, clock

    def visitor(self, person, *, two_factors: bool = False) -> Visitor:
        account = account_of(self.session, person)
        _device, secret = devices.begin(
            self.session, account, now=self.clock.now, two_factors=two_factors
        )
        self.session.commit()
        visitor = Visitor(self.app.test_client())
        with visitor.client.session_transaction(base_url="https://lich.example.org") as cookie:
            cookie["_user_id"] = secret
        return visitor


@pytest.fixture
def strict(session_factory, settings, session, clock, cast) -> Strict:
    cast.hoa.is_administrator = True
    session.commit()
    config = WebConfig(**settings | {"require_2fa": TwoFactors.ADMINISTRATORS})
    return Strict(app_with(session_factory, config), session, clock)


@pytest.mark.parametrize("path", ["/", "/quan-tri", "/quan-tri/nhat-ky", "/tai-khoan", "/don-vi/"])
def test_an_administrator_without_a_second_factor_is_led_to_add_one(strict, cast, path):
    hoa = strict.visitor(cast.hoa)

    assert hoa.get(path).location == PAGE
    assert hoa.post("/don-vi/dak-glei.dak-glei/nhan-su", full_name="x").location == PAGE
    assert "phải đăng nhập bằng xác thực hai bước" in hoa.read(PAGE)


def test_one_who_has_it_but_came_without_signs_in_again(strict, cast, session):
    account_of(session, cast.hoa).code_key = codes.locked(KEY, SECRET)
    hoa = strict.visitor(cast.hoa)

    assert hoa.get("/quan-tri").location == "/dang-nhap"
    assert not is_in(hoa)


def test_with_both_factors_an_administrator_works_and_others_need_none(strict, cast):
    strict.visitor(cast.hoa, two_factors=True).read("/quan-tri")
    strict.visitor(cast.thi).read("/don-vi/")


def test_where_everybody_is_asked_who_is_no_administrator_adds_one_too(
    session_factory, settings, session, clock, cast
):
    config = WebConfig(**settings | {"require_2fa": TwoFactors.EVERYBODY})
    thi = Strict(app_with(session_factory, config), session, clock).visitor(cast.thi)

    assert thi.get("/don-vi/").location == PAGE
    assert thi.get("/lich/chung.ics").status_code != 303


def test_administrators_may_leave_without_one(strict, cast):
    hoa = strict.visitor(cast.hoa)

    assert hoa.post("/dang-xuat").location == "/"
    assert is_in(hoa) is False


def test_who_signed_in_long_ago_signs_in_again_before_a_factor_is_changed(signed_in, cast, clock):
    thi = signed_in(cast.thi)
    clock.advance(timedelta(minutes=16))

    for path in ("/tai-khoan/hai-buoc", "/tai-khoan/hai-buoc/ma"):
        assert thi.get(path).location.startswith("/dang-nhap?next=/tai-khoan/hai-buoc")
    for path in ("/ma", "/ma/bo", "/khoa", "/khoa/bat-dau", "/khoa/1/bo"):
        assert thi.post(f"/tai-khoan/hai-buoc{path}").status_code == 303


def test_spare_codes_are_stored_so_that_guessing_takes_its_time(app, session, cast):
    account = account_of(session, cast.thi)
    first, *_rest = codes.give_spare_codes(account)

    assert len({kept.partition("$")[0] for kept in account.spare_codes}) == 10  # a salt each
    assert all(len(kept.partition("$")[2]) == 128 for kept in account.spare_codes)
    assert codes.take_code(account, first, now=NOON, secret_key="x" * 16)
    assert not codes.take_code(account, first, now=NOON, secret_key="x" * 16)


def test_spare_codes_of_an_older_version_still_open(app, session, cast):
    account = account_of(session, cast.thi)
    session.flush()
    account.spare_codes = [digest_of(f"{account.id}:12345678")]

    assert codes.take_code(account, "1234-5678", now=NOON, secret_key="x" * 16)
    assert account.spare_codes == []
