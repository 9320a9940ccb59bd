import mailbox
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from events.errors import NotFoundError
from notifications.transports.errors import NoServiceError, PermanentDeliveryError
from notifications.transports.maildir import MaildirTransport, list_messages, read_message

A_MAIL = Path(__file__).parents[2] / "data" / "mail" / "reminder.vi.eml"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mail"


@pytest.fixture
def mail():
    return A_MAIL.read_bytes()


def another(mail, number, date="Fri, 19 Mar 2021 07:30:00 +0700"):
    mail = mail.replace(b"<0123456789abcdef@sumvay>", b"<%d@sumvay>" % number)
    return mail.replace(b"Thu, 18 Mar 2021 07:30:00 +0700", date.encode())


def test_a_delivered_mail_is_a_real_maildir_message(folder, mail):
    reply = MaildirTransport(folder).send("thi@example.org", mail)

    assert reply.code == 250
    (stored,) = mailbox.Maildir(folder, create=False)
    assert stored["Message-ID"] == "<0123456789abcdef@sumvay>"
    assert not list((folder / "tmp").iterdir())


def test_the_same_mail_sent_again_is_there_once(folder, mail):
    transport = MaildirTransport(folder)

    for _ in range(3):
        transport.send("thi@example.org", mail)

    assert len(list_messages(folder)) == 1


def test_a_mail_that_was_read_and_flagged_is_not_delivered_again(folder, mail):
    transport = MaildirTransport(folder)
    transport.send("thi@example.org", mail)
    (new,) = (folder / "new").iterdir()
    new.rename(folder / "cur" / f"{new.name}:2,S")

    transport.send("thi@example.org", mail)

    (listed,) = list_messages(folder)
    assert read_message(folder, listed.key).text


def test_two_deliveries_at_once_leave_one_mail(folder, mail):
    barrier = Barrier(4)

    def run():
        barrier.wait()
        MaildirTransport(folder).send("thi@example.org", mail)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list_messages(folder)) == 1
    assert not list((folder / "tmp").iterdir())


def test_the_list_shows_the_newest_first(folder, mail):
    transport = MaildirTransport(folder, durable=False)
    transport.send("thi@example.org", mail)
    for number in (1, 2):
        transport.send("thi@example.org", another(mail, number))

    newest, *_ = listed = list_messages(folder, limit=2)

    assert len(listed) == 2
    assert newest.date == datetime(2021, 3, 19, 7, 30, tzinfo=UTC) - timedelta(hours=7)
    assert newest.to == '"Cán bộ xã (Thi)" <thi@example.org>'
    assert newest.subject.startswith("Xây dựng kế hoạch tổ chức")


def test_a_mail_is_read_back_in_vietnamese(folder, mail):
    MaildirTransport(folder).send("thi@example.org", mail)
    (listed,) = list_messages(folder)

    stored = read_message(folder, listed.key)

    assert stored.headers["Message-ID"] == "<0123456789abcdef@sumvay>"
    assert "\nKính gửi Cán bộ xã (Thi),\n" in stored.text
    assert '<html lang="vi">' in stored.html


@pytest.mark.parametrize("key", ["", "nothing", "../../etc/passwd", "0" * 40, "*" * 40])
def test_a_key_that_names_nothing_is_not_found(folder, mail, key):
    MaildirTransport(folder).send("thi@example.org", mail)

    with pytest.raises(NotFoundError):
        read_message(folder, key)


def test_an_absent_folder_holds_no_mail(folder):
    assert list_messages(folder) == []


def test_a_folder_that_cannot_be_written_is_no_service(tmp_path, mail):
    occupied = tmp_path / "mail"
    occupied.write_text("a file, not a folder")

    with pytest.raises(NoServiceError):
        MaildirTransport(occupied).send("thi@example.org", mail)
    with pytest.raises(NoServiceError):
        MaildirTransport(occupied).check()


def test_half_a_mail_is_never_seen(folder, mail, monkeypatch):
    monkeypatch.setattr("notifications.transports.maildir.os.fsync", _no_space)

    with pytest.raises(NoServiceError):
        MaildirTransport(folder).send("thi@example.org", mail)

    assert list_messages(folder) == []


def test_an_address_with_a_line_break_is_refused(folder, mail):
    with pytest.raises(PermanentDeliveryError):
        MaildirTransport(folder).send("thi@example.org\r\nx", mail)


def _no_space(_descriptor):
    raise OSError(28, "No space left on device")


def test_mail_on_disk_has_the_line_ends_that_mail_programs_expect(folder, mail):
    MaildirTransport(folder).send(
        "thi@example.org", mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    )

    [stored] = (folder / "new").iterdir()
    assert b"\r" not in stored.read_bytes()
