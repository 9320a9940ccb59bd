"""The relay against smtplib, which sends the same messages, written before, over as many
connections to the same server and commits one row a mail to the same database.

The relay claims, looks again, writes each mail and records it before and after. And an empty look
into a full outbox against one bare SELECT.
"""

import smtplib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine, delete, func, insert, select, update

from benchmarks.databases import NOW, databases
from benchmarks.measure import Measured, ratio, seconds
from benchmarks.sink import sink
from events.database.sessions import SessionFactory, create_session_factory, reading
from events.localtime import VIETNAM
from events.units.office import office_to_change
from events.working_calendar import work_calendar
from notifications.letters.composer import Composer
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, message_row
from notifications.pump import Pump, PumpRules
from notifications.transports.smtp import SmtpTransport

LIMIT, EMPTY = 2.0, 20.0
MAILS, CONNECTIONS, WAITING = 400, 4, 20_000
_LATER = NOW + timedelta(days=300)
_COMPOSER = Composer("sumvay@example.org", "Sum Vầy", "https://sumvay.example.org")


def run() -> Iterator[Measured]:
    """Measure on both databases."""
    with databases() as engines, sink() as port:
        for dialect, engine in engines.items():
            yield _sending(dialect, engine, port)
            yield _empty(dialect, engine, port)


def _sending(dialect: str, engine: Engine, port: int) -> Measured:
    factory = create_session_factory(engine)
    pump = _pump(factory, port)
    clockwork = _clockwork(factory)
    letters = _letters(factory)

    def ours() -> float:
        _fill(factory, MAILS)
        took = seconds(lambda: pump.drain(now=NOW, clockwork=clockwork, longest=600))
        with factory() as session:
            sent = select(func.count()).where(Message.state == MessageState.SENT)
            assert session.scalar(sent) == MAILS
        return took

    def bare() -> float:
        _fill(factory, MAILS)
        return seconds(lambda: _by_smtplib(factory, port, letters))

    name = f"{MAILS} mails over {CONNECTIONS} connections, {dialect}"
    measured = ratio(name, ours, bare, LIMIT, rounds=3)
    pump.close()
    return measured


def _empty(dialect: str, engine: Engine, port: int) -> Measured:
    factory = create_session_factory(engine)
    _fill(factory, WAITING, at=_LATER)
    pump, clockwork = _pump(factory, port), _clockwork(factory)
    due = (
        select(Message.id)
        .where(Message.urgent.is_(True), Message.next_attempt <= NOW)
        .order_by(Message.next_attempt)
        .limit(1)
    )

    def bare() -> None:
        with reading(factory)() as session:
            session.scalar(due)

    return ratio(
        f"an empty look with {WAITING} waiting, {dialect}",
        ours=lambda: seconds(lambda: [pump.drain(now=NOW, clockwork=clockwork) for _ in range(20)]),
        bare=lambda: seconds(lambda: [bare() for _ in range(20)]),
        limit=EMPTY,
    )


def _by_smtplib(factory: SessionFactory, port: int, letters: Sequence[tuple[int, bytes]]) -> None:
    shares = [letters[number::CONNECTIONS] for number in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(partial(_share, factory, port), shares))


def _share(factory: SessionFactory, port: int, letters: Sequence[tuple[int, bytes]]) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as server:
        for number, letter in letters:
            server.sendmail("sumvay@example.org", [f"{number}@example.org"], letter)
            with factory.begin() as session:
                done = update(Message).where(Message.id == number).values(state=MessageState.SENT)
                session.execute(done)


def _letters(factory: SessionFactory) -> list[tuple[int, bytes]]:
    _fill(factory, MAILS)
    with factory() as session:
        rows = session.scalars(select(Message)).all()
        return [(row.id, _COMPOSER.compose(session, row)) for row in rows]


def _fill(factory: SessionFactory, number: int, at: object = NOW) -> None:
    with factory.begin() as session:
        session.execute(delete(Message))
        office_to_change(session)
        rows = [
            message_row(
                key=f"bench|{n}",
                now=NOW,
                postmark=Postmark("bench", "example.org"),
                id=n + 1,
                kind=MessageKind.SIGN_IN,
                person_id=None,
                rcpt_to=f"{n}@example.org",
                language="vi",
                params={"url": "https://sumvay.example.org/dang-nhap/lien-ket/abc"},
                urgent=False,
                next_attempt=at,
                expires=_LATER,
            )
            for n in range(number)
        ]
        session.execute(insert(Message), rows)


def _pump(factory: SessionFactory, port: int) -> Pump:
    def new_transport() -> SmtpTransport:
        return SmtpTransport(host="127.0.0.1", port=port)

    return Pump(factory, new_transport, _COMPOSER, PumpRules(CONNECTIONS))


def _clockwork(factory: SessionFactory) -> Clockwork:
    with factory() as session:
        return Clockwork(work_calendar(session), ReminderRules(), VIETNAM)
