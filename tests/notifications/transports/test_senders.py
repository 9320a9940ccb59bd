"""What the world can read about where mails come from, asked of a DNS server on this machine."""

import socket
import threading

import dns.flags
import dns.message
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from notifications.transports import senders
from notifications.transports.senders import Names, look, spf_result

ZONE = {
    ("example.org", "TXT"): [
        '"google-site-verification=x"',
        '"v=spf1 ip4:198.51.100.0/24 include:_spf.example.net " "mx -all"',
    ],
    ("_spf.example.net", "TXT"): ['"v=spf1 ip6:2001:db8::/32 a:relay.example.net ~all"'],
    ("relay.example.net", "A"): ["203.0.113.9"],
    ("example.org", "MX"): ["10 mx.example.org."],
    ("mx.example.org", "A"): ["192.0.2.25"],
    ("redirected.example.org", "TXT"): ['"v=spf1 redirect=example.org"'],
    ("loop.example.org", "TXT"): ['"v=spf1 include:loop.example.org -all"'],
    ("two.example.org", "TXT"): ['"v=spf1 -all"', '"v=spf1 +all"'],
    ("mail._domainkey.example.org", "TXT"): ['"v=DKIM1; k=rsa; p=MIGf"'],
    ("gone._domainkey.example.org", "TXT"): ['"v=DKIM1; p="'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine"'],
}


class Server(threading.Thread):
    """Answers from ``ZONE``, or says nothing."""

    def __init__(self, *, is_silent=False):
        super().__init__(daemon=True)
        self.is_silent = is_silent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                wire, where = self.socket.recvfrom(4096)
            except OSError:
                return
            if self.is_silent:
                continue
            asked = dns.message.from_wire(wire)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            question = asked.question[0]
            name, kind = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
            if found := ZONE.get((name, kind)):
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            self.socket.sendto(answer.to_wire(), where)


@pytest.fixture
def names():
    server = Server()
    server.start()
    yield _asking(server)
    server.socket.close()


def _asking(server):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    return Names(resolver)


@pytest.mark.parametrize(
    ("domain", "address", "result"),
    [
        ("example.org", "198.51.100.7", "pass"),
        ("example.org", "203.0.113.9", "pass"),
        ("example.org", "2001:db8::25", "pass"),
        ("example.org", "192.0.2.25", "pass"),
        ("example.org", "192.0.2.26", "fail"),
        ("redirected.example.org", "198.51.100.7", "pass"),
        ("redirected.example.org", "192.0.2.26", "fail"),
        ("loop.example.org", "192.0.2.1", "fail"),
        ("two.example.org", "192.0.2.1", "permerror"),
        ("nothing.example.org", "192.0.2.1", "none"),
    ],
)
def test_spf_is_read_as_receivers_read_it(names, domain, address, result):
    assert spf_result(names, domain, address) == result


def seen(names, **changed):
    facts = {
        "sender": "lich@example.org",
        "envelope": "lich@example.org",
        "relay": "203.0.113.9",
        "selector": "mail",
    }
    return {one.what: one.ok for one in look(names, **facts | changed)}


def test_a_sender_that_is_set_up_well_is_found_well(names, monkeypatch):
    # the addresses of examples count as private
    monkeypatch.setattr(senders, "is_seen_outside", lambda _address: True)

    assert seen(names) == dict.fromkeys(("Alignment", "SPF", "DKIM", "DMARC", "Bounces"), True)


def test_what_is_missing_is_named(names):
    found = seen(names, sender="a@other.example", envelope="a@other.example", relay=None)

    assert found == {
        "Alignment": True,
        "SPF": False,
        "DKIM": False,
        "DMARC": False,
        "Bounces": False,
    }


def test_a_key_that_was_withdrawn_is_no_key(names):
    assert seen(names, selector="gone")["DKIM"] is False
    assert seen(names, selector=None)["DKIM"] is None


def test_an_envelope_of_another_domain_does_not_align(names):
    assert seen(names, envelope="x@bounces.example.org")["Alignment"] is True
    assert seen(names, envelope="x@elsewhere.example")["Alignment"] is False


def test_the_address_of_a_relay_on_this_machine_cannot_be_judged_from_here(names):
    assert seen(names, relay="127.0.0.1")["SPF"] is None
    assert seen(names, relay=None)["SPF"] is None


def test_a_server_that_says_nothing_is_no_fault_and_holds_up_nobody(monkeypatch):
    monkeypatch.setattr(senders, "_PATIENCE", 0.2)
    server = Server(is_silent=True)
    server.start()
    found = seen(_asking(server))
    server.socket.close()

    assert found == {
        "Alignment": True,
        "SPF": None,
        "DKIM": None,
        "DMARC": None,
        "Bounces": None,
        "DNS": None,
    }
