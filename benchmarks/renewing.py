"""A change that touches the calendars of 3,321 units: how long until all are renewed, against
writing each as it reads, one after the other. Whoever polls meanwhile gets what was kept or what is
new, at once.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Engine, delete, select, update

from benchmarks.databases import COMMUNES_OF_THE_NATION, NOW, add_communes, databases
from benchmarks.measure import Measured, report, seconds
from events.calendars.feeds import find_feed, render, serve_feed
from events.calendars.kept import read_feed
from events.calendars.renewing import renew
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.database.sessions import SessionFactory, create_session_factory, reading
from events.installation import day_here
from events.models import Campaign, FeedMark, Round, Template, Unit
from events.working_calendar import work_calendar

COMMUNES = int(os.environ.get("COMMUNES", COMMUNES_OF_THE_NATION))
LIMIT = 2.0
URL = "https://lich.example.org"
_LATER = NOW + timedelta(minutes=5)
_POLL = 0.05  # seconds


def run() -> Iterator[Measured]:
    """Measure both databases."""
    with databases() as engines:
        for name, engine in engines.items():
            yield _renewing(name, engine)


def _renewing(name: str, engine: Engine) -> Measured:
    factory = create_session_factory(engine)
    slugs = _kept(factory, engine)
    alone = seconds(lambda: _write_each(factory, slugs))
    with factory.begin() as session:
        session.execute(update(Round).values(summary="Chiến dịch mới"))
    polled = _Polled(factory, slugs)
    polled.start()
    taken = seconds(lambda: renew(factory, now=_LATER, public_url=URL))
    polled.stop()
    old = [slug for slug in slugs if "Chiến dịch mới" not in _text(factory, slug)]
    if old or polled.failed or not polled.taken:
        raise RuntimeError(f"{len(old)} are old, polls failed: {polled.failed[:1]}")
    detail = (
        f"{taken:.0f} s to {alone:.0f} s; {taken / len(slugs) * 1000:.1f} ms each; the slowest of "
        f"{len(polled.taken)} look-ups meanwhile {max(polled.taken) * 1000:.0f} ms"
    )
    return report(f"{len(slugs):,} calendars renewed, {name}", taken / alone, LIMIT, detail)


def _kept(factory: SessionFactory, engine: Engine) -> Sequence[str]:
    """Open a round in every unit and keep the calendars of the communes."""
    add_communes(engine, COMMUNES)
    with factory.begin() as session:
        template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
        [found] = rounds_of(template, 2027)
        open_round(session, found, now=NOW, calendar=work_calendar(session))
        of_round = select(Unit.slug).join(Campaign, Campaign.unit_id == Unit.id)
        slugs = session.scalars(of_round.where(Unit.level_key == "commune")).all()
    for slug in slugs:
        serve_feed(factory, slug, now=NOW, public_url=URL)
    renew(factory, now=NOW, public_url=URL)
    with factory.begin() as session:
        session.execute(delete(FeedMark))
    return slugs


def _write_each(factory: SessionFactory, slugs: Sequence[str]) -> None:
    for slug in slugs:
        with reading(factory)() as session:
            render(session, find_feed(session, slug, day_here(session, NOW), URL))


def _text(factory: SessionFactory, slug: str) -> str:
    with reading(factory)() as session:
        feed = read_feed(session, slug)
        return feed.body.replace(b"\r\n ", b"").decode() if feed else ""


class _Polled(threading.Thread):
    """Looks calendars up, as a poll does, for as long as they are renewed."""

    def __init__(self, factory: SessionFactory, slugs: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._factory, self._slugs = factory, slugs
        self._over = threading.Event()
        self.taken: list[float] = []
        self.failed: list[object] = []

    def run(self) -> None:
        number = 0
        while not self._over.wait(_POLL):
            number += 97
            slug, begun = self._slugs[number % len(self._slugs)], time.perf_counter()
            try:
                if not _text(self._factory, slug).endswith("END:VCALENDAR\r\n"):
                    self.failed.append(slug)
            except Exception as error:
                self.failed.append(error)
            self.taken.append(time.perf_counter() - begun)

    def stop(self) -> None:
        self._over.set()
        self.join()
