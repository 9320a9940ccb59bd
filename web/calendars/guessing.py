"""Whoever asks for own calendars that are not there is slowed down.

Only wrong secrets count, by the address that sent them, and a calendar that was given away before
is given away at once: Google and Microsoft fetch for everybody from few addresses. A secret has 256
bits, so nobody finds one by trying; what this spares is the look-ups. Each process counts alone.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

FREE = 100  # wrong secrets from one address at once
_A_NEW_ONE = 10.0  # seconds until one more is free
_MOST_ADDRESSES = 10_000
_MOST_CALENDARS = 100_000
_OF_ONE_CUSTOMER = 64  # bits of an IPv6 address

WAIT = 60  # seconds, said to whoever was too hasty


class Guesses:
    """How many wrong secrets each address has sent of late, and which calendars are known."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()  # when all are free again
        self._known: OrderedDict[str, None] = OrderedDict()

    def is_hasty(self, address: str, key: str) -> bool:
        """Tell whether an address has to wait before this calendar is looked up for it."""
        with self._lock:
            if key in self._known:
                return False
            ahead = self._until.get(_whose(address), 0.0) - self._clock()
            return ahead > (FREE - 1) * _A_NEW_ONE

    def was_wrong(self, address: str) -> None:
        whose = _whose(address)
        with self._lock:
            now = self._clock()
            self._until[whose] = max(self._until.pop(whose, 0.0), now) + _A_NEW_ONE
            if len(self._until) > _MOST_ADDRESSES:
                self._until.popitem(last=False)

    def was_right(self, key: str) -> None:
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = None
            if len(self._known) > _MOST_CALENDARS:
                self._known.popitem(last=False)


def visitor_of(environ: Mapping[str, Any], hops: int) -> str:
    """Return the address of whoever asks, as the last of ``hops`` trusted proxies saw it."""
    said = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
    forwarded = [one.strip() for one in said.split(",")]
    if hops and len(forwarded) >= hops and forwarded[-hops]:
        return forwarded[-hops]
    return str(environ.get("REMOTE_ADDR", ""))


def _whose(address: str) -> str:
    """Return what is counted: an address, of IPv6 the network that one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, _OF_ONE_CUSTOMER), strict=False))
    return address
