"""Second factors that are lost: removed by whoever runs the service."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from events.errors import N_, NotFoundError
from events.models import AuditKind
from events.people import audit
from events.people.persons import normal_email
from web.accounts import devices
from web.accounts.models import Account, Passkey


def remove_second_factors(session: Session, address: str, *, now: datetime) -> None:
    """Let an account sign in with one factor again. Raises ``NotFoundError``."""
    account = session.scalar(select(Account).where(Account.email == normal_email(address)))
    if account is None:
        raise NotFoundError(
            N_("There is no account with the address %(address)s."), address=address
        )
    account.code_key, account.last_code, account.spare_codes = None, None, []
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    devices.end_devices(session, account, now=now)
    audit.record(session, AuditKind.FACTOR_REMOVED, now=now, about=account.person)
