"""A person's data is taken along, and erased with the history kept under a pseudonym."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import scheduler.tables  # noqa: F401 - every table belongs to the metadata
from events.calendars.feeds import serve_feed
from events.calendars.tokens import Options, make_token
from events.checklist.history import Stamp
from events.checklist.states import start_item
from events.database.sessions import Base
from events.models import AuditEntry, AuditKind, Change, Feed, FeedStamp, Person, Post
from events.people import audit
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler import jobs
from scheduler.config import BackupSettings
from tests.web.conftest import NOON
from web.accounts import devices, links, tries
from web.accounts.models import (
    Account,
    Device,
    LinkPurpose,
    SignInLink,
    Tries,
    account_of,
)
from web.accounts.personal_data import FATES, NAMES, erase, export

PRIVACY = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text(encoding="utf-8")
REACHES = r"name$|mail|phone|address|agent|signer|organizer|rcpt|sender|location|search"
NOBODY = {  # names of things and places, and what no way leads from
    *("account_role.name", "office.name", "proposed_holiday.name", "message.bad_address"),
    *("unit.name", "unit.full_name", "unit.search"),
}
A_YEAR = timedelta(days=365)
RETENTION = jobs.Retention(audit=2 * A_YEAR, devices=timedelta(days=90), mail=A_YEAR, departed=None)


def columns_of_people() -> set[str]:
    """Return every column that points at a person or an account."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in ("person", "account")
    }


def columns_with_names() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in ("by_name", "about_name")
    }


def test_erasure_knows_every_column_that_points_at_a_person():
    assert set(FATES) == columns_of_people()
    assert set(NAMES) == columns_with_names()


def test_the_manual_names_every_table_with_something_of_a_person():
    tables = {name.partition(".")[0] for name in FATES} | {"person", "tries"}

    assert {table for table in tables if f"`{table}`" not in PRIVACY} == set()


def columns_of_contact() -> set[str]:
    """Return every column whose name says that it holds a name or a way to reach somebody."""
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if re.search(REACHES, column.name) and f"{table.name}.{column.name}" not in NOBODY
    }


def test_the_manual_names_every_column_with_something_of_a_person_and_no_other():
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", PRIVACY.partition("### Column by column")[2]))
    columns = {f"{table.name}.{c.name}" for table in Base.metadata.tables.values() for c in table.c}
    stored = columns_of_people() | columns_with_names() | columns_of_contact()

    assert named - {"person.is_administrator"} == stored
    assert named <= columns


def test_the_manual_says_what_the_rights_added_and_for_how_long_backups_keep_what_is_erased():
    assert "`person.is_administrator`" in PRIVACY
    assert "`document.public`" in PRIVACY
    assert f"`backup.keep` ({BackupSettings().keep})" in PRIVACY


@pytest.fixture
def busy(app, session, cast, opened, clock) -> Person:
    """Somebody of whom there is much: work, mail, devices, links, lines in the log."""
    thi, account = cast.thi, account_of(session, cast.thi)
    thi.phone = "0905 123 456"
    devices.begin(session, account, now=NOON, agent="Firefox", address="203.0.113.7")
    links.make_link(session, account, LinkPurpose.SIGN_IN, NOON, timedelta(minutes=15))
    enqueue(
        session, key="sign_in:1", kind=MessageKind.SIGN_IN, rcpt_to="thi@example.org",
        language="vi", now=NOON, person=thi, params={"url": "https://lich.example.org/bi-mat"},
    )  # fmt: skip
    audit.record(session, AuditKind.SIGNED_IN, now=NOON, by=thi, about=thi)
    audit.record(session, AuditKind.PERSON_CORRECTED, now=NOON, by=cast.hoa, about=thi)
    start_item(session, opened.item.id, Stamp(thi, NOON))
    session.commit()
    return thi


def test_one_takes_along_what_is_stored_and_nothing_that_opens_anything(signed_in, busy, session):
    visitor = signed_in(busy)
    assert "Dữ liệu của tôi" in visitor.read("/tai-khoan/du-lieu")

    answer = visitor.post("/tai-khoan/du-lieu")

    data = json.loads(answer.text)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert data["person"][0]["phone"] == "0905 123 456"
    assert {"account", "post", "change", "device", "message", "audit_entry"} <= set(data)
    assert "digest" not in answer.text
    assert "bi-mat" not in answer.text
    assert "password" not in data["account"][0]


def test_where_others_sat_is_not_taken_along(session, busy, cast):
    session.info[audit.VISITOR] = "198.51.100.9"
    audit.record(session, AuditKind.PERSON_CORRECTED, now=NOON, by=cast.hoa, about=busy)
    session.commit()

    assert "198.51.100.9" not in json.dumps(export(session, busy))


def test_who_is_erased_is_nowhere_any_more_and_the_history_stays(session, busy, cast, opened):
    number = len(session.scalars(select(Change)).all())

    name = erase(session, busy, by=cast.hoa, now=NOON)
    session.commit()

    assert name == f"Người đã rời đi {busy.id}"
    for table in Base.metadata.sorted_tables:
        stored = str(session.execute(select(table)).all())
        for trace in ("(Thi)", "thi@example.org", "0905 123 456", "203.0.113.7"):
            assert trace not in stored, table.name
    assert len(session.scalars(select(Change)).all()) == number
    assert session.scalars(select(Change.by_name).where(Change.by_id == busy.id)).first() == name
    [post] = session.scalars(select(Post).where(Post.person_id == busy.id))
    assert post.valid_to == date(2021, 2, 28)
    assert session.scalars(select(Account)).all() == []


