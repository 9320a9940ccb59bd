"""The local day.

Instants are UTC everywhere else; which day it is depends on where the officials sit.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def local_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the day that ``now`` (aware) is in ``zone``."""
    return now.astimezone(zone).date()


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, when it is ``clock`` on ``day`` in ``zone``."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def last_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the last second of a local day, in UTC: the UNTIL of a timed rule (RFC 5545,
    3.3.10).
    """
    return at_local(day, time(23, 59, 59), zone)
