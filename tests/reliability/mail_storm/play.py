"""Mail storms, and what is counted after them."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select

from events.database import sessions as database
from events.database.sessions import reading
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, message_row
from scheduler.tables import metadata
from tests.reliability.mail_storm.postbox import Postbox
from tests.reliability.mail_storm.relaying import begin

NOW = datetime(2026, 10, 1, 1, tzinfo=UTC)
CONNECTIONS = 4
_LATER = timedelta(minutes=5)  # longer than any lease
_PATIENCE = 120.0  # seconds without a mail after which nothing more is expected
_A_CHUNK = 5_000


@dataclass
class MailReport:
    """``lost`` never arrived; ``doubled`` are copies beyond the first, of which each kill allows
    one a connection; ``misread`` are rows that say something else than what arrived; ``renamed``
    mails whose copies differ in Message-ID or Date.
    """

    seed: int
    database: str
    mails: int
    kills: int = 0
    seconds: float = 0
    lost: int = 0
    doubled: int = 0
    most_copies: int = 0
    misread: int = 0
    renamed: int = 0

    @property
    def is_clean(self) -> bool:
        allowed = self.kills * (CONNECTIONS + 1)  # one connection more is for urgent mail
        return not (self.lost or self.misread or self.renamed) and self.doubled <= allowed

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


class MailStorm:
    """Storms over one database, each over mails of its own."""

    def __init__(self, url: str, seed: int) -> None:
        self.url, self.seed = url, seed
        self.engine: Engine = database.create_engine(url)
        self.factory = database.create_session_factory(self.engine)
        metadata.create_all(self.engine)

    def kills(self, mails: int, kills: int) -> MailReport:
        """Kill a relay again and again in the middle of ``mails``."""
        chance = random.Random(self.seed)
        gaps = sorted(chance.sample(range(1, mails), kills))
        report, began = self._report(mails), time.monotonic()
        self._fill(mails)
        with Postbox() as postbox:
            for number, gap in enumerate(gaps):
                process = begin(self.url, postbox.port, NOW + number * _LATER, CONNECTIONS)
                _wait(lambda gap=gap: postbox.taken >= gap, postbox, process)  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.02))
                process.kill()
                process.join()
                report.kills += 1
            self._finish(postbox, len(gaps) + 1)
            self._count(report, postbox)
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def stops(self, mails: int, rounds: int, lease: float = 3.0) -> MailReport:
        """Let four relays send; each round one is stopped past its lease and goes on."""
        chance = random.Random(self.seed)
        report, began = self._report(mails), time.monotonic()
        self._fill(mails)
        with Postbox() as postbox:
            clocks = [begin(self.url, postbox.port, NOW, CONNECTIONS, lease) for _ in range(4)]
            try:
                for number in range(1, rounds + 1):
                    gap = mails * number // (rounds + 1)
                    _wait(lambda gap=gap: postbox.taken >= gap, postbox, clocks[0])  # type: ignore[misc]
                    stopped = chance.choice(clocks)
                    os.kill(stopped.pid, signal.SIGSTOP)
                    time.sleep(lease + 1)
                    os.kill(stopped.pid, signal.SIGCONT)
                _wait(self._is_over, postbox, clocks[0])
            finally:
                for clock in clocks:
                    os.kill(clock.pid, signal.SIGCONT)
                    clock.kill()
                    clock.join()
            self._count(report, postbox)
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def outage(self, mails: int, away: Callable[[], None]) -> MailReport:
        """Let the database be away (`away` returns when it is back) while mails are taken."""
        report, began = self._report(mails), time.monotonic()
        self._fill(mails)
        with Postbox() as postbox:
            process = begin(self.url, postbox.port, NOW, CONNECTIONS)
            _wait(lambda: postbox.taken >= mails // 3, postbox, process)
            away()
            _wait(self._is_over, postbox, process)
            process.kill()
            process.join()
            self._count(report, postbox)
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def _report(self, mails: int) -> MailReport:
        return MailReport(self.seed, self.engine.dialect.name, mails)

    def _fill(self, mails: int) -> None:
        rows = [_row(number) for number in range(mails)]
        with self.factory.begin() as session:
            session.execute(delete(Message))
            for start in range(0, mails, _A_CHUNK):
                session.execute(insert(Message), rows[start : start + _A_CHUNK])

    def _finish(self, postbox: Postbox, number: int) -> None:
        """Let relays go on until nothing is left, also what the last one held."""
        process = begin(self.url, postbox.port, NOW + number * _LATER, CONNECTIONS)
        _wait(self._is_over, postbox, process)
        process.kill()
        process.join()

    def _is_over(self) -> bool:
        with reading(self.factory)() as session:
            left = select(func.count()).where(Message.next_attempt.is_not(None))
            return session.scalar(left) == 0

    def _count(self, report: MailReport, postbox: Postbox) -> None:
        with reading(self.factory)() as session:
            rows = session.execute(select(Message.rcpt_to, Message.state))
            states = {row.rcpt_to: row.state for row in rows}
        report.lost = sum(not postbox.copies[one] for one in states)
        report.doubled = sum(number - 1 for number in postbox.copies.values())
        report.most_copies = max(postbox.copies.values(), default=0)
        report.misread = sum(state is not MessageState.SENT for state in states.values())
        report.renamed = sum(
            len(postbox.ids[one]) > 1 or len(postbox.dates[one]) > 1 for one in postbox.copies
        )


def _row(number: int) -> dict[str, Any]:
    return message_row(
        key=f"storm|{number}",
        now=NOW,
        postmark=Postmark("storm", "example.org"),
        kind=MessageKind.SIGN_IN,
        person_id=None,
        rcpt_to=f"a{number}@example.org",
        language="vi",
        params={"url": "https://sumvay.example.org/dang-nhap/lien-ket/abc"},
        urgent=number % 50 == 0,
        next_attempt=NOW,
        expires=NOW + timedelta(days=4000),
    )


def _wait(condition: Callable[[], bool], postbox: Postbox, process: Any) -> None:
    """Wait for something, as long as mails arrive."""
    seen, since = postbox.taken, time.monotonic()
    while not condition():
        time.sleep(0.02)
        if postbox.taken != seen:
            seen, since = postbox.taken, time.monotonic()
        if time.monotonic() - since > _PATIENCE or process.exitcode is not None:
            return  # what is missing is counted