def test_what_was_written_for_an_own_calendar_is_erased_with_its_owner(
    session, session_factory, cast, opened
):
    token = make_token(session, cast.thi, Options("Của tôi"), now=NOON)[0]
    session.commit()
    key = token.key
    body = serve_feed(session_factory, key, now=NOON, public_url="https://example.org").body
    assert "(Thi)" in body.decode()

    erase(session, cast.thi, by=cast.hoa, now=NOON)
    session.commit()

    assert not [feed for feed in session.scalars(select(Feed)) if b"(Thi)" in feed.body]
    assert not session.scalars(select(FeedStamp).where(FeedStamp.feed_key == key)).all()


def test_the_pages_say_the_pseudonym(signed_in, session, busy, cast, opened):
    erase(session, busy, by=cast.hoa, now=NOON)
    session.commit()

    page = signed_in(cast.hoa).read(f"/viec/{opened.item.id}")

    assert f"Người đã rời đi {busy.id}" in page
    assert "(Thi)" not in page


def test_erasing_twice_changes_nothing(session, busy, cast):
    names = {erase(session, busy, by=cast.hoa, now=NOON) for _ in range(2)}

    assert len(names) == 1
    erased = AuditEntry.kind == AuditKind.DATA_ERASED
    assert len(session.scalars(select(AuditEntry).where(erased)).all()) == 1


def test_an_administrator_erases_on_a_page_that_asks_first(signed_in, session, busy, cast):
    cast.hoa.is_administrator = True
    hoa, page = signed_in(cast.hoa), f"/quan-tri/nguoi/{busy.id}"
    assert "(Thi)" in hoa.read("/quan-tri/nguoi?tim=can+bo+xa+thi".replace("+thi", ""))
    assert "Xoá" in hoa.read(page)
    assert hoa.post(f"{page}/du-lieu").mimetype == "application/json"

    assert hoa.post(f"{page}/xoa").status_code == 400
    session.expire_all()
    assert busy.erased is None
    assert hoa.post(f"{page}/xoa", sure="1").status_code == 303
    session.expire_all()
    assert busy.erased is not None
    assert f"Người đã rời đi {busy.id}" in hoa.read(page)


def test_an_administrator_signs_somebody_out_whose_telephone_is_lost(
    app, signed_in, session, busy, cast
):
    cast.hoa.is_administrator = True
    hoa, page = signed_in(cast.hoa), f"/quan-tri/nguoi/{busy.id}"
    lost = signed_in(busy)
    assert "Đăng xuất khỏi mọi thiết bị" in hoa.read(page)

    assert hoa.post(f"{page}/dang-xuat").location == page

    assert "Đăng xuất" not in lost.read("/don-vi/")
    assert "trên 2 thiết bị" in hoa.read(page)  # this one, and the one that it had before
    ended = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert ended is not None
    assert (ended.kind, ended.by, ended.about) == (AuditKind.DEVICE_ENDED, cast.hoa, busy)
    link = session.scalars(select(SignInLink)).one()
    session.refresh(link)
    assert link.used is not None
    hoa.post(f"{page}/dang-xuat")
    assert "trên 0 thiết bị" in hoa.read(page)


@pytest.mark.parametrize("act", ["", "/du-lieu", "/dang-xuat", "/xoa"])
def test_others_neither_read_nor_erase(signed_in, stranger, busy, cast, session, act):
    page = f"/quan-tri/nguoi/{busy.id}{act}"
    for visitor, status in ((signed_in(cast.khanh), 403), (stranger, 303)):
        answer = visitor.post(page, sure="1") if act else visitor.get(page)
        assert answer.status_code == status
    session.expire_all()
    assert busy.erased is None


def test_nobody_erases_themselves_or_an_administrator(signed_in, session, busy, cast):
    for person in (cast.hoa, cast.khanh):
        person.is_administrator = True
        session.flush()
    hoa = signed_in(cast.hoa)

    for person in (cast.hoa, cast.khanh):
        assert hoa.post(f"/quan-tri/nguoi/{person.id}/xoa", sure="1").status_code == 409


def test_the_clock_forgets_what_was_kept_long_enough(session, session_factory, busy, cast):
    tries.count_failure(session, tries.Counter("account", "x", tries.OF_ACCOUNT), now=NOON)
    message = session.scalars(select(Message)).one()
    message.state, message.next_attempt = MessageState.SENT, None
    session.commit()
    left = [Device, SignInLink, Message, AuditEntry]

    for days, gone in ((89, 0), (91, 2), (364, 2), (366, 3), (729, 3), (731, 4)):
        jobs.forget(session_factory, now=NOON + timedelta(days=days), retention=RETENTION)
        session.expire_all()
        assert [table for table in left if session.scalars(select(table)).all()] == left[gone:]
    assert session.scalars(select(Tries)).all() == []


def test_mail_that_is_still_on_its_way_is_not_forgotten(session, session_factory, busy):
    jobs.forget(session_factory, now=NOON + 5 * A_YEAR, retention=RETENTION)

    assert len(session.scalars(select(Message)).all()) == 1


def test_who_left_long_ago_is_erased_by_the_clock_if_it_is_told_to(session, session_factory, busy):
    [post] = session.scalars(select(Post).where(Post.person_id == busy.id))
    post.valid_to = date(2021, 2, 1)
    session.commit()
    after = jobs.Retention(2 * A_YEAR, A_YEAR, A_YEAR, departed=timedelta(days=30))

    jobs.forget(session_factory, now=NOON, retention=after)
    session.expire_all()
    assert busy.erased is None
    jobs.forget(session_factory, now=NOON + A_YEAR, retention=RETENTION)
    session.expire_all()
    assert busy.erased is None

    jobs.forget(session_factory, now=NOON + timedelta(days=10), retention=after)

    session.expire_all()
    assert busy.erased is not None
    working = session.scalars(select(Person).where(Person.email == "hoa@example.org")).one()
    assert working.erased is None
