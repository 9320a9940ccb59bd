"""Empty the outbox: claim messages, look again whether they are still wanted, hand them to a
transport, record the outcome.

Claiming is one transaction. On each connection the outcome of a mail and the beginning of the next
are one transaction, before the next is written or sent; writing and sending happen outside of any.
So a crash repeats one mail a connection at most, with the same Message-ID and Date.
"""

import logging
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from events.database.sessions import AwayErrors, SessionFactory, reading
from events.errors import DomainError
from events.models import Person
from events.units.office import office_of
from notifications.announcements.announcing import NOT_MEANT, still_meant
from notifications.letters.composer import Composer
from notifications.notices.steps import Clockwork
from notifications.notices.wanted import TOLD_TOGETHER, Verdict, look_again
from notifications.outbox import claiming, pausing, suppression
from notifications.outbox.claiming import LEASE, SENDING
from notifications.outbox.recording import Record, Recorder
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.transports.errors import (
    DeliveryError,
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
_PUT_BACK = timedelta(minutes=5)  # a mail whose recipient got an answer that is about us
_WRONG_DAY = timedelta(minutes=15)  # until what goes by the day is looked at again
_TOO_MANY = 421  # connections, perhaps (RFC 5321, 3.8)
_log = logging.getLogger(__name__)

# kinds that wait for working hours and go to no suppressed address
_ORDINARY = {MessageKind.REMINDER, MessageKind.PUBLIC_NEWS, MessageKind.ANNOUNCEMENT}
_AFTER_REMINDERS = timedelta(minutes=2)  # for letters to many that waited for the morning


@dataclass(frozen=True, slots=True)
class RelayResult:
    """What became of the messages of one round."""

    sent: int = 0
    failed: int = 0
    deferred: int = 0  # a try that counted; later again
    unknown: int = 0
    released: int = 0  # about us, or no server: ready as before
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
    """Send up to ``limit`` messages whose time has come, in this thread. Any number of relays may
    run at once.
    """
    desk = Desk(session_factory, composer, now, clockwork, lease)
    lane = Lane(desk, transport)
    while limit > 0 and not desk.is_paused:
        claimed, letters = desk.claim(limit)
        for letter in letters:
            if not lane.deliver(letter):
                break
        lane.flush()
        desk.give_back(letters[letters.index(letter) + 1 :] if letters else ())
        limit = limit - claimed if claimed else 0
    return desk.result


@dataclass(eq=False, slots=True)
class Letter:
    """A message that was claimed, and its mail (RFC 5322)."""

    message: Message
    mail: bytes


@dataclass
class Desk:
    """What the connections of a relay share: which messages are taken, how outcomes are recorded,
    and whether all that is sent meets the same refusal. For many threads.
    """

    session_factory: SessionFactory
    composer: Composer
    now: datetime
    clockwork: Clockwork
    lease: timedelta = LEASE
    fewer: Callable[[], bool] = lambda: False  # use fewer connections; False if it cannot
    is_paused: bool = False
    may_end: bool = True  # else what goes by the day waits
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._recorder = Recorder(self.session_factory)
        self._tally: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._in_a_row: set[str] = set()  # recipients who met what is about us
        self._is_probing = False
        self.doubtful: set[str] = (
            set()
        )  # addresses that are suppressed, and got a mail all the same

    @property
    def result(self) -> RelayResult:
        return RelayResult(**self._tally)

    def count(self, outcome: str, number: int = 1) -> None:
        if number:
            with self._lock:
                self._tally[outcome] += number

    def clock(self) -> datetime:
        """Return what time it is, counted from ``now``."""
        return self.now + timedelta(seconds=time.monotonic() - self.started)

    def claim(self, limit: int, *, only_urgent: bool = False) -> tuple[int, list[Letter]]:
        """Take messages whose time has come; return how many, and the letters of those that may
        leave now.
        """
        now = self.clock()
        with reading(self.session_factory)() as session:
            pause = pausing.pause_of(session)
        if pause:
            self._is_probing = True
            if pause.until > now:
                self.is_paused = True
                return 0, []
            limit = 1  # one mail asks whether it is over
        sieve = _Sieve(self, now)
        with self.session_factory.begin() as session:
            asked = partial(claiming.claim, limit=limit, by=_name(), lease=self.lease)
            claimed = asked(session, now=now, only_urgent=only_urgent)
            kept = sieve.sift(session, claimed)
        for outcome, number in sieve.tally.items():
            self.count(outcome, number)
        return len(claimed), self._written(kept)

    def record(self, *records: Record) -> list[bool]:
        return self._recorder.record(*records)

    def give_back(self, letters: Sequence[Letter]) -> None:
        """Release what was claimed and not begun."""
        back = [
            partial(claiming.release, message=letter.message, at=self.now) for letter in letters
        ]
        for done in self.record(*back) if back else ():
            self.count("released" if done else "lost")

    def renew(self, letters: Sequence[Letter]) -> None:
        messages, until = [letter.message for letter in letters], self.clock() + self.lease
        self.record(partial(claiming.renew, messages=messages, until=until))

    def passed(self) -> None:
        """Note that a server answered what is not about us."""
        with self._lock:
            self._in_a_row.clear()
            was_probing, self._is_probing = self._is_probing, False
        if was_probing:
            self.record(pausing.end_pause)

    def met(self, error: NoServiceError, rcpt_to: str) -> None:
        """Note what a server says of us; pause if it hits every mail alike."""
        if error.may_be_one_recipient:
            with self._lock:
                self._in_a_row.add(rcpt_to.lower())
                is_for_all = self._is_probing or len(self._in_a_row) >= suppression.IN_A_ROW
            if not is_for_all:
                return
        elif error.code == _TOO_MANY and self.fewer():
            return
        self.pause(error)

    def pause(self, error: DeliveryError) -> None:
        _log.warning("No mail can leave now: %s", error)
        self.is_paused = True
        facts = pausing.Said(error.code, error.reply, error.stage.value)
        self.record(partial(pausing.pause, now=self.clock(), said=facts))

    def _written(self, messages: Sequence[Message]) -> list[Letter]:
        """Write the letters, with one look at what they share, while nobody waits for the
        database.
        """
        letters: list[Letter] = []
        if not messages:
            return letters
        with reading(self.session_factory)() as session:
            shared = office_of(session)  # kept in mind by the session while somebody holds it
            for message in messages:
                mail = self._mail(session, message)
                if mail is not None:
                    letters.append(Letter(message, mail))
            del shared
        return letters

    def _mail(self, session: Session, message: Message) -> bytes | None:
        """Return a mail as it is sent now; None if it cannot be written, which is recorded."""
        try:
            current = session.merge(message, load=False)
            if not message.attempts:  # as `start_sending` will record it
                set_committed_value(current, "date", self.now)
            return self.composer.compose(session, current)
        except DomainError as error:
            fail = partial(claiming.mark_failed, message=message, code=None, reply=str(error))
            self.count("failed" if self.record(fail)[0] else "lost")
        except AwayErrors:
            raise
        except Exception as error:  # a defect in one template must not hold up everybody's mail
            _log.exception("Message %s cannot be written", message.id)
            until = self.now + _DEFECT_PAUSE
            defer = partial(claiming.defer, message=message, until=until, code=None)
            done = self.record(partial(defer, reply=repr(error)))[0]
            self.count("deferred" if done else "lost")
        return None


class Lane:
    """One connection's work: one mail after the other. Not for several threads."""

    def __init__(self, desk: Desk, transport: Transport) -> None:
        self._desk, self._transport = desk, transport
        self._unmarked: tuple[str, Record] | None = None

    def deliver(self, letter: Letter) -> bool:
        """Send one letter; False if the relay pauses. What became of it is recorded with the next
        one, or by ``flush``.
        """
        if self._begin(letter.message):
            self._send(letter.message, letter.mail)
        return not self._desk.is_paused

    def flush(self) -> None:
        """Record what became of the last mail."""
        if self._unmarked is not None:
            outcome, mark = self._unmarked
            self._unmarked = None
            self._desk.count(outcome if self._desk.record(mark)[0] else "lost")

    def _begin(self, message: Message) -> bool:
        """Record the outcome of the last mail and the beginning of this one, in one transaction."""
        now = self._desk.now
        until = self._desk.clock() + SENDING
        begin = partial(claiming.start_sending, message=message, now=now, lease_until=until)
        before, self._unmarked = self._unmarked, None
        if before is None:
            (is_ours,) = self._desk.record(begin)
        else:
            done, is_ours = self._desk.record(before[1], begin)
            self._desk.count(before[0] if done else "lost")
        if is_ours:
            message.attempts += 1
        else:
            self._desk.count("lost")
        return is_ours

    def _send(self, message: Message, mail: bytes) -> None:
        """Hand a mail over, and keep how what became of it is recorded."""
        desk = self._desk
        try:
            reply = self._transport.send(message.rcpt_to, mail)
        except NoServiceError as error:
            pause = _PUT_BACK if error.may_be_one_recipient else timedelta()
            release = partial(claiming.release, message=message, at=desk.now + pause)
            self._unmarked = "released", release
            self.flush()
            desk.met(error, message.rcpt_to)
            return
        except TransientDeliveryError as error:
            until, code, text = self._next_attempt(message), error.code, error.reply
            mark = partial(claiming.defer, message=message, until=until, code=code, reply=text)
            self._unmarked = "deferred", mark
        except PermanentDeliveryError as error:
            self._refuse(message, error)
        except UncertainDeliveryError as error:
            then = None if message.doubts else desk.now + _DOUBT_PAUSE
            mark = partial(claiming.mark_unknown, message=message, reply=error.reply)
            self._unmarked = "unknown", partial(mark, next_attempt=then)
        else:
            sent = partial(claiming.mark_sent, message=message, now=desk.clock())
            self._unmarked = "sent", partial(sent, code=reply.code, reply=reply.text)
            if message.rcpt_to in desk.doubtful:
                desk.record(partial(suppression.forget_address, address=message.rcpt_to))
        desk.passed()

    def _refuse(self, message: Message, error: PermanentDeliveryError) -> None:
        desk, words = self._desk, error.reply
        if not error.bad_address:
            fail = partial(claiming.mark_failed, message=message, code=error.code, reply=words)
            self._unmarked = "failed", fail
            return
        if error.is_plain:
            asked = partial(suppression.is_about_us, message=message, now=desk.clock(), words=words)
            if desk.record(asked)[0]:
                desk.count("released")
                desk.pause(error)
                return
        condemn = partial(suppression.condemn, message=message, now=desk.clock(), words=words)
        self._unmarked = "failed", partial(condemn, code=error.code, is_plain=error.is_plain)

    def _next_attempt(self, message: Message) -> datetime:
        minutes = RETRY_MINUTES[min(message.attempts, len(RETRY_MINUTES)) - 1]
        return self._desk.now + timedelta(minutes=minutes * random.uniform(0.5, 1))  # noqa: S311 - spreads load, hides nothing


@dataclass
class _Sieve:
    """Takes out of a claimed batch what must not leave now, and records why."""

    desk: Desk
    now: datetime
    tally: Counter[str] = field(default_factory=Counter)

    def sift(self, session: Session, messages: Sequence[Message]) -> list[Message]:
        if not messages:
            return []
        self._readdress(session, messages)
        verdict = self._verdict(session, messages)
        meant = self._still_meant(session, messages)
        addresses = {message.rcpt_to for message in messages}
        refused = suppression.suppressed(session, addresses, self.now)
        self.desk.doubtful |= refused
        return [
            message
            for message in messages
            if self._may_leave(session, message, verdict, meant, refused)
        ]

    def _still_meant(self, session: Session, messages: Sequence[Message]) -> set[int]:
        """Look again at announcements."""
        to_many = [one for one in messages if one.kind is MessageKind.ANNOUNCEMENT]
        return still_meant(session, to_many, now=self.now) if to_many else set()

    def _verdict(self, session: Session, messages: Sequence[Message]) -> Verdict:
        """Look again at reminders whose hour it is."""
        ready = [
            message
            for message in messages
            if message.kind is MessageKind.REMINDER
            and self.desk.may_end  # to look ends what is not wanted today
            and message.expires > self.now
            and self._opens(message) <= self.now
        ]
        if not ready:
            return Verdict(set())
        claimed = [message.id for message in messages]
        clockwork = self.desk.clockwork
        return look_again(session, ready, beside=claimed, now=self.now, clockwork=clockwork)

    def _opens(self, message: Message) -> datetime:
        return self.desk.clockwork.next_working_moment(self.now, any_day=message.urgent)

    def _leaves(self, message: Message) -> datetime:
        """Return when a mail that keeps to office hours may leave, reminders before all others."""
        opens = self._opens(message)
        first = opens <= self.now or message.kind is MessageKind.REMINDER
        return opens if first else opens + _AFTER_REMINDERS

    def _readdress(self, session: Session, messages: Iterable[Message]) -> None:
        """Let mails go where their people are by now: an address may have been corrected."""
        people = {message.person_id for message in messages if message.person_id}
        known = {
            person.id: person
            for person in session.scalars(select(Person).where(Person.id.in_(people)))
        }
        for message in messages:
            person = known.get(message.person_id or 0)
            if person and person.email and person.email != message.rcpt_to:
                claiming.readdress(session, message, person.email)

    def _may_leave(
        self,
        session: Session,
        message: Message,
        verdict: Verdict,
        meant: Collection[int],
        refused: Collection[str],
    ) -> bool:
        is_reminder = message.kind is MessageKind.REMINDER
        waits = message.kind in _ORDINARY and (is_reminder or not message.urgent)
        if not self.desk.may_end and (waits or message.expires <= self.now):
            claiming.release(session, message, at=self.now + _WRONG_DAY)
            self.tally["postponed"] += 1
            return False
        if message.expires <= self.now:
            return self._drop(session, message, MessageState.EXPIRED, message.reply or "too old")
        later = verdict.later.get(message.id, self._leaves(message) if waits else self.now)
        if later > self.now:
            claiming.release(session, message, at=later)
            self.tally["postponed"] += 1
            return False
        if is_reminder and message.id not in verdict.wanted:
            is_told = message.id in verdict.elsewhere
            reason = TOLD_TOGETHER if is_told else "done, cancelled, or no longer this person's"
            return self._drop(session, message, MessageState.CANCELLED, reason)
        if message.kind is MessageKind.ANNOUNCEMENT and message.id not in meant:
            return self._drop(session, message, MessageState.CANCELLED, NOT_MEANT)
        if waits and message.rcpt_to in refused:
            return self._drop(
                session, message, MessageState.SUPPRESSED, "the address was refused before"
            )
        return True

    def _drop(self, session: Session, message: Message, state: MessageState, reason: str) -> bool:
        claiming.drop(session, message, state, reason)
        self.tally[state.value] += 1
        return False


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
