"""Demo people go without a trace but in history, whatever they did."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Table, func, select, update

import scheduler.tables  # noqa: F401 - every table belongs to the metadata
from events.checklist.evidence import Proof, add_pieces
from events.checklist.history import Stamp
from events.database.sessions import Base
from events.documents.register import Paper, add_document, issue_document
from events.models import (
    AuditEntry,
    AuditKind,
    Document,
    DocumentChange,
    DocumentKind,
    Evidence,
    Person,
)
from events.people import audit
from events.people.demo import add_demo_people, demo_people, remove_demo_people
from events.people.offers import offer_post
from tests.web.conftest import NOON
from web.accounts import devices, links
from web.accounts.models import Account, LinkPurpose, account_of


@pytest.fixture
def demo(session, cast, opened) -> Person:
    """The demo person of Thi's commune."""
    add_demo_people(session, date(2021, 3, 1))
    email = f"demo.{cast.commune.key}@example.org"
    return session.scalars(select(Person).where(Person.email == email)).one()


def columns_of_people() -> list[tuple[Table, str]]:
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    ]


def test_demo_people_who_gave_evidence_and_wrote_papers_are_removed(session, opened, demo):
    stamp = Stamp(demo, NOON)
    proof = Proof("doc_ref", text="12/KH-UBND", dated=NOON.date())
    add_pieces(session, opened.item.id, [proof], stamp)
    paper = add_document(
        session, opened.commune, Paper(DocumentKind.PLAN, "Kế hoạch"), by=demo, now=NOON
    )
    issue_document(session, paper, NOON.date(), by=demo, now=NOON)
    name = demo.full_name

    remove_demo_people(session)

    assert demo_people(session) == []
    assert session.scalars(select(Evidence.by_id)).one() is None
    assert session.scalars(select(Document.by_id)).one() is None
    assert set(session.scalars(select(DocumentChange.by_name))) == {name}


def test_demo_people_are_removed_whatever_points_at_them(session, cast, demo):
    """Every table that holds a row is made to point at one of them."""
    account = account_of(session, demo)
    devices.begin(session, account, now=NOON)
    links.make_link(session, account, LinkPurpose.SIGN_IN, NOON, timedelta(minutes=15))
    audit.record(session, AuditKind.SIGNED_IN, now=NOON, by=demo, about=demo)
    offer_post(
        session, demo, cast.commune, "cc_vhxh", by=cast.thi, now=NOON, since=date(2021, 3, 1)
    )
    session.flush()
    pointed = []
    for table, column in columns_of_people():
        if "id" in table.c and (first := session.scalar(select(func.min(table.c.id)))):
            session.execute(update(table).where(table.c.id == first).values({column: demo.id}))
            pointed.append(f"{table.name}.{column}")
    assert "template_version.created_by_id" in pointed

    remove_demo_people(session)

    assert demo_people(session) == []
    assert session.scalars(select(Account)).all() == []
    assert demo.full_name in session.scalars(select(AuditEntry.by_name)).all()


def test_who_is_no_demo_person_keeps_account_and_posts(session, cast, demo):
    account_of(session, cast.hoa)
    posts = len(cast.hoa.posts)

    remove_demo_people(session)

    assert session.scalars(select(Account.person_id)).all() == [cast.hoa.id]
    assert len(cast.hoa.posts) == posts
