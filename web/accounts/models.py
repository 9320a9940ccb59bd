"""Accounts: how a person signs in.

What a person may do follows from the person and its posts (``events/people/rights.py``); the roles
here are only what Flask-Security wants to find.

The column names of ``Account`` are those that Flask-Security reads. A cookie and a mailed link each
hold a secret that nobody chose; only its digest is stored, so a copy of the database opens nothing.
"""

import uuid
from datetime import datetime
from enum import StrEnum

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
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
    # of the program that shows codes (RFC 6238), locked with the secret key; None: none
    code_key: Mapped[str | None]
    last_code: Mapped[int | None]  # the step of the last code that was taken, which is taken once
    # digests of codes for the day the telephone is lost, each good once
    spare_codes: Mapped[list[str]] = mapped_column(default=list, server_default="[]")

    person: Mapped[Person] = relationship()
    roles: Mapped[list[AccountRole]] = relationship(secondary=account_role_link)  # type: ignore[assignment]

    @property
    def is_administrator(self) -> bool:
        return self.person.is_administrator


class Device(Base):
    """A browser that somebody signed in with; its cookie holds the secret of ``digest``.

    It is dead once ``ended`` says when, or when it was idle or alive for too long (`WebConfig`).
    """

    __tablename__ = "device"
    __table_args__ = (Index(None, "account_id"), Index(None, "last_seen"))

    id: Mapped[PrimaryKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    begun: Mapped[datetime]
    last_seen: Mapped[datetime]
    ended: Mapped[datetime | None]
    agent: Mapped[str | None] = mapped_column(String(300))  # what the browser calls itself
    address: Mapped[str | None] = mapped_column(String(64))
    two_factors: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship()


class LinkPurpose(StrEnum):
    """What a mailed link is for."""

    SIGN_IN = "sign-in"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose


class SignInLink(Base):
    """A link that was mailed; good once, for a short time, and only the newest of its purpose."""

    __tablename__ = "sign_in_link"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[PrimaryKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[LinkPurpose]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime]
    expires: Mapped[datetime]
    used: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class Passkey(Base):
    """A key that a telephone, computer or stick holds for one account (WebAuthn)."""

    __tablename__ = "passkey"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[PrimaryKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    credential: Mapped[str] = mapped_column(String(1400), unique=True)  # base64url
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    created: Mapped[datetime]
    last_used: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class Tries(Base):
    """How often somebody failed of late, by a digest of the account's or the visitor's address."""

    __tablename__ = "tries"
    __table_args__ = (Index(None, "last"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last: Mapped[datetime]


def is_shut_out(session: Session, person: Person) -> bool:
    """Tell whether somebody has an account that is closed."""
    active = session.scalar(select(Account.active).where(Account.person_id == person.id))
    return active is False


def account_of(session: Session, person: Person) -> Account:
    """Return a person's account; made on first use, without a password."""
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        assert person.email is not None
        account = Account(person=person, email=person.email, active=True)
        session.add(account)
        session.flush()
    return account
