"""Accounts: how a person signs in.

What a person may do follows from the person and its posts (``events/people/rights.py``); the roles
here are only what Flask-Security wants to find.

The column names are those that Flask-Security reads; ``fs_uniquifier`` is what a session cookie and
a mailed link name instead of the id, so a new value signs a person out everywhere.
"""

import uuid

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, String, Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from events.database import Base, PrimaryKey
from events.models import Person

ADMINISTRATOR = "administrator"

account_role_link = Table(
    "account_role_link",
    Base.metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("role_id", ForeignKey("account_role.id"), primary_key=True),
)


class AccountRole(Base, RoleMixin):
    """What an account may do beyond its person's posts."""

    __tablename__ = "account_role"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str | None]


class Account(Base, UserMixin):
    """The way one person signs in. Without a password, only by a mailed link."""

    __tablename__ = "account"

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(
        String(64), unique=True, default=lambda: uuid.uuid4().hex
    )

    person: Mapped[Person] = relationship()
    roles: Mapped[list[AccountRole]] = relationship(secondary=account_role_link)  # type: ignore[assignment]

    @property
    def is_administrator(self) -> bool:
        return self.person.is_administrator


def account_of(session: Session, person: Person) -> Account:
    """Return a person's account; made on first use, without a password."""
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        assert person.email is not None
        account = Account(person=person, email=person.email, active=True)
        session.add(account)
        session.flush()
    return account
