"""The log: found by kind, person and day, taken along as a table."""

import csv
import io
import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from events.models import AuditEntry, AuditKind
from events.people import audit
from tests.conftest import Cast
from tests.web.conftest import NOON, Visitor

PAGE = "/quan-tri/nhat-ky"
PEOPLE = "/don-vi/dak-glei.dak-glei/nhan-su"


@pytest.fixture
def administrator(signed_in, cast: Cast, session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


@pytest.fixture
def three(session, cast: Cast) -> None:
    for days, kind, who in (
        (0, AuditKind.SIGNED_IN, cast.thi),
        (1, AuditKind.REFUSED, cast.khanh),
        (2, AuditKind.SIGNED_IN, cast.khanh),
    ):
        audit.record(session, kind, now=NOON + timedelta(days=days), by=who, about=who)
    session.commit()


def names_on(page: str) -> list[str]:
    return [name for name in ("(Thi)", "(Khánh)") if name in page]


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}.csv"])
def test_others_read_no_log(signed_in, stranger, cast, session, path):
    session.commit()
    assert signed_in(cast.thi).get(path).status_code == 403
    assert stranger.get(path).location.startswith("/dang-nhap")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["(Thi)", "(Khánh)"]),
        ("?loai=refused", ["(Khánh)"]),
        ("?nguoi=can+bo+xa+khac", ["(Khánh)"]),
        ("?nguoi=thi%40example", ["(Thi)"]),
        ("?den=2021-03-01", ["(Thi)"]),
        ("?tu=2021-03-02&den=2021-03-02", ["(Khánh)"]),
        ("?tu=2021-03-04", []),
        ("?loai=password-set", []),
    ],
)
def test_lines_are_found_by_kind_person_and_day(administrator, three, asked, found):
    assert names_on(administrator.read(PAGE + asked)) == found


@pytest.mark.parametrize(
    "odd",
    [
        "loai=x",
        "tu=2021-99-99",
        "tu=0001-01-01",
        "den=9999-12-31",
        "trang=-1",
        "trang=99999999999",
        "nguoi=%25",
    ],
)
def test_what_nobody_can_mean_is_left_out(administrator, three, odd):
    administrator.read(f"{PAGE}?{odd}")


def test_a_day_is_a_day_in_vietnam(administrator, session, cast):
    late = NOON.replace(hour=17, minute=30)  # half past midnight of the second
    audit.record(session, AuditKind.SIGNED_OUT, now=late, by=cast.thi)
    session.commit()

    assert names_on(administrator.read(f"{PAGE}?tu=2021-03-02")) == ["(Thi)"]
    assert names_on(administrator.read(f"{PAGE}?den=2021-03-01")) == []


def test_many_lines_come_in_pages(administrator, session, cast):
    for number in range(60):
        at = NOON + timedelta(minutes=number)
        audit.record(session, AuditKind.SIGNED_IN, now=at, by=cast.thi, detail=f"số {number}.")
    session.commit()

    first, second = administrator.read(PAGE), administrator.read(f"{PAGE}?trang=2")

    assert "số 59." in first
    assert "số 9." not in first
    assert "số 9." in second
    assert "trang=2" in first


def test_the_table_opens_in_excel_and_calculates_nothing(administrator, session, cast):
    cast.thi.full_name = "=HYPERLINK(1)"
    audit.record(session, AuditKind.SIGNED_IN, now=NOON, by=cast.thi, about=cast.thi)
    session.commit()

    answer = administrator.get(f"{PAGE}.csv?loai=signed-in")

    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Thời điểm", "Loại"]
    assert rows[1][2] == "'=HYPERLINK(1)"
    assert len(rows) == 2


def test_posts_that_change_are_in_the_log_with_the_address_of_the_visitor(
    administrator, session, cast
):
    new = {"full_name": "Cán bộ mới", "email": "moi@example.org", "phone": "", "role": "cc_vhxh"}
    administrator.client.environ_base["REMOTE_ADDR"] = "203.0.113.5"
    administrator.post(PEOPLE, **new)
    post = cast.thi.posts[0]
    administrator.post(f"{PEOPLE}/{post.id}/sua", full_name="Tên khác", phone="")
    administrator.post(f"{PEOPLE}/{post.id}/ket-thuc")
    administrator.post(f"{PEOPLE}/{post.id}/ket-thuc")

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.kind, entry.about_name, entry.detail) for entry in entries] == [
        (AuditKind.POST_GIVEN, "Cán bộ mới", "cc_vhxh"),
        (AuditKind.PERSON_CORRECTED, "Tên khác", None),
        (AuditKind.POST_ENDED, "Tên khác", "ubnd_xa"),
    ]
    assert {entry.address for entry in entries} == {"203.0.113.5"}
    assert {entry.by_id for entry in entries} == {cast.hoa.id}


def test_details_are_said_in_words(administrator, session, cast):
    for kind, detail in (
        (AuditKind.SIGNED_IN, "password+code"),
        (AuditKind.DEVICE_ENDED, "Android telephone, Chrome"),
        (AuditKind.POST_ENDED, "ubnd_xa"),
        (AuditKind.POST_ENDED, "a_role_that_is_gone"),
    ):
        audit.record(session, kind, now=NOON, by=cast.thi, detail=detail)
    session.commit()

    page = administrator.read(PAGE)

    for words in ("mật khẩu + mã", "Điện thoại Android, Chrome", "UBND cấp xã", "a_role_that"):
        assert words in page


def test_every_kind_has_its_words():
    from web.settings.audit import _KINDS

    assert set(_KINDS) == set(AuditKind)


def test_each_line_stands_in_the_programs_log_too_once_it_is_sure_and_without_names(
    session, cast, caplog
):
    def line(detail: str) -> None:
        kind = AuditKind.RIGHT_GIVEN
        audit.record(session, kind, now=NOON, by=cast.hoa, about=cast.thi, detail=detail)

    with caplog.at_level(logging.INFO, "sumvay.audit"):
        line("first")
        with session.begin_nested():
            line("inside")
        assert caplog.messages == []
        session.rollback()
        line("second")
        session.commit()
        session.commit()

    assert caplog.messages == [f"right-given by={cast.hoa.id} about={cast.thi.id} detail=second"]
