"""A second relay for the time in which the first one says what is about us, or nothing.

What it says of a single recipient sends that one mail the other way; what hits every mail alike
sends all of them there for a while, from every connection. Only mail that the first one surely did
not take goes there (`NoServiceError`), so nothing is doubled.
"""

import logging
import threading
import time
from dataclasses import dataclass, field

from notifications.transports.errors import NoServiceError
from notifications.transports.replies import Reply
from notifications.transports.transport import Transport

REST = 60.0  # seconds for which the first relay is not asked again
_TOO_MANY = 421  # connections, perhaps: that says nothing about the others
_log = logging.getLogger(__name__)


@dataclass
class Turn:
    """Which relay has the turn, as all connections know it."""

    until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_of_second(self) -> bool:
        with self._lock:
            return time.monotonic() < self.until

    def give_to_second(self, error: NoServiceError) -> None:
        _log.warning("Mail goes over the second relay for a while: %s", error)
        with self._lock:
            self.until = time.monotonic() + REST


class FallbackTransport:
    """Sends over ``first``, or over ``second`` while that has the turn. Not for several threads."""

    def __init__(self, first: Transport, second: Transport, turn: Turn) -> None:
        self._first, self._second, self._turn = first, second, turn

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Hand over one mail. Raises what the first one says if both are about us."""
        if self._turn.is_of_second():
            return self._send_second(rcpt_to, message)
        try:
            return self._first.send(rcpt_to, message)
        except NoServiceError as error:
            if not error.may_be_one_recipient and error.code != _TOO_MANY:
                self._turn.give_to_second(error)
            try:
                return self._send_second(rcpt_to, message)
            except NoServiceError as other:
                raise error from other

    def check(self) -> None:
        """Raise what is wrong with either."""
        self._first.check()
        self._second.check()

    def close(self) -> None:
        self._first.close()
        self._second.close()

    def _send_second(self, rcpt_to: str, message: bytes) -> Reply:
        reply = self._second.send(rcpt_to, message)
        return Reply(reply.code, f"{reply.text} (second relay)")
