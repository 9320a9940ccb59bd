"""A brake for programs: nobody reads as many pages a minute as keep a server busy.

Each process counts by itself, a minute at a time: a device that is signed in, else an address.
"""

import threading
from datetime import datetime
from typing import ClassVar

from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from web.accounts.security import this_device
from web.kit.config import WebConfig
from web.kit.context import now

_A_MINUTE = 60
_FREE = frozenset({"files", "health", "feeds"})  # cheap, and asked for by programs


class Brake:
    """Counts what each did in this minute."""

    NAME: ClassVar[str] = "sumvay.brake"

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def wait_of(self, whose: str, at: datetime) -> int:
        """Count one more, and return how many seconds somebody has to wait for it; mostly none."""
        minute, second = divmod(int(at.timestamp()), _A_MINUTE)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            count = self._counts[whose] = self._counts.get(whose, 0) + 1
        return _A_MINUTE - second if count > self._most else 0


def install(app: Flask, config: WebConfig) -> None:
    """Let ``app`` count before every page, unless its settings say that it shall not."""
    if config.pages_per_minute and config.rate_limits:
        app.extensions[Brake.NAME] = Brake(config.pages_per_minute)
        app.before_request(_not_so_fast)


def _not_so_fast() -> None:
    if request.method not in ("GET", "HEAD") or request.blueprint in _FREE:
        return
    device = this_device()
    whose = f"device {device.id}" if device else f"address {request.remote_addr}"
    if wait := current_app.extensions[Brake.NAME].wait_of(whose, now()):
        raise TooManyRequests(retry_after=wait)
