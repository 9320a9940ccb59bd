"""Several connections to a real server on this machine."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from events.database.sessions import Base, create_session_factory
from notifications.outbox import claiming
from notifications.outbox.claiming import LEASE
from notifications.outbox.pausing import pause_of
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from notifications.pump import Pump, PumpRules
from notifications.transports.replies import Reply
from notifications.transports.smtp import SmtpTransport
from tests.conftest import as_shipped
from tests.notifications.scripted import ScriptedServer

NOW = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)  # Thursday, 07:30 in Vietnam
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def factory(blank_engine):
    Base.metadata.create_all(blank_engine)
    return create_session_factory(blank_engine)


@pytest.fixture
def put(factory):
    """Put messages into the outbox, to one address each."""

    def write(number, *, urgent=False, domain="example.org", now=NOW):
        with factory.begin() as session:
            for n in range(number):
                enqueue(
                    session,
                    key=f"{urgent} {domain} {n}",
                    kind=MessageKind.SIGN_IN,
                    rcpt_to=f"{'link' if urgent else 'mail'}{n}@{domain}",
                    language="vi",
                    params={"url": "https://sumvay.example.org/dang-nhap/abc"},
                    now=now,
                    urgent=urgent,
                )

    return write


@pytest.fixture
def pump(factory, composer, vietnam):
    """A pump on a server, or on a transport of the test."""
    pumps = []

    def make(out, **rules):
        def to_server():
            return SmtpTransport(host="127.0.0.1", port=out.port, timeout=30)

        new_transport = to_server if isinstance(out, ScriptedServer) else lambda: out
        made = Pump(factory, new_transport, composer, PumpRules(**rules))
        made.run = lambda now=NOW, **more: made.drain(
            now=now, clockwork=as_shipped(vietnam), **more
        )
        pumps.append(made)
        return made

    yield make
    for made in pumps:
        made.close()


def states(factory):
    with factory() as session:
        return Counter(session.scalars(select(Message.state)))


def recipients(server):
    return Counter(line.split(b"<")[1].split(b">")[0].decode() for line, _ in server.mails)


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_drain_sends_everything_once_however_much_there_is(put, pump, factory, pipelining):
    put(60)
    put(5, urgent=True)
    with ScriptedServer(pipelining=pipelining) as server:
        assert pump(server, connections=4).run(longest=60).sent == 65

        assert set(recipients(server).values()) == {1}
        assert server.connections <= 5
    assert states(factory) == {MessageState.SENT: 65}


def test_a_server_that_hangs_over_one_mail_holds_up_neither_others_nor_links(put, pump, factory):
    put(20)
    with ScriptedServer(("rcpt", "hang")) as server:
        pumping = pump(server, connections=3)
        before = time.monotonic()
        pumping.run(longest=5)
        put(3, urgent=True)
        pumping.run(longest=5)

        assert time.monotonic() - before < 25
        assert len(server.mails) == 22
        assert sum(name.startswith("link") for name in recipients(server)) == 3


def test_a_database_that_fails_after_a_mail_was_taken_doubles_and_loses_nothing(
    put, pump, factory, blank_engine
):
    put(6)
    down = threading.Event()

    class Postbox:
        def __init__(self):
            self.mails = Counter()

        def send(self, rcpt_to, mail):
            self.mails[rcpt_to] += 1
            if len(self.mails) == 2:
                down.set()
                threading.Timer(1.5, down.clear).start()
            return Reply(250, "OK")

        def close(self):
            pass

    @event.listens_for(blank_engine, "begin")
    def refuse(_connection):
        if down.is_set():
            raise OperationalError("BEGIN", {}, Exception("the server is gone"))

    postbox = Postbox()
    relay = pump(postbox, connections=1)
    for minute in range(3):
        try:
            relay.run(NOW + minute * A_MINUTE)
        except OperationalError:
            time.sleep(2)

    assert set(postbox.mails.values()) == {1}
    assert states(factory) == {MessageState.SENT: 6}


def test_where_a_server_wants_fewer_connections_there_are_fewer_and_no_pause(put, pump, factory):
    put(20)
    with ScriptedServer(("connect", "421 4.7.0 too many connections")) as server:
        relay = pump(server, connections=4)
        relay.run(longest=60)
        relay.run(longest=60)

        assert set(recipients(server).values()) == {1}
        assert len(server.mails) == 20
    with factory() as session:
        assert pause_of(session) is None


def test_a_relay_that_allows_so_many_mails_a_second_gets_no_more(put, pump):
    put(14)
    with ScriptedServer() as server:
        before = time.monotonic()
        assert pump(server, connections=2, per_second=5).run(longest=60).sent == 14

        assert time.monotonic() - before >= 9 / 5


def test_a_domain_that_is_slow_is_put_back_and_holds_up_no_other(put, pump, factory):
    put(4, domain="slow.example.org")
    put(1, domain="other.example.org", now=NOW)
    with ScriptedServer() as server:
        result = pump(server, connections=1, per_domain=0.1).run(longest=10)

    assert (result.sent, result.released) == (2, 3)
    with factory() as session:
        waits = session.scalars(
            select(Message.next_attempt).where(Message.state == MessageState.READY)
        )
        assert all(wait > NOW + timedelta(seconds=2) for wait in waits)


def test_a_pump_that_is_stopped_gives_back_what_it_did_not_begin(put, pump, factory):
    put(8)

    class Stopping:
        def send(self, rcpt_to, mail):
            relay.stop()
            return Reply(250, "OK")

        def close(self):
            pass

    relay = pump(Stopping(), connections=1)
    relay.run()

    assert states(factory) == {MessageState.SENT: 1, MessageState.READY: 7}


def test_what_a_killed_relay_held_and_had_not_begun_waits_for_a_minute_at_most(put, pump, factory):
    put(5)
    with factory.begin() as session:
        claiming.claim(session, now=NOW, limit=5, by="a process that is killed")
    with ScriptedServer() as server:
        relay = pump(server, connections=1)

        assert relay.run(NOW + LEASE / 2).sent == 0
        assert relay.run(NOW + LEASE).sent == 5


def test_an_hour_without_a_server_costs_no_mail_an_attempt(put, pump, factory):
    put(5)
    with ScriptedServer() as server:
        gone = SmtpTransport(host="127.0.0.1", port=server.port)
    relay = pump(gone, connections=2)
    for minute in range(0, 60, 10):
        relay.run(NOW + minute * A_MINUTE)

    with factory() as session:
        assert set(session.execute(select(Message.state, Message.attempts)).all()) == {
            (MessageState.READY, 0)
        }
