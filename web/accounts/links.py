"""Links that sign somebody in: mailed, signed, good for a quarter of an hour.

A link names the account by its ``fs_uniquifier``, so a new one voids all links that were sent
before. Opening it does not use it up: the programs that look at mail before people do would use it
up for them.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Person
from notifications.outbox import MessageKind, enqueue
from web.accounts.models import Account, account_of
from web.kit.context import get_config

LIFETIME = timedelta(minutes=15)
_SALT = "sign-in-link"
_A_MINUTE = 60


def send_link(session: Session, person: Person, next_path: str, *, now: datetime) -> None:
    """Queue the mail with a person's link, in the caller's transaction; at most one a minute."""
    account = account_of(session, person)
    if not account.active:
        return
    url = f"{get_config().public_url}/dang-nhap/lien-ket/{make_token(account, now)}"
    enqueue(
        session,
        key=f"{MessageKind.SIGN_IN}:{person.id}:{int(now.timestamp()) // _A_MINUTE}",
        kind=MessageKind.SIGN_IN,
        rcpt_to=account.email,
        language=person.language,
        now=now,
        person=person,
        params={
            "url": f"{url}?next={quote(next_path)}",
            "minutes": LIFETIME // timedelta(minutes=1),
        },
        urgent=True,
        expires=now + LIFETIME,
    )


def make_token(account: Account, now: datetime) -> str:
    return _serializer().dumps(
        {"account": account.fs_uniquifier, "until": int((now + LIFETIME).timestamp())}
    )


def read_token(session: Session, token: str, now: datetime) -> Account | None:
    """Return the account that a link opens, or None for one that is forged, too old or revoked."""
    try:
        content = _serializer().loads(token)
    except BadSignature:
        return None
    if content["until"] < now.timestamp():
        return None
    return session.scalar(
        select(Account).where(Account.fs_uniquifier == content["account"], Account.active)
    )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(get_config().secret_key, salt=_SALT)
