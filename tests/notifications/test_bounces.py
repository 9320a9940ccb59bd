"""Mail that comes back after a server had taken it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from notifications.bounces import take_in
from notifications.outbox.return_paths import ReturnPaths
from notifications.outbox.suppression import suppressed
from notifications.outbox.table import MessageState
from notifications.transports.errors import NoServiceError
from notifications.transports.incoming import from_maildir
from notifications.transports.smtp import SmtpTransport
from tests.notifications.outbox.test_suppression import NOW
from tests.notifications.scripted import ScriptedServer

BOUNCES = Path(__file__).parents[1] / "data" / "mail" / "bounces"
PATHS = ReturnPaths("thu-ve@bounces.example.org", b"the key of the tests")


def report(name, number):
    """A report of Postfix as it would be for another message of ours."""
    content = (BOUNCES / f"{name}.eml").read_bytes()
    old = next(PATHS.of(n) for n in range(1, 9) if PATHS.of(n).encode() in content)
    return content.replace(old.encode(), PATHS.of(number).encode())


@pytest.fixture
def sent(session, make_message):
    message = make_message(rcpt_to="gone@example.org")
    message.state, message.next_attempt = MessageState.SENT, None
    session.commit()
    return message


def test_an_address_that_does_not_exist_gets_no_more_notices(session, sent):
    assert take_in(session, PATHS, report("khong-co", sent.id), now=NOW) == 1

    assert (sent.state, sent.reply_code) == (MessageState.BOUNCED, 550)
    assert "User unknown" in sent.reply
    assert suppressed(session, ["gone@example.org"], NOW) == {"gone@example.org"}


@pytest.mark.parametrize("name", ["day", "chinh-sach", "ban"])
def test_a_full_box_a_policy_and_a_server_that_was_busy_condemn_no_address(session, sent, name):
    assert take_in(session, PATHS, report(name, sent.id), now=NOW) == 1

    assert sent.state is MessageState.BOUNCED
    assert suppressed(session, ["gone@example.org"], NOW) == set()


def test_a_mail_that_is_only_late_is_still_sent(session, sent):
    assert take_in(session, PATHS, report("cham", sent.id), now=NOW) == 0

    assert sent.state is MessageState.SENT


def test_the_same_report_twice_changes_nothing(session, sent):
    for _ in range(2):
        take_in(session, PATHS, report("khong-co", sent.id), now=NOW)
    soon = NOW + timedelta(days=91)

    assert suppressed(session, ["gone@example.org"], soon) == set()


def test_nobody_reports_a_mail_as_lost_who_does_not_know_its_address(session, sent):
    forged = report("khong-co", sent.id).replace(
        PATHS.of(sent.id).encode(), ReturnPaths(PATHS.address, b"a guess").of(sent.id).encode()
    )

    assert take_in(session, PATHS, forged, now=NOW) == 0
    assert sent.state is MessageState.SENT


def test_a_report_about_a_mail_that_was_forgotten_is_passed_over(session, sent):
    assert take_in(session, PATHS, report("khong-co", sent.id + 1000), now=NOW) == 0


def test_an_address_is_ours_in_any_case_of_letters_and_no_other_is():
    assert PATHS.number(PATHS.of(7)) == 7
    assert PATHS.number(PATHS.of(7).upper().replace("THU-VE", "Thu-Ve").lower()) == 7
    for wrong in ("thu-ve@bounces.example.org", "thu-ve+7-00@bounces.example.org", "x", ""):
        assert PATHS.number(wrong) is None
    assert PATHS.number(PATHS.of(7).replace("+7-", "+8-")) is None


def test_a_maildir_is_read_once_and_a_mail_that_could_not_be_taken_in_again(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(b"one")
    taken = []

    def fail(_content):
        raise OSError("the database is away")

    with pytest.raises(NoServiceError):
        from_maildir(tmp_path, fail)
    assert from_maildir(tmp_path, taken.append) == 1
    assert from_maildir(tmp_path, taken.append) == 0

    assert taken == [b"one"]
    assert [path.name for path in (tmp_path / "cur").iterdir()] == ["1:2,S"]


def test_a_mail_leaves_with_its_return_path_in_the_envelope_alone():
    mail = b"Return-Path: <thu-ve+7-aa@bounces.example.org>\r\nFrom: a@example.org\r\n\r\nx\r\n"
    with ScriptedServer() as server:
        transport = SmtpTransport(host="127.0.0.1", port=server.port)
        transport.send("b@example.org", mail)
        transport.close()

        ((_recipient, content),) = server.mails
        assert b"Return-Path" not in content
        assert server.senders == [b"MAIL FROM:<thu-ve+7-aa@bounces.example.org>\r\n"]


def test_the_composer_writes_the_return_path_of_each_message(session, composer, make_message):
    message = make_message()
    mail = replace(composer, return_paths=PATHS).compose(session, message)

    assert f"Return-Path: <{PATHS.of(message.id)}>".encode() in mail
    assert b"Return-Path" not in composer.compose(session, message)
