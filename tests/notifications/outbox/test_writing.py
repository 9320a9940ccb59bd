from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from events.units.office import office_to_change
from notifications.outbox.table import Message
from notifications.outbox.writing import Postmark

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def test_the_same_key_is_one_message_however_often_it_is_written(session, make_message):
    first, again = make_message("sign_in|1"), make_message("sign_in|1", rcpt_to="other@example.org")

    assert first is again
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_key_has_its_message_id_for_ever(make_message):
    assert (
        make_message("sign_in|1").message_id
        == Postmark("", "sumvay").message_id("sign_in|1")
        == "<6501dc3134a8f84a1ccfe683a7fa9116c2b1d190@sumvay>"
    )


def test_two_installations_have_different_message_ids_for_the_same_key():
    ids = {
        Postmark(name, domain).message_id("reminder|1")
        for name in ("", "1f2e", "9a8b")
        for domain in ("sumvay", "kontum.example.org")
    }

    assert len(ids) == 6


def test_a_message_id_names_the_installation_and_the_domain_that_mails_come_from(
    session, make_message
):
    office = office_to_change(session)
    office.instance = "1f2e3d"
    assert Postmark.of(session) == Postmark("1f2e3d", "sumvay")
    office.sender = "lich@quangngai.example.org"

    made = make_message("sign_in|2").message_id

    assert made.endswith("@quangngai.example.org>")
    assert made == Postmark("1f2e3d", "quangngai.example.org").message_id("sign_in|2")


def test_what_was_written_keeps_its_message_id_when_the_sender_changes(session, make_message):
    before = make_message("sign_in|3").message_id
    office_to_change(session).sender = "moi@example.org"

    assert make_message("sign_in|3").message_id == before
