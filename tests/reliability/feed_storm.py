"""A storm over calendars: whoever renews and publishes them is killed again and again.

``python -m tests.reliability.feed_storm --seed 7 --kills 200 --database postgresql`` plays longer ones than
the tests do, and prints what was wrong as JSON.
"""

import argparse
import gzip
import hashlib
import itertools
import json
import os
import random
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from events.calendars import publishing, renewing
from events.calendars.check.versions import between
from events.calendars.check.whole import events_in
from events.calendars.feeds import all_slugs, find_feed, serve_feed
from events.calendars.kept import draft
from events.calendars.observance_feed import COMMON
from events.database import sessions as database
from events.database.sessions import SessionFactory
from events.installation import day_here
from events.models import Feed, FeedMark, FeedStamp, Observance, Role, Unit
from tests.reliability.storm.server import database_of
from tests.scheduler.processes import _SERVER, PATIENCE, PRELOADED, sumvay

URL = "https://lich.example.org"
UNITS = 3  # whose calendars are kept
_MOST_STEPS = 25  # calendars stored and files written after a change, before the end
_BETWEEN, _LONGEST = 0.1, 5.0  # seconds from a change to the next, and to the end
_INSIDE = 0.004  # seconds: the end comes in the middle of a step
_SERVER.set_forkserver_preload([*PRELOADED, "tests.reliability.storm.server", __name__])


@dataclass
class Report:
    """What was seen, and what was wrong with it."""

    kills: int = 0
    looks: int = 0  # at files
    written: int = 0  # versions of files
    problems: list[str] = field(default_factory=list)

    def wrong(self, said: str) -> None:
        if len(self.problems) < 50:
            self.problems.append(said)

    @property
    def plain(self) -> dict[str, Any]:
        return self.__dict__


