"""The queues, and what is done when somebody is woken for one: plain functions of the service, each
safe to run at any time and by several processes at once.
"""

from collections.abc import Callable
from datetime import datetime

from events.calendars.renewing import renew
from notifications.relay import RelayResult
from scheduler.service import Service

MAIL, FEEDS, DOCUMENTS = "mail", "feeds", "documents"


def _mail(service: Service, now: datetime) -> bool:
    """Send what is ready; tell whether there may be more."""
    return service.relay(now) != RelayResult()


def _feeds(service: Service, now: datetime) -> bool:
    web = service.settings.web
    renew(service.session_factory, now=now, public_url=web.address)
    return False


def _documents(service: Service, now: datetime) -> bool:
    service.sweep_files(now)
    return False


WORK: dict[str, Callable[[Service, datetime], bool]] = {
    MAIL: _mail,
    FEEDS: _feeds,
    DOCUMENTS: _documents,
}
