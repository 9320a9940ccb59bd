"""A new secret key for an installation whose key somebody may have seen, or who left with it.

Nothing that was locked is lost, whenever the power fails: the new key lies beside the old one until
everything in the database is locked with it.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.files.disk import write_whole
from scheduler.config import PASSWORD_KEY, SECRET_KEY, new_secret_key
from scheduler.service import Service
from web.accounts import codes
from web.accounts.models import Account

_NEW = f"{SECRET_KEY}.new"


def renew_secret_key(service: Service) -> int:
    """Give the installation a new secret key, and return how many keys of codes were locked anew.

    Everybody signs in once more; passwords and codes stay what they are. A service that runs goes
    on with the old key until it is started again: it is stopped first.
    """
    folder, before = service.settings.scheduler.data_dir, service.settings.secret_key
    if not (folder / PASSWORD_KEY).exists():
        write_whole(folder / PASSWORD_KEY, before.encode())
    if not (folder / _NEW).exists():
        write_whole(folder / _NEW, new_secret_key().encode())
    after = (folder / _NEW).read_text(encoding="utf-8")
    with service.session_factory.begin() as session:
        locked = _lock_anew(session, before, after)
    (folder / _NEW).replace(folder / SECRET_KEY)
    return locked


def _lock_anew(session: Session, before: str, after: str) -> int:
    """Lock with the new key what the old one opens; what the new one opens is done already."""
    count = 0
    for account in session.scalars(select(Account).where(Account.code_key.is_not(None))):
        key = codes.unlocked(account.code_key or "", before)
        if key is not None:
            account.code_key = codes.locked(key, after)
            count += 1
    return count
