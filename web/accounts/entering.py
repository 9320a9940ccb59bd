"""The way in once a password or a link was right: at once, or after a second factor."""

from datetime import datetime, timedelta

from flask import redirect, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, select

from web.accounts.models import Account, Passkey
from web.accounts.security import let_in
from web.kit.addresses import safe_next
from web.kit.context import get_session, now

_HALF_IN = "half_in"  # what the cookie says of somebody who still owes the second factor
_PATIENCE = timedelta(minutes=10)


def has_second_factor(account: Account) -> bool:
    return bool(account.code_key) or has_passkeys(account)


def has_passkeys(account: Account) -> bool:
    return bool(get_session().scalar(select(exists().where(Passkey.account_id == account.id))))


def come_in(account: Account, next_path: str | None, *, way: str) -> ResponseReturnValue:
    """Sign somebody in, or ask for the second factor first; in the caller's transaction, which is
    committed here.
    """
    if has_second_factor(account):
        get_session().commit()
        cookie[_HALF_IN] = {
            "account": account.fs_uniquifier,
            "until": int((now() + _PATIENCE).timestamp()),
            "way": way,
            "next": safe_next(next_path),
        }
        return redirect(url_for("accounts.second_step"), 303)
    let_in(account, way=way)
    get_session().commit()
    return redirect(safe_next(next_path), 303)


def half_in() -> tuple[Account, str, str] | None:
    """Return who still owes the second factor, the way they came and where they want to go."""
    kept = cookie.get(_HALF_IN)
    if not kept or datetime.fromtimestamp(kept["until"], now().tzinfo) < now():
        return None
    account = get_session().scalar(
        select(Account).where(Account.fs_uniquifier == kept["account"], Account.active)
    )
    return (account, kept["way"], kept["next"]) if account else None
