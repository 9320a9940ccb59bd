"""What holds for a whole installation, as its configuration says: where its officials sit, and how
it counts days off.

Every session brings it along, so that all who work in one database go by the same rules and nobody
has to pass them on.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from events.localtime import VIETNAM, local_day

INSTALLATION = "installation"  # where ``Session.info`` has it


@dataclass(frozen=True, slots=True)
class Installation:
    """``count_announced`` says whether days off that are announced, but not yet law, close offices;
    ``files_quota`` how many bytes the files of one unit may take, None without a limit;
    ``here`` the name of this place, ``domain`` what identifiers end with that are born here,
    ``mail_domain`` what stands behind the @ of its mails, ``remind_at`` when on a day people are
    reminded.
    """

    zone: ZoneInfo = VIETNAM
    count_announced: bool = True
    files_quota: int | None = None
    here: str | None = None
    domain: str = "sumvay"
    mail_domain: str = "sumvay"
    remind_at: time = time(7, 30)


def installation_of(session: Session) -> Installation:
    found: Installation = session.info.get(INSTALLATION, _AS_SHIPPED)
    return found


def day_here(session: Session, now: datetime) -> date:
    """Return the day that ``now`` (aware) is where the officials sit."""
    return local_day(now, zone_of(session))


def zone_of(session: Session) -> ZoneInfo:
    """Return the time zone in which an instant becomes a day."""
    return installation_of(session).zone


def domain_of(session: Session) -> str:
    """Return what an identifier that is born now ends with (RFC 7986, 5.3); those of before stay as
    they are.
    """
    return installation_of(session).domain


_AS_SHIPPED = Installation()
