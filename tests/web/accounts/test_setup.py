import stat
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory
from events.models import AuditEntry, AuditKind, Person
from tests.conftest import Cast
from tests.web.conftest import Visitor
from web.accounts import setup
from web.accounts.models import Account, account_of


def form(code: str, session: Session, /, **changes: str) -> dict[str, str]:
    from events.units.tree import get_unit

    return {
        "code": code,
        "full_name": "Quản trị viên thử",
        "email": "quan-tri@example.org",
        "unit": str(get_unit(session, "62").id),
        "role": "bcd_tinh",
        "password": "ngựa pin đúng ghim",
        "again": "ngựa pin đúng ghim",
    } | changes


@pytest.fixture
def code(session_factory: SessionFactory, tmp_path: Path) -> str:
    code = setup.ensure_setup_code(session_factory, tmp_path)
    assert code
    return code


def test_the_code_stays_the_same_until_it_is_used_and_is_nobody_elses_to_read(
    session_factory: SessionFactory, tmp_path: Path, code: str
):
    assert setup.ensure_setup_code(session_factory, tmp_path) == code
    assert stat.S_IMODE((tmp_path / setup.SETUP_CODE_FILE).stat().st_mode) == 0o600


def test_the_code_makes_the_first_administrator_who_is_signed_in_at_once(
    stranger: Visitor, session: Session, session_factory: SessionFactory, tmp_path: Path, code: str
):
    response = stranger.post("/cai-dat", **form(code.lower().replace("-", " "), session))

    assert response.status_code == 303, response.text
    assert "Quản trị viên thử" in stranger.read("/")
    account = session.scalars(select(Account)).one()
    assert account.is_administrator
    assert [(post.unit.key, post.role_key) for post in account.person.posts] == [("62", "bcd_tinh")]
    assert account.password.startswith("$argon2")
    kinds = session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds == [AuditKind.RIGHT_GIVEN, AuditKind.SIGNED_IN]
    assert setup.ensure_setup_code(session_factory, tmp_path) is None
    assert not (tmp_path / setup.SETUP_CODE_FILE).exists()


def test_afterwards_the_page_is_gone(stranger: Visitor, session: Session, code: str):
    stranger.post("/cai-dat", **form(code, session))

    stranger.read("/cai-dat", 404)
    assert (
        stranger.post("/cai-dat", **form(code, session, email="b@example.org")).status_code == 404
    )
    assert session.scalars(select(Person).where(Person.email == "b@example.org")).first() is None


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"code": "AAAA-BBBB-CCCC"}, "Mã này không khớp"),
        ({"password": "ngắn quá", "again": "ngắn quá"}, "Mật khẩu cần ít nhất 12 ký tự"),
        ({"password": "aaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaa"}, "dễ đoán"),
        ({"password": "quan-tri-2021!", "again": "quan-tri-2021!"}, "dễ đoán"),
        ({"again": "khác hẳn nhau rồi"}, "Hai mật khẩu không giống nhau"),
        ({"email": "không phải"}, "chưa phải là địa chỉ thư điện tử"),
        ({"full_name": ""}, "Vui lòng nhập họ và tên"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    stranger: Visitor, session: Session, code: str, change: dict[str, str], answer: str
):
    response = stranger.post("/cai-dat", **form(code, session, **change))

    assert response.status_code == 422
    assert answer in response.text
    if "email" not in change:
        assert "quan-tri@example.org" in response.text
    assert "ngựa pin" not in response.text
    assert session.scalars(select(Account)).all() == []


def test_without_a_code_nobody_gets_in(stranger: Visitor, session: Session):
    assert stranger.post("/cai-dat", **form("", session)).status_code == 422
    assert stranger.post("/cai-dat", **form("AAAA-BBBB-CCCC", session)).status_code == 422


def test_an_account_made_by_a_mailed_link_does_not_end_the_first_run(
    stranger: Visitor, cast: Cast, session: Session, session_factory: SessionFactory, tmp_path: Path
):
    account_of(session, cast.thi)
    session.commit()

    assert setup.ensure_setup_code(session_factory, tmp_path)
    stranger.read("/cai-dat")


def test_a_known_person_becomes_administrator_with_their_own_account(
    stranger: Visitor, cast: Cast, session: Session, code: str
):
    account_of(session, cast.hoa)
    session.commit()

    stranger.post("/cai-dat", **form(code, session, email="hoa@example.org"))

    session.expire_all()
    account = session.scalars(select(Account)).one()
    assert account.person_id == cast.hoa.id
    assert account.is_administrator
