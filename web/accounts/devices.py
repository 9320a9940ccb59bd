"""Devices that are signed in: begun, seen, listed and ended. The server says who is in; a cookie
only names the row.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from events.database.sessions import SessionFactory, impatient
from events.errors import N_
from events.models import AuditKind, Person
from events.people import audit
from web.accounts import links
from web.accounts.models import Account, Device
from web.accounts.secrets import digest_of, new_secret
from web.kit.config import WebConfig

_SEEN_EVERY = timedelta(minutes=5)  # a row is not written for every page that somebody reads
_A_MOMENT = 0.05  # seconds that this waits for somebody who writes
_LONGEST_AGENT = 300
_KINDS = (  # what a browser calls itself by, and what people call it; the first that fits
    (re.compile(r"Zalo", re.I), N_("Zalo on a telephone")),
    (re.compile(r"iPad"), N_("iPad")),
    (re.compile(r"iPhone"), N_("iPhone")),
    (re.compile(r"Android(?=.*Mobile)"), N_("Android telephone")),
    (re.compile(r"Android"), N_("Android tablet")),
    (re.compile(r"Windows"), N_("Windows computer")),
    (re.compile(r"Macintosh|Mac OS X"), N_("Mac")),
    (re.compile(r"CrOS"), N_("Chromebook")),
    (re.compile(r"Linux|X11"), N_("Linux computer")),
)
_BROWSERS = (
    (re.compile(r"coc_coc_browser|CocCoc", re.I), "Cốc Cốc"),
    (re.compile(r"Edg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"SamsungBrowser"), "Samsung Internet"),
    (re.compile(r"Firefox|FxiOS"), "Firefox"),
    (re.compile(r"Chrome|CriOS"), "Chrome"),
    (re.compile(r"Safari"), "Safari"),
)


def begin(
    session: Session,
    account: Account,
    *,
    now: datetime,
    agent: str = "",
    address: str | None = None,
    two_factors: bool = False,
) -> tuple[Device, str]:
    """Add a device that is signed in, and return it with the secret that its cookie is to hold."""
    secret = new_secret()
    device = Device(
        account=account,
        digest=digest_of(secret),
        begun=now,
        last_seen=now,
        agent=agent[:_LONGEST_AGENT] or None,
        address=address,
        two_factors=two_factors,
    )
    session.add(device)
    session.flush()
    return device, secret


def holder_of(session: Session, secret: str, config: WebConfig, *, now: datetime) -> Device | None:
    """Return the device whose cookie holds ``secret``; None for one that is ended or too old."""
    query = (
        select(Device)
        .where(Device.digest == digest_of(secret), *_alive(config, now), Account.active)
        .join(Device.account)
        .options(joinedload(Device.account))
    )
    return session.scalar(query)


def wants_to_be_seen(device: Device, now: datetime) -> bool:
    """Tell whether it is time to write down that a device was seen."""
    return now - device.last_seen >= _SEEN_EVERY


def note_seen(factory: SessionFactory, device_id: int, address: str | None, now: datetime) -> None:
    """Write down that a device was seen. A reader waits for nobody: it is left out when somebody
    else writes just now.
    """
    try:
        with impatient(factory, _A_MOMENT).begin() as session:
            session.execute(
                update(Device)
                .where(Device.id == device_id, Device.last_seen < now)
                .values(last_seen=now, address=address)
            )
    except OperationalError:
        return


def open_devices(
    session: Session, account: Account, config: WebConfig, *, now: datetime
) -> Sequence[Device]:
    """Return the devices on which an account is signed in, the one seen last first."""
    query = select(Device).where(Device.account_id == account.id, *_alive(config, now))
    return session.scalars(query.order_by(Device.last_seen.desc(), Device.id.desc())).all()


def end_device(session: Session, account: Account, device_id: int, *, now: datetime) -> bool:
    """Sign one device of an account out; False if it is out already, or another account's."""
    return _end(session, now, Device.id == device_id, Device.account_id == account.id) > 0


def end_devices(
    session: Session, account: Account, *, now: datetime, but: Device | None = None
) -> int:
    """Sign an account out everywhere, but on one device if any; return how many are out now."""
    others = [Device.id != but.id] if but else []
    return _end(session, now, Device.account_id == account.id, *others)


def sign_person_out(session: Session, person: Person, *, by: Person, now: datetime) -> int:
    """Sign a person out everywhere, whose telephone is lost, say; return how many devices are out
    now. Mailed links that wait open nothing any more either.
    """
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        return 0
    ended = end_devices(session, account, now=now)
    links.void_links(session, account, now=now)
    if ended:
        audit.record(session, AuditKind.DEVICE_ENDED, now=now, by=by, about=person)
    return ended


def forget_before(session: Session, moment: datetime) -> None:
    """Remove the devices that nobody has used since ``moment``."""
    session.execute(delete(Device).where(Device.last_seen < moment))


def kind_of(agent: str | None) -> tuple[str, str]:
    """Return what people call a device, to be translated, and its browser; both may be empty."""
    kind = next((name for pattern, name in _KINDS if pattern.search(agent or "")), "")
    browser = next((name for pattern, name in _BROWSERS if pattern.search(agent or "")), "")
    return kind, browser


def _alive(config: WebConfig, now: datetime) -> list[ColumnElement[bool]]:
    return [
        Device.ended.is_(None),
        Device.last_seen > now - config.session_idle,
        Device.begun > now - config.session_lifetime,
    ]


def _end(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> int:
    result = session.execute(
        update(Device).where(Device.ended.is_(None), *conditions).values(ended=now)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
