"""The page of the backups: what is there, what is missing, and a copy that may send mail again."""

from datetime import timedelta

import pytest

from events.files.backups import Manifest, write_manifest
from events.units.office import is_copy, office_to_change
from tests.web.conftest import NOON, Visitor

PAGE = "/quan-tri/sao-luu"
DECIDE = "/thu/hang-doi/ban-sao"


@pytest.fixture
def settings(settings, tmp_path):
    return settings | {"backups": tmp_path / "var" / "backups"}


@pytest.fixture
def administrator(signed_in, cast, session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def a_backup(folder, made):
    place = folder / made.strftime("sumvay-%Y%m%dT%H%M%SZ")
    files = {"0" * 64: 3 * 1024**2}
    write_manifest(place, Manifest(made, "sqlite", "0001", "database.sqlite", "0", files))


def test_the_page_lists_backups_and_says_when_the_newest_is_old(administrator, settings):
    assert "Chưa có bản sao lưu nào" in administrator.read(PAGE)
    a_backup(settings["backups"], NOON - timedelta(days=3))
    old = administrator.read(PAGE)
    a_backup(settings["backups"], NOON - timedelta(hours=9))
    page = administrator.read(PAGE)

    assert "cũ hơn hai ngày" in old
    assert "cũ hơn hai ngày" not in page
    assert page.index("01/03/2021") < page.index("26/02/2021")
    assert "3 MB" in page
    assert "bản sao của một hệ thống khác" not in page
    assert PAGE in administrator.read("/quan-tri")


def test_a_copy_says_that_it_is_one_until_an_administrator_lets_its_mail_leave(
    administrator, session
):
    office_to_change(session).instance = "elsewhere"
    session.commit()
    page = administrator.read(PAGE)
    assert "bản sao của một hệ thống khác" in page
    assert 'href="/thu/hang-doi' in page

    assert administrator.post(DECIDE, held="expire").status_code == 303

    session.expire_all()
    assert not is_copy(session)
    assert "bản sao của một hệ thống khác" not in administrator.read(PAGE)


def test_others_see_no_backups_and_let_no_mail_leave(signed_in, cast, session):
    office_to_change(session).instance = "elsewhere"
    session.commit()
    signed_in(cast.thi).read(PAGE, 403)

    assert signed_in(cast.thi).post(DECIDE, held="send").status_code == 403
    assert is_copy(session)
