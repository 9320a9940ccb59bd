from collections.abc import Callable

import pytest
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Person
from notifications.outbox.table import Message
from web.accounts.models import Account, account_of

PASSWORD = "bốn từ dễ nhớ lắm"


@pytest.fixture
def with_password(app: Flask, session: Session) -> Callable[[Person], Account]:
    """Give somebody an account with ``PASSWORD``."""

    def give(person: Person) -> Account:
        account = account_of(session, person)
        with app.test_request_context():
            account.password = hash_password(PASSWORD)
        session.commit()
        return account

    return give


@pytest.fixture
def newest_link(session: Session) -> Callable[[], str]:
    """Return the path of the link that was mailed last."""

    def find() -> str:
        message = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        url: str = message.params["url"]
        return url.removeprefix("https://lich.example.org")

    return find
