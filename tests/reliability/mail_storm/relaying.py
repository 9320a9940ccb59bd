"""The relay in a process of its own, which is killed or stopped from outside."""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from events.database import sessions as database
from events.localtime import VIETNAM
from events.working_calendar import work_calendar
from notifications import pump as pump_module
from notifications import relay as relay_module
from notifications.letters.composer import Composer
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.pump import Pump, PumpRules
from notifications.transports.smtp import SmtpTransport
from tests.scheduler.processes import _SERVER

_SERVER.set_forkserver_preload(
    ["scheduler.cli", "scheduler.timetable", "tests.scheduler.processes", __name__]
)


def begin(url: str, port: int, now: datetime, connections: int, lease: float | None = None) -> Any:
    """Start a relay that drains again and again. ``lease`` seconds instead of the usual minutes,
    for those who wait for their end.
    """
    process = _SERVER.Process(target=_relay, args=(url, port, now, connections, lease), daemon=True)
    process.start()
    return process


def _relay(url: str, port: int, now: datetime, connections: int, lease: float | None) -> None:
    longest = 120.0
    if lease is not None:
        _shorten(timedelta(seconds=lease))
        longest = lease / 2  # a whole mail takes less than its lease
    factory = database.create_session_factory(database.create_engine(url))

    def new_transport() -> SmtpTransport:
        return SmtpTransport(host="127.0.0.1", port=port, longest=longest)

    composer = Composer("sumvay@example.org", "Sum Vầy", "https://sumvay.example.org")
    pump = Pump(factory, new_transport, composer, PumpRules(connections))
    with factory() as session:
        clockwork = Clockwork(work_calendar(session), ReminderRules(), VIETNAM)
    began = time.monotonic()
    while True:
        at = now + timedelta(seconds=time.monotonic() - began)
        try:
            pump.drain(now=at, clockwork=clockwork)
        except database.AwayErrors:  # the clock asks again with the next tick
            time.sleep(0.5)
        time.sleep(0.05)


def _shorten(lease: timedelta) -> None:
    relay_module.SENDING = pump_module.LEASE = lease  # type: ignore[misc]
    pump_module.Desk = partial(relay_module.Desk, lease=lease)  # type: ignore[misc,assignment]
