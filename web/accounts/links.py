"""Links that sign somebody in or let them choose a password: mailed, good once, for some minutes.

Opening one does not use it up: the programs that look at mail before people do would use it up for
them. The first form that is sent from it does. A newer link voids the older ones.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from events.models import AuditKind, Person
from events.people import audit
from notifications.outbox.table import MessageKind
from notifications.outbox.writing import enqueue
from web.accounts.models import Account, LinkPurpose, SignInLink, account_of
from web.accounts.secrets import digest_of, new_secret
from web.kit.context import get_config

_A_MINUTE = timedelta(minutes=1)
_PATHS = {
    LinkPurpose.SIGN_IN: "/dang-nhap/lien-ket",
    LinkPurpose.PASSWORD: "/dang-nhap/mat-khau",
}
_MAILS = {
    LinkPurpose.SIGN_IN: MessageKind.SIGN_IN,
    LinkPurpose.PASSWORD: MessageKind.PASSWORD,
}


def send_link(
    session: Session,
    person: Person,
    next_path: str,
    *,
    now: datetime,
    purpose: LinkPurpose = LinkPurpose.SIGN_IN,
) -> None:
    """Queue the mail with a person's link, in the caller's transaction; at most one a minute of
    each purpose.
    """
    account = account_of(session, person)
    newest = select(func.max(SignInLink.created)).where(
        SignInLink.account_id == account.id, SignInLink.purpose == purpose
    )
    last = session.scalar(newest)
    if not account.active or (last is not None and now - last < _A_MINUTE):
        return
    lifetime, address = get_config().link_lifetime, get_config().public_url
    secret = make_link(session, account, purpose, now, lifetime)
    url = f"{address}{_PATHS[purpose]}/{secret}"
    enqueue(
        session,
        key=f"{_MAILS[purpose]}:{person.id}:{int(now.timestamp())}",
        kind=_MAILS[purpose],
        rcpt_to=account.email,
        language=person.language,
        now=now,
        person=person,
        params={
            "url": f"{url}?next={quote(next_path)}",
            "minutes": lifetime // _A_MINUTE,
        },
        urgent=True,
        expires=now + lifetime,
    )
    audit.record(session, AuditKind.LINK_SENT, now=now, about=person, detail=purpose.value)


def make_link(
    session: Session, account: Account, purpose: LinkPurpose, now: datetime, lifetime: timedelta
) -> str:
    """Add a link and return its secret; those of before are void."""
    void_links(session, account, now=now)
    secret = new_secret()
    session.add(
        SignInLink(
            account=account,
            purpose=purpose,
            digest=digest_of(secret),
            created=now,
            expires=now + lifetime,
        )
    )
    session.flush()
    return secret


def look_at(
    session: Session, secret: str, purpose: LinkPurpose, *, now: datetime
) -> Account | None:
    """Return the account that a link opens, or None for one that is used, too old or voided."""
    query = (
        select(SignInLink)
        .join(SignInLink.account)
        .where(
            SignInLink.digest == digest_of(secret),
            SignInLink.purpose == purpose,
            SignInLink.used.is_(None),
            SignInLink.expires >= now,
            Account.active,
        )
        .options(joinedload(SignInLink.account))
    )
    link = session.scalar(query)
    return link.account if link else None


def use_up(session: Session, secret: str, purpose: LinkPurpose, *, now: datetime) -> Account | None:
    """Return the account that a link opens, and let it open nothing any more.

    Of two who send it at the same moment, one gets the account.
    """
    account = look_at(session, secret, purpose, now=now)
    taken = session.execute(
        update(SignInLink)
        .where(SignInLink.digest == digest_of(secret), SignInLink.used.is_(None))
        .values(used=now)
    )
    assert isinstance(taken, CursorResult)
    return account if taken.rowcount else None


def void_links(session: Session, account: Account, *, now: datetime) -> None:
    """Let no link of an account open anything any more."""
    session.execute(
        update(SignInLink)
        .where(SignInLink.account_id == account.id, SignInLink.used.is_(None))
        .values(used=now)
    )


def forget_before(session: Session, moment: datetime) -> None:
    """Remove the links from before ``moment``."""
    session.execute(delete(SignInLink).where(SignInLink.created < moment))
