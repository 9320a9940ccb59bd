"""Empty the outbox over several connections, until nothing is ready.

Each connection has a thread of its own, so that a server which hangs over one mail holds up that
connection alone; one more takes urgent mail only, such as links to sign in. What waits in the
queue is renewed, so that leases can be short. Where a server says 421 to a further connection,
there are fewer; where a relay or a domain allows so many mails a second, there are no more.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from events.database.sessions import SessionFactory
from notifications.letters.composer import Composer
from notifications.notices.steps import Clockwork
from notifications.outbox import claiming
from notifications.outbox.claiming import LEASE
from notifications.outbox.table import Message
from notifications.relay import Desk, Lane, Letter, RelayResult
from notifications.transports.pace import Pace
from notifications.transports.transport import Transport

FEWEST, MOST = 1, 32
_EXPRESS = 0  # the connection that only takes urgent mail, beside the others
_EACH = 16  # messages that wait for each connection: few, since they are leased
_LOOK_AGAIN = 0.5  # seconds
ROUND = 5.0  # seconds after which a drain lets others see that it lives
_AT_THE_END = 2.0  # seconds that a drain waits for its connections
_PATIENT = 2.0  # seconds a connection waits for its domain; longer ones are put back


@dataclass(frozen=True, slots=True)
class PumpRules:
    """``connections`` at once, and how many mails a second may leave: in all, and to one domain;
    0 for no limit.
    """

    connections: int = 4
    per_second: float = 0
    per_domain: float = 0

    def __post_init__(self) -> None:
        if not FEWEST <= self.connections <= MOST:
            raise ValueError(f"{FEWEST} to {MOST} connections: {self.connections}")


class Pump:
    """Drains an outbox. Its connections are kept from drain to drain; one drain at a time."""

    def __init__(
        self,
        session_factory: SessionFactory,
        new_transport: Callable[[], Transport],
        composer: Composer,
        rules: PumpRules | None = None,
    ) -> None:
        self._session_factory, self._composer = session_factory, composer
        self._rules, self._new_transport = rules or PumpRules(), new_transport
        self._pace = Pace(self._rules.per_second, self._rules.per_domain)
        self._transports: list[Transport] = []
        self._left: list[_Connection] = []  # that wait for a server which hangs
        self._stopping = threading.Event()
        self._allowed = self._rules.connections
        self.moved = time.monotonic()  # when a drain last got on

    def drain(
        self, *, now: datetime, clockwork: Clockwork, longest: float = ROUND, may_end: bool = True
    ) -> RelayResult:
        """Send until nothing is ready. After ``longest`` seconds nothing more is begun.

        With ``may_end`` False the day it is may be wrong: what goes by it waits.
        """
        self.moved = time.monotonic()
        desk = Desk(self._session_factory, self._composer, now, clockwork, fewer=self._fewer)
        desk.may_end = may_end
        queue = _Queue(self._rules.connections * _EACH)
        claimed, kept = desk.claim(queue.room)
        if not claimed:
            return desk.result
        queue.put(kept)
        self._left = [one for one in self._left if one.is_alive()]
        most = max(FEWEST, self._rules.connections - len(self._left))
        self._allowed = min(self._allowed + 1, most)
        numbers = [_EXPRESS, *range(1, self._allowed + 1)] if self._allowed > 1 else [1]
        connections = [self._connection(desk, queue, number) for number in numbers]
        for connection in connections:
            connection.start()
        try:
            self._feed(desk, queue, time.monotonic() + longest)
        finally:
            desk.give_back(queue.close())
            self._let_go(connections)
        if problem := next((one.problem for one in connections if one.problem), None):
            raise problem
        return desk.result

    def start(self) -> None:
        """Let drains begin again."""
        self._stopping.clear()

    def stop(self) -> None:
        """Begin nothing more; what is being handed over is finished."""
        self._stopping.set()

    def close(self) -> None:
        """Say goodbye on every connection, also those that a server kept waiting."""
        for connection in self._left:
            connection.join(_AT_THE_END)
        for transport in self._transports:
            transport.close()

    def _let_go(self, connections: Sequence["_Connection"]) -> None:
        """Wait for the connections, but not for a server that hangs: that one ends by itself, and
        the next drain has another in its place.
        """
        ends = time.monotonic() + _AT_THE_END
        for connection in connections:
            connection.join(max(0.0, ends - time.monotonic()))
            if connection.is_alive():
                self._transports[connection.number] = self._new_transport()
                self._left.append(connection)

    def _connection(self, desk: Desk, queue: "_Queue", number: int) -> "_Connection":
        while len(self._transports) <= number:
            self._transports.append(self._new_transport())
        lane = Lane(desk, self._transports[number])
        return _Connection(self, desk, lane, queue, number)

    def _feed(self, desk: Desk, queue: "_Queue", ends: float) -> None:
        asked = renewed = time.monotonic()
        claimed = 1
        while not (self._stopping.is_set() or desk.is_paused or queue.is_broken):
            self.moved = now = time.monotonic()
            if now >= ends:
                return
            # many at once, since each time costs a transaction; but urgent ones wait for no queue
            is_low = bool(claimed) and queue.is_half_empty
            if is_low or queue.is_idle() or now - asked >= _LOOK_AGAIN:
                asked = now
                claimed, letters = desk.claim(queue.room or _EACH, only_urgent=not queue.room)
                queue.put(letters)
                if not claimed and queue.is_idle():
                    return
            if now - renewed > LEASE / timedelta(seconds=3):
                desk.renew(queue.waiting())
                renewed = now
            if not (claimed and queue.is_half_empty):
                queue.wait(_LOOK_AGAIN)

    def wait(self, rcpt_to: str) -> float:
        """Return for how many seconds a mail to this recipient has to wait; 0 takes its turn."""
        return max(self._pace.wait(rcpt_to, time.monotonic()))

    def is_wanted(self, number: int) -> bool:
        """Tell whether connection ``number`` may go on: a server may want fewer."""
        return number <= self._allowed and not self._stopping.is_set()

    def _fewer(self) -> bool:
        """Use half of the connections; False if there is only one."""
        if self._allowed <= FEWEST:
            return False
        self._allowed = max(FEWEST, self._allowed // 2)
        return True


class _Queue:
    """What was claimed and waits for a connection, the urgent ones apart."""

    def __init__(self, size: int) -> None:
        self._size, self._busy, self._closed = size, 0, False
        self._urgent: deque[Letter] = deque()
        self._others: deque[Letter] = deque()
        self._changed = threading.Condition()
        self.is_broken = False

    @property
    def room(self) -> int:
        return max(0, self._size - len(self._urgent) - len(self._others))

    @property
    def is_half_empty(self) -> bool:
        return 2 * self.room >= self._size

    def put(self, letters: Sequence[Letter]) -> None:
        with self._changed:
            for letter in letters:
                (self._urgent if letter.message.urgent else self._others).append(letter)
            self._changed.notify_all()

    def take(self, *, only_urgent: bool, wait: float) -> Letter | None:
        """Return the next letter, after ``wait`` seconds at most; None if there is none."""
        with self._changed:
            if not self._has(only_urgent) and not self._closed and wait:
                self._changed.wait(wait)
            if self._closed or not self._has(only_urgent):
                return None
            self._busy += 1
            return self._urgent.popleft() if self._urgent else self._others.popleft()

    def done(self) -> None:
        """Say that what was taken is over."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def is_idle(self) -> bool:
        with self._changed:
            return not (self._busy or self._urgent or self._others)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def wait(self, seconds: float) -> None:
        """Wait until a connection is free, or ``seconds`` at most."""
        with self._changed:
            self._changed.wait(seconds)

    def waiting(self) -> list[Letter]:
        with self._changed:
            return [*self._urgent, *self._others]

    def close(self) -> list[Letter]:
        """Let connections end, and return what nobody took."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            left = [*self._urgent, *self._others]
            self._urgent.clear()
            self._others.clear()
            return left

    def _has(self, only_urgent: bool) -> bool:
        return bool(self._urgent or (self._others and not only_urgent))


class _Connection(threading.Thread):
    """A thread that sends what the queue has for it."""

    def __init__(self, pump: Pump, desk: Desk, lane: Lane, queue: _Queue, number: int) -> None:
        super().__init__(name=f"mail-{number}", daemon=True)
        self._pump, self._desk, self._lane = pump, desk, lane
        self._queue, self.number = queue, number
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._queue.is_closed and self._pump.is_wanted(self.number):
                self._next()
            self._lane.flush()
        except BaseException as problem:
            self.problem, self._queue.is_broken = problem, True

    def _next(self) -> None:
        only_urgent = self.number == _EXPRESS
        letter = self._queue.take(only_urgent=only_urgent, wait=0)
        if letter is None:
            self._lane.flush()  # nothing follows at once, and what was sent must be known as sent
            letter = self._queue.take(only_urgent=only_urgent, wait=0.2)
        if letter is None:
            return
        try:
            if self._may_leave(letter.message):
                self._lane.deliver(letter)
        finally:
            self._queue.done()

    def _may_leave(self, message: Message) -> bool:
        """Wait until the relay and the domain allow a mail; put it back if that takes long."""
        while wait := self._pump.wait(message.rcpt_to):
            self._lane.flush()
            if wait > _PATIENT or not self._pump.is_wanted(self.number):
                later = self._desk.clock() + timedelta(seconds=wait)
                self._desk.record(partial(claiming.release, message=message, at=later))
                self._desk.count("released")
                return False
            time.sleep(wait)
        return True
