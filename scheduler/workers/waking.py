"""``periodic`` for several machines: wake-ups made anew from the tables, and the work itself where
nobody takes them, so that mail never falls silent for want of a worker.
"""

from datetime import datetime, timedelta

from notifications.outbox.claiming import is_anything_ready
from scheduler.logs import log
from scheduler.service import Service
from scheduler.workers.procrastinate import Deferring
from scheduler.workers.queues import MAIL

_PATIENCE = timedelta(minutes=1)  # with wake-ups that nobody takes


class WakeUps:
    """What the clock does for mail in place of sending it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._untaken: datetime | None = None

    def look(self, now: datetime) -> None:
        """Wake as many workers as there may be if mail is ready; send it here if nobody came."""
        if not self._is_ready(now):
            self._untaken = None
            return
        with Deferring(self._service.settings.database.url) as deferring:
            if not deferring.is_full(MAIL):
                self._untaken = None
                deferring.top_up(MAIL)
                return
        self._untaken = self._untaken or now
        if now - self._untaken >= _PATIENCE:
            log.warning("no worker takes mail: the clock sends it")
            self._service.relay(now)

    def _is_ready(self, now: datetime) -> bool:
        with self._service.session_factory() as session:
            return is_anything_ready(session, now=now)
