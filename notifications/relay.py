"""Empty the outbox: claim messages, look again whether they are still wanted, hand them to a
transport, record the outcome.

Claiming is one transaction; sending happens outside of any; every outcome is a transaction of its
own. So a crash repeats one mail at most, with the same Message-ID and Date.
"""

import logging
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from events.database import SessionFactory
from events.errors import DomainError
from events.localtime import local_day
from notifications.letters.composer import Composer
from notifications.notices.steps import Clockwork
from notifications.notices.wanted import still_wanted
from notifications.outbox import claiming, suppression
from notifications.outbox.claiming import LEASE
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.transports.errors import (
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.transport import Transport

# after the first, second … attempt; the last one repeats until the message expires
RETRY_MINUTES = (1, 5, 15, 60, 180)
_DOUBT_PAUSE = timedelta(minutes=1)
_DEFECT_PAUSE = timedelta(minutes=15)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RelayResult:
    """What became of the messages of one round."""

    sent: int = 0
    failed: int = 0
    deferred: int = 0  # a try that counted; later again
    unknown: int = 0
    released: int = 0  # no server: ready as before
    postponed: int = 0  # until offices open
    cancelled: int = 0
    suppressed: int = 0
    expired: int = 0
    lost: int = 0  # another relay has them now


def relay_once(
    session_factory: SessionFactory,
    transport: Transport,
    composer: Composer,
    *,
    now: datetime,
    clockwork: Clockwork,
    limit: int = 100,
    lease: timedelta = LEASE,
) -> RelayResult:
    """Send up to ``limit`` messages whose time has come. Any number of relays may run at once."""
    sieve = _Sieve(now, clockwork)
    with session_factory.begin() as session:
        batch = sieve.sift(
            session, claiming.claim(session, now=now, limit=limit, by=_name(), lease=lease)
        )
    delivery = _Delivery(session_factory, transport, composer, now, lease, sieve.tally)
    delivery.run(batch)
    return RelayResult(**sieve.tally)


@dataclass
class _Sieve:
    """Takes out of a claimed batch what must not leave now, and records why."""

    now: datetime
    clockwork: Clockwork
    tally: Counter[str] = field(default_factory=Counter)

    def sift(self, session: Session, messages: Sequence[Message]) -> list[Message]:
        reminders = [message.id for message in messages if message.kind is MessageKind.REMINDER]
        wanted = still_wanted(session, reminders, local_day(self.now, self.clockwork.zone))
        refused = suppression.refused_addresses(session, [message.rcpt_to for message in messages])
        return [
            message for message in messages if self._may_leave(session, message, wanted, refused)
        ]

    def _may_leave(
        self, session: Session, message: Message, wanted: Collection[int], refused: Collection[str]
    ) -> bool:
        is_reminder = message.kind is MessageKind.REMINDER
        opens = self.clockwork.next_working_moment(self.now, any_day=message.urgent)
        if message.expires <= self.now:
            return self._drop(session, message, MessageState.EXPIRED, message.reply or "too old")
        if is_reminder and message.id not in wanted:
            return self._drop(
                session,
                message,
                MessageState.CANCELLED,
                "done, cancelled, or no longer this person's",
            )
        if is_reminder and message.rcpt_to in refused:
            return self._drop(
                session, message, MessageState.SUPPRESSED, "the address was refused before"
            )
        if is_reminder and opens > self.now:
            claiming.release(session, message, at=opens)
            self.tally["postponed"] += 1
            return False
        return True

    def _drop(self, session: Session, message: Message, state: MessageState, reason: str) -> bool:
        claiming.drop(session, message, state, reason)
        self.tally[state.value] += 1
        return False


@dataclass
class _Delivery:
    """Hands a batch over, one mail after the other."""

    session_factory: SessionFactory
    transport: Transport
    composer: Composer
    now: datetime
    lease: timedelta
    tally: Counter[str]
    started: float = field(default_factory=time.monotonic)
    unmarked: list[Callable[[Session], bool]] = field(default_factory=list)

    def run(self, batch: Sequence[Message]) -> None:
        for position, message in enumerate(batch):
            try:
                self._deliver(message)
            except NoServiceError as error:
                _log.warning("No mail can leave now: %s", error)
                self._release(batch[position:])
                break
        # the database failed a moment ago; what was sent must be known as sent
        for mark in self.unmarked:
            self._in_transaction(mark)

    def _deliver(self, message: Message) -> None:
        taken = self._take(message)
        if taken is not None:
            self._mark(*self._send(*taken))

    def _send(self, message: Message, mail: bytes) -> tuple[str, Callable[[Session], bool]]:
        """Hand a mail over; return what became of it, and how that is recorded."""
        try:
            reply = self.transport.send(message.rcpt_to, mail)
        except TransientDeliveryError as error:
            until, code, text = self._next_attempt(message), error.code, error.reply
            mark = partial(claiming.defer, message=message, until=until, code=code, reply=text)
            return "deferred", mark
        except PermanentDeliveryError as error:
            mark = partial(claiming.mark_failed, message=message, bad_address=error.bad_address)
            return "failed", partial(mark, code=error.code, reply=error.reply)
        except UncertainDeliveryError as error:
            then = None if message.doubts else self.now + _DOUBT_PAUSE
            mark = partial(claiming.mark_unknown, message=message, reply=error.reply)
            return "unknown", partial(mark, next_attempt=then)
        mark = partial(claiming.mark_sent, message=message, now=self._clock())
        return "sent", partial(mark, code=reply.code, reply=reply.text)

    def _take(self, message: Message) -> tuple[Message, bytes] | None:
        """Mark a message as being sent and write its mail; None if it is another relay's, or cannot
        be written.
        """
        try:
            with self.session_factory.begin() as session:
                lease_until = self._clock() + self.lease
                current = claiming.start_sending(
                    session, message, now=self.now, lease_until=lease_until
                )
                if current is None:
                    self.tally["lost"] += 1
                    return None
                return current, self.composer.compose(session, current)
        except DomainError as error:
            reply = str(error)
            self._mark(
                "failed",
                lambda session: claiming.mark_failed(session, message, code=None, reply=reply),
            )
        except OperationalError:
            raise
        except (
            Exception
        ) as error:  # a defect in one template must not hold up everybody else's mail
            _log.exception("Message %s cannot be written", message.id)
            reply, until = repr(error), self.now + _DEFECT_PAUSE
            self._mark(
                "deferred",
                lambda session: claiming.defer(
                    session, message, until=until, code=None, reply=reply
                ),
            )
        return None

    def _mark(self, outcome: str, mark: Callable[[Session], bool]) -> None:
        try:
            done = self._in_transaction(mark)
        except OperationalError:
            _log.exception(
                "An outcome could not be recorded; it is tried again at the end of the batch"
            )
            self.unmarked.append(mark)
            done = True
        self.tally[outcome if done else "lost"] += 1

    def _in_transaction(self, mark: Callable[[Session], bool]) -> bool:
        with self.session_factory.begin() as session:
            return mark(session)

    def _release(self, messages: Sequence[Message]) -> None:
        with self.session_factory.begin() as session:
            self.tally["released"] += sum(
                claiming.release(session, message, at=self.now) for message in messages
            )

    def _next_attempt(self, message: Message) -> datetime:
        minutes = RETRY_MINUTES[min(message.attempts, len(RETRY_MINUTES)) - 1]
        return self.now + timedelta(minutes=minutes * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing

    def _clock(self) -> datetime:
        """Return what time it is, counted from ``now``."""
        return self.now + timedelta(seconds=time.monotonic() - self.started)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
