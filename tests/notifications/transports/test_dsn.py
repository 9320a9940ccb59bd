"""Reports that a real Postfix 3.7 wrote (tests/data/mail/bounces), and odd ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.transports.dsn import reports_in

BOUNCES = Path(__file__).parents[2] / "data" / "mail" / "bounces"


@pytest.mark.parametrize(
    ("name", "status", "code", "is_bad_address"),
    [
        ("khong-co", "5.1.1", 550, True),
        ("day", "5.2.2", 552, False),
        ("chinh-sach", "5.7.1", 550, False),
        ("ban", "4.3.0", 451, False),
    ],
)
def test_a_report_of_postfix_says_what_the_server_said(name, status, code, is_bad_address):
    (report,) = reports_in((BOUNCES / f"{name}.eml").read_bytes())

    assert (report.action, report.status, report.code) == ("failed", status, code)
    assert report.is_bad_address == is_bad_address
    assert report.to[0].startswith("thu-ve+")


def test_a_report_that_a_mail_is_late_is_no_failure():
    (report,) = reports_in((BOUNCES / "cham.eml").read_bytes())

    assert report.action == "delayed"
    assert not report.has_failed
    assert not report.is_bad_address


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00\r\n\r\n",
        b"Subject: I am on leave\r\nAuto-Submitted: auto-replied\r\n\r\nuntil Monday 550 5.1.1",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--x--",
    ],
)
def test_what_is_no_report_reports_nothing(content):
    assert reports_in(content) == []


@given(st.integers(0, 4000), st.binary(max_size=40))
def test_a_damaged_report_stops_nobody(where, what):
    whole = (BOUNCES / "khong-co.eml").read_bytes()

    reports_in(whole[:where] + what + whole[where + len(what) :])
