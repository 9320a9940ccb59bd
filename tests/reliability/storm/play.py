"""A storm from its first to its last kill."""

import http.client
import logging
import math
import random
import threading
import time
from pathlib import Path

from events.database import sessions as database
from scheduler import migrate
from tests.reliability.storm.browser import SEE_OTHER, Browser
from tests.reliability.storm.counting import count
from tests.reliability.storm.deeds import SENT, Deed, deeds_of
from tests.reliability.storm.province import Work, prepare
from tests.reliability.storm.report import Ledger, Report
from tests.reliability.storm.server import Server
from tests.scheduler.processes import PATIENCE

CLIENTS = 8
# A server is killed in the middle of what somebody does next, once they had up to so many answers,
# or after so many seconds: on a busy machine, too, those get theirs whose deeds take long.
_ANSWERS, _LONGEST, _IN_THE_MIDDLE = 3, 15.0, 0.3
# of so many starts one is killed itself, so many seconds after it began
_STARTS, _FOR_A_START = 6, (0.1, 1.0)
_NOT_NOW, _BROKEN = 503, 500
_SAID = 20  # kills after which a long storm says how far it is
log = logging.getLogger(__name__)


class Storm:
    """One storm over an installation in the empty folder ``home``, for so many seconds or until so
    many kills, whichever comes first.
    """

    def __init__(
        self,
        home: Path,
        url: str,
        seed: int,
        *,
        seconds: float = math.inf,
        kills: int | float = math.inf,
    ) -> None:
        self.home, self.seconds, self.kills = home, seconds, kills
        self.engine = database.create_engine(url)
        self.factory = database.create_session_factory(self.engine)
        self.server, self.ledger = Server(home, url), Ledger()
        self.report = Report(seed, self.engine.dialect.name)
        self._over, self._up = threading.Event(), threading.Event()
        self._counting = threading.Lock()
        self._answers = [0] * CLIENTS

    def prepare(self, people: int = CLIENTS) -> Work:
        """Make the installation; its server is not started yet."""
        migrate.upgrade(self.engine)
        return prepare(self.factory, self.home, people)

    def play(self) -> Report:
        """Prepare an installation, let the storm blow, and count what is left."""
        work = self.prepare()
        self.server.start()
        self._up.set()
        browsers = [Browser(self.server.port) for _ in range(CLIENTS)]
        for number, browser in enumerate(browsers):
            browser.sign_in(f"nguoi{number}@example.org")
        people = [
            threading.Thread(target=self._work, args=(number, browser, work), daemon=True)
            for number, browser in enumerate(browsers)
        ]
        for person in people:
            person.start()
        began = time.monotonic()
        try:
            self._blow()
        finally:
            self._over.set()
            self._up.set()
        self.report.seconds = round(time.monotonic() - began, 1)
        for person in people:
            person.join()
        self.server.kill()
        self.count(work)
        self.engine.dispose()
        return self.report

    def stop(self) -> None:
        """Let it end early; what was played until then is counted."""
        self._over.set()

    def count(self, work: Work) -> None:
        """Compare what people were told with what the database and the folder of files hold."""
        with database.reading(self.factory)() as session:
            count(session, self.home / "var" / "files", work, self.ledger, self.report)

    def _blow(self) -> None:
        chance, end = random.Random(self.report.seed), time.monotonic() + self.seconds
        while self._goes_on(end):
            self._let_live(chance.randrange(CLIENTS), chance.randrange(_ANSWERS))
            time.sleep(chance.uniform(0, _IN_THE_MIDDLE))
            self._kill()
            if chance.randrange(_STARTS) == 0 and self._goes_on(end):
                self.server.begin()
                time.sleep(chance.uniform(*_FOR_A_START))
                self._kill()
                self.report.kills_of_starts += 1
            self.server.start()
            self._up.set()

    def _let_live(self, client: int, answers: int) -> None:
        enough, end = self._answers[client] + answers, time.monotonic() + _LONGEST
        while self._answers[client] < enough and time.monotonic() < end:
            time.sleep(0.01)

    def _goes_on(self, end: float) -> bool:
        asked = time.monotonic() < end and self.report.kills < self.kills
        return asked and not self._over.is_set()

    def _kill(self) -> None:
        self._up.clear()
        self.server.kill()
        self.report.kills += 1
        if self.report.kills % _SAID == 0:
            log.warning("%s kills, %s deeds", self.report.kills, self.report.acknowledged)

    def _work(self, number: int, browser: Browser, work: Work) -> None:
        chance = random.Random(f"{self.report.seed}-{number}")
        for deed in deeds_of(number, chance, work):
            for _again in range(4):  # as people do who got no answer
                if self._over.is_set():
                    return
                if self._done(browser, deed, work):
                    self._answers[number] += 1
                    break
            time.sleep(chance.uniform(0, 0.05))

    def _done(self, browser: Browser, deed: Deed, work: Work) -> bool:
        """Do something; return whether it was answered, whatever the answer."""
        self._up.wait(PATIENCE)
        try:
            status = SENT[deed[0]](browser, deed[1], work)
        except (OSError, http.client.HTTPException):
            status = None
        if status in (None, SEE_OTHER):
            self.ledger.write(deed, acknowledged=status == SEE_OTHER)
        with self._counting:
            self._note(status, deed)
        return status not in (None, _NOT_NOW)

    def _note(self, status: int | None, deed: Deed) -> None:
        report = self.report
        if status is None:
            report.unanswered += 1
        elif status == SEE_OTHER:
            report.acknowledged += 1
            report.deeds[deed[0]] += 1
        elif status == _BROKEN:
            report.note("errors", deed[0], deed[1])
        elif status:
            report.refused[status] += 1