class FeedStorm:
    """One storm over the calendars of a database, published into a folder."""

    def __init__(self, home: Path, url: str, seed: int, kills: int) -> None:
        self._home, self._url, self._kills = home, url, kills
        self._folder = home / "feeds"
        self._chance = random.Random(seed)
        self._numbers = itertools.count(1)
        self._engine: Engine | None = None
        self._files: dict[tuple[str, int, int], str] = {}
        self._rows: dict[str, tuple[datetime, bytes]] = {}
        self.report = Report()

    def play(self) -> Report:
        """Let calendars change and whoever renews them die, then look at what is left."""
        ended = sumvay(self._home, "init", SUMVAY_DATABASE__URL=self._url)
        assert ended.returncode == 0, ended.stderr
        self._engine = database.create_engine(self._url)
        factory = database.create_session_factory(self._engine)
        self._keep(factory)
        over = threading.Event()
        reader = threading.Thread(target=self._read_until, args=[over])
        reader.start()
        try:
            for _ in range(self._kills):
                self._blow(factory)
                self._check_rows(factory)
            self._let_it_end(factory)
        finally:
            over.set()
            reader.join()
        self._check_rows(factory)
        self._check_the_end(factory)
        self._engine.dispose()
        return self.report

    def _keep(self, factory: SessionFactory) -> None:
        with factory() as session:
            units = session.scalars(select(Unit.slug).order_by(Unit.id).limit(UNITS)).all()
            observances = session.scalars(select(Observance.slug).where(Observance.enabled)).all()
        keys = [*COMMON, *observances, *units]
        for key in [*keys, *(f"en/{key}" for key in keys[:1])]:
            serve_feed(factory, key, now=datetime.now(UTC), public_url=URL)

    def _blow(self, factory: SessionFactory) -> None:
        """Change something while calendars are renewed, and kill whoever does so."""
        worker, steps = self._renewing()
        for _ in range(self._chance.randint(1, 3)):
            self._change(factory)
            time.sleep(self._chance.uniform(0, _BETWEEN))
        last = steps.value + self._chance.randint(1, _MOST_STEPS)
        deadline = time.monotonic() + _LONGEST
        while steps.value < last and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(self._chance.uniform(0, _INSIDE))
        assert worker.exitcode is None, "whoever renews died by itself"
        worker.kill()
        worker.join()
        self.report.kills += 1

    def _renewing(self) -> Any:
        """Return a process that renews and publishes, once it has begun, and how many calendars it
        has stored and files it has written so far.
        """
        begun, steps = _SERVER.Event(), _SERVER.Value("i", 0)
        worker = _SERVER.Process(
            target=_renew_for_ever, args=(self._url, str(self._folder), begun, steps)
        )
        worker.start()
        assert begun.wait(PATIENCE)
        return worker, steps

    def _change(self, factory: SessionFactory) -> None:
        word = f"{next(self._numbers)}"
        with factory.begin() as session:
            what = self._chance.choice(("title", "unit", "role", "switch"))
            if what == "role":  # in all calendars
                session.execute(update(Role).values(title_vi=f"Vai {word}"))
            elif what == "unit":
                unit = session.scalars(select(Unit).order_by(Unit.id).limit(UNITS)).all()
                self._chance.choice(unit).full_name = f"Xã {word}"
            else:
                there = session.scalars(select(Observance).order_by(Observance.id)).all()
                kept = [one for one in there if one.slug in self._rows or one.enabled]
                one = self._chance.choice(kept)
                if what == "switch":
                    one.enabled = not one.enabled
                else:
                    one.title_vi = f"Ngày {word}"

    def _read_until(self, over: threading.Event) -> None:
        """Read files as a web server does, for as long as it blows."""
        while not over.is_set():
            for file in self._folder.rglob("*.ics*"):
                if not file.name.startswith(".part-"):
                    with suppress(FileNotFoundError):
                        self._read(file)
            time.sleep(0.01)

    def _read(self, file: Path) -> None:
        with file.open("rb") as opened:
            told = os.fstat(opened.fileno())
            body = opened.read()
        self.report.looks += 1
        name = file.relative_to(self._folder).as_posix()
        if name.endswith(".gz"):
            try:
                whole = gzip.decompress(body)
            except (EOFError, OSError) as error:
                self.report.wrong(f"half a file: {name}: {error}")
                return
        else:
            whole = body
        if not (whole.startswith(b"BEGIN:VCALENDAR\r\n") and whole.endswith(b"END:VCALENDAR\r\n")):
            self.report.wrong(f"half a file: {name}")
        # nginx makes an ETag of these two
        etag, digest = (name, int(told.st_mtime), told.st_size), hashlib.sha256(body).hexdigest()
        before = self._files.setdefault(etag, digest)
        if before != digest:
            self.report.wrong(f"an ETag for two bodies: {etag}")
        self.report.written = len(self._files)

    def _check_rows(self, factory: SessionFactory) -> None:
        with database.reading(factory)() as session:
            session.connection(execution_options=_ONE_VIEW.get(session.get_bind().dialect.name, {}))
            for feed in session.scalars(select(Feed)):
                self._check_row(session, feed)

    def _check_row(self, session: Session, feed: Feed) -> None:
        if hashlib.sha256(feed.body).hexdigest() != feed.etag:
            self.report.wrong(f"an ETag of other bytes: {feed.key}")
        if gzip.decompress(feed.packed) != feed.body:
            self.report.wrong(f"two forms that differ: {feed.key}")
        last = self._rows.get(feed.key)
        self._rows[feed.key] = feed.last_modified, feed.body
        if last is not None:
            moment, body = last
            if body != feed.body and feed.last_modified <= moment:
                self.report.wrong(f"Last-Modified did not rise: {feed.key}")
            if body != feed.body:
                for one in between(body, feed.body, now=datetime.now(UTC)):
                    if one.rule.key not in _OF_CHANGES:
                        self.report.wrong(f"{feed.key}: {one.rule.key} {one.uid}")
        if feed.gone:
            return
        here = FeedStamp.feed_key == feed.key, FeedStamp.absent_since.is_(None)
        known = {one.uid: one for one in session.scalars(select(FeedStamp).where(*here))}
        for event in events_in(feed.body):
            stamp = known.pop(event.uid, None)
            if stamp is None or event.value("SEQUENCE") != str(stamp.sequence):
                self.report.wrong(f"an event without its stamps: {feed.key} {event.uid}")
        for uid in known:
            self.report.wrong(f"a stamp without its event: {feed.key} {uid}")

    def _let_it_end(self, factory: SessionFactory) -> None:
        """Let somebody renew and publish everything that is left, undisturbed."""
        worker, _steps = self._renewing()
        deadline = time.monotonic() + PATIENCE
        while not self._is_done(factory):
            assert time.monotonic() < deadline, "it never came to an end"
            time.sleep(0.1)
        time.sleep(1)  # to publish
        worker.kill()
        worker.join()

    @staticmethod
    def _is_done(factory: SessionFactory) -> bool:
        with factory() as session:
            waiting = session.scalar(select(Feed.key).where(Feed.stale.is_not(None)).limit(1))
            return waiting is None and session.scalar(select(FeedMark.id).limit(1)) is None

    def _check_the_end(self, factory: SessionFactory) -> None:
        """Every calendar reads as it would be written now, and so does its file."""
        now = datetime.now(UTC)
        with database.reading(factory)() as session:
            today, slugs = day_here(session, now), set(all_slugs(session))
            names = set()
            for feed in session.scalars(select(Feed)):
                plain = feed.key.removeprefix("en/")
                if feed.gone:
                    if plain in slugs or plain in COMMON:
                        self.report.wrong(f"gone, though there is one: {feed.key}")
                    continue
                found = find_feed(session, feed.key, today, URL)
                if draft(session, feed.key, found, as_of=today, now=now).is_new:
                    self.report.wrong(f"old at the end: {feed.key}")
                for suffix, body in ((".ics", feed.body), (".ics.gz", feed.packed)):
                    names.add(f"{feed.key}{suffix}")
                    self._check_file(feed, suffix, body)
        there = {
            f.relative_to(self._folder).as_posix() for f in self._folder.rglob("*") if f.is_file()
        }
        if there != names:
            self.report.wrong(f"files that differ from calendars: {sorted(there ^ names)[:5]}")

    def _check_file(self, feed: Feed, suffix: str, body: bytes) -> None:
        file = self._folder / f"{feed.key}{suffix}"
        if not file.exists() or file.read_bytes() != body:
            self.report.wrong(f"another file at the end: {file.name}")
        elif int(file.stat().st_mtime) != int(feed.last_modified.timestamp()):
            self.report.wrong(f"another time at the end: {file.name}")


# what may be: titles change with everything that says them, and switched off observances go
_OF_CHANGES = {"gone"}
_ONE_VIEW = {"postgresql": {"isolation_level": "REPEATABLE READ"}}


def _renew_for_ever(url: str, folder: str, begun: Any, steps: Any) -> None:
    """Do what the renewer and the publisher of a clock do, at once and without a rest."""
    _count(renewing, "store_in", steps)
    _count(publishing, "_write", steps)
    factory = database.create_session_factory(database.create_engine(url))
    publisher = publishing.Publisher(factory, Path(folder))
    threading.Thread(target=_publish_for_ever, args=[publisher], daemon=True).start()
    begun.set()
    while True:
        renewing.renew(factory, now=datetime.now(UTC), public_url=URL)
        time.sleep(0.01)


def _publish_for_ever(publisher: publishing.Publisher) -> None:
    while True:
        publisher.look(datetime.now(UTC))
        time.sleep(0.05)


def _count(module: ModuleType, name: str, steps: Any) -> None:
    """Let a function of a module count that it was called."""
    real = getattr(module, name)

    def counted(*arguments: Any) -> Any:
        steps.value += 1
        return real(*arguments)

    setattr(module, name, counted)


def storm(kind: str, seed: int, kills: int) -> Report:
    """Play one in a folder of its own, which stays when something was wrong."""
    home = Path(tempfile.mkdtemp(prefix="sumvay-storm-"))
    (home / "config.toml").touch()
    with database_of(kind, home) as url:
        return FeedStorm(home, url, seed, kills).play()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    report = storm(asked.database, asked.seed, asked.kills)
    print(json.dumps(report.plain, ensure_ascii=False))
    return 1 if report.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
