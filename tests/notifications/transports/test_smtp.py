"""Against a real SMTP server on this machine, and against one that follows a script and hangs up
where it is told to.
"""

import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from notifications.outbox.table import Message, MessageState
from notifications.relay import RelayResult
from notifications.transports import smtp
from notifications.transports.errors import (
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
)
from notifications.transports.replies import Reply
from notifications.transports.smtp import SmtpTransport
from tests.notifications.scripted import ScriptedServer, free_port

A_MAIL = Path(__file__).parents[2] / "data" / "mail" / "reminder.vi.eml"
NOW = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


class Office:
    """The server's side: keeps what arrives and says what it is told to say."""

    def __init__(self):
        self.mails, self.sessions = [], set()
        self.replies = {}

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd calls it so
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 2.1.0 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd calls it so
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 2.1.5 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd calls it so
        self.sessions.add(session.peer)
        if "DATA" not in self.replies:
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return self.replies.get("DATA", "250 2.0.0 queued")


@pytest.fixture
def office():
    return Office()


@pytest.fixture
def server(office):
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def transport(server):
    transport = SmtpTransport(host="127.0.0.1", port=server.port, timeout=5)
    yield transport
    transport.close()


@pytest.fixture
def mail():
    return A_MAIL.read_bytes()


def test_a_mail_arrives_as_it_was_written(transport, office, mail):
    assert transport.send("thi@example.org", mail) == Reply(250, "2.0.0 queued")

    ((sender, recipients, content),) = office.mails
    assert (sender, recipients, content) == ("sumvay@example.org", ["thi@example.org"], mail)
    parsed = message_from_bytes(content, policy=policy.default)
    assert parsed["Subject"].startswith("Xây dựng kế hoạch tổ chức các hoạt động")
    assert not parsed.defects


def test_a_line_that_starts_with_a_dot_arrives_with_its_dot(transport, office, mail):
    transport.send("thi@example.org", mail + b".\n..\r\nlast")

    assert office.mails[0][2].endswith(b"\r\n.\r\n..\r\nlast\r\n")


def test_a_batch_goes_over_one_connection(transport, office, mail):
    for _ in range(5):
        transport.send("thi@example.org", mail)

    assert (len(office.mails), len(office.sessions)) == (5, 1)


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_temporary_reply_is_temporary_and_the_next_mail_goes_through(
    transport, office, mail, stage
):
    office.replies[stage] = "451 4.3.0 later"
    with pytest.raises(TransientDeliveryError) as caught:
        transport.send("thi@example.org", mail)
    assert (caught.value.code, caught.value.reply) == (451, "4.3.0 later")

    office.replies.clear()
    transport.send("thi@example.org", mail)
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    ("stage", "reply", "is_bad_address"),
    [
        ("RCPT", "550 5.1.1 no such user", True),
        ("RCPT", "551 moved", False),
        ("DATA", "554 5.1.1 looks like spam", False),
    ],
)
def test_a_refusal_for_good_says_whether_the_address_is_to_blame(
    transport, office, mail, stage, reply, is_bad_address
):
    office.replies[stage] = reply

    with pytest.raises(PermanentDeliveryError) as caught:
        transport.send("thi@example.org", mail)

    assert caught.value.bad_address is is_bad_address


def test_a_full_mailbox_is_temporary_although_its_code_says_otherwise(transport, office, mail):
    office.replies["RCPT"] = "552 5.2.2 mailbox full"

    with pytest.raises(TransientDeliveryError):
        transport.send("thi@example.org", mail)


def test_a_server_that_refuses_our_sender_is_no_single_mails_fault(transport, office, mail):
    office.replies["MAIL"] = "550 5.7.1 who are you"

    with pytest.raises(NoServiceError):
        transport.send("thi@example.org", mail)


def test_an_injected_address_never_reaches_the_server(transport, office, mail):
    with pytest.raises(PermanentDeliveryError):
        transport.send("thi@example.org>\r\nRCPT TO:<la@example.org", mail)

    assert office.mails == []


def test_no_server_is_no_service(mail):
    transport = SmtpTransport(host="127.0.0.1", port=free_port(), timeout=2)
    with pytest.raises(NoServiceError, match="refused"):
        transport.check()
    with pytest.raises(NoServiceError, match="refused"):
        transport.send("thi@example.org", mail)


@pytest.mark.parametrize("host", ["mail..example.org", "ma il.example.org", "x" * 300])
def test_a_host_that_cannot_be_is_no_service(host, mail):
    with pytest.raises(NoServiceError):
        SmtpTransport(host=host, timeout=2).send("thi@example.org", mail)


def test_a_sender_that_cannot_be_is_no_service(transport, mail):
    with pytest.raises(NoServiceError, match="be sent"):
        transport.send("thi@example.org", mail.replace(b"<sumvay@", b"<sum vay@"))


class Guarded(Controller):
    """A server that asks who is there, and remembers who said what."""

    def factory(self):
        self.logins = []

        def authenticate(_server, _session, _envelope, _mechanism, login):
            self.logins.append((login.login, login.password))
            return AuthResult(success=login.password == b"secret", handled=False)

        return SMTP(self.handler, authenticator=authenticate, auth_require_tls=False)


@pytest.mark.parametrize(("password", "is_let_in"), [("secret", True), ("wrong", False)])
def test_signing_in(office, mail, password, is_let_in):
    server = Guarded(office, hostname="127.0.0.1", port=free_port())
    server.start()
    transport = SmtpTransport(
        host="127.0.0.1", port=server.port, username="sumvay", password=password, timeout=5
    )
    try:
        if is_let_in:
            transport.send("thi@example.org", mail)
        else:
            with pytest.raises(NoServiceError) as caught:
                transport.send("thi@example.org", mail)
            assert caught.value.code == 535
    finally:
        transport.close()
        server.stop()
    assert server.logins[0] == (b"sumvay", password.encode())
    assert len(office.mails) == is_let_in


@pytest.mark.parametrize("password", ["sec\u00a0ret", "mật khẩu"])
def test_a_password_that_smtp_cannot_carry_is_no_service_and_is_not_told(office, mail, password):
    server = Guarded(office, hostname="127.0.0.1", port=free_port())
    server.start()
    transport = SmtpTransport(
        host="127.0.0.1", port=server.port, username="sumvay", password=password, timeout=5
    )
    try:
        with pytest.raises(NoServiceError, match="not ASCII") as caught:
            transport.check()
    finally:
        server.stop()
    assert not set("ậẩ\u00a0") & set(str(caught.value))


def test_a_server_without_tls_is_not_trusted_when_tls_is_wanted(server, mail):
    transport = SmtpTransport(host="127.0.0.1", port=server.port, security="starttls", timeout=5)

    with pytest.raises(NoServiceError, match="STARTTLS"):
        transport.send("thi@example.org", mail)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that only its own file vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "cert.pem"
    made = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        file,
        "-days",
        "2",
    ]
    subprocess.run(
        [*made, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return file, key


def encrypted(security, office, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    settings = (
        {"tls_context": context, "require_starttls": True}
        if security == "starttls"
        else {"ssl_context": context}
    )
    return Controller(office, hostname="127.0.0.1", port=free_port(), **settings)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_travels_encrypted_to_a_server_that_can_prove_its_name(
    office, mail, certificate, security
):
    server = encrypted(security, office, certificate)
    server.start()
    trusting = ssl.create_default_context(cafile=certificate[0])
    transport = SmtpTransport(
        host="127.0.0.1", port=server.port, security=security, timeout=5, tls=trusting
    )
    try:
        transport.send("thi@example.org", mail)
    finally:
        transport.close()
        server.stop()

    assert len(office.mails) == 1


def test_a_server_that_cannot_prove_its_name_gets_nothing(office, mail, certificate):
    server = encrypted("starttls", office, certificate)
    server.start()
    try:
        with pytest.raises(NoServiceError, match="certificate"):
            SmtpTransport(host="127.0.0.1", port=server.port, security="starttls", timeout=5).send(
                "thi@example.org", mail
            )
    finally:
        server.stop()

    assert office.mails == []


def test_a_kept_connection_that_died_is_replaced_without_a_failure(mail):
    with ScriptedServer() as server:
        transport = SmtpTransport(host="127.0.0.1", port=server.port, timeout=5)
        transport.send("thi@example.org", mail)
        transport._line.sock.shutdown(socket.SHUT_RDWR)

        transport.send("thi@example.org", mail)
        transport.close()

    assert [content for _, content in server.mails] == [mail, mail]


def test_a_mail_lost_after_the_final_dot_is_sent_once_more_with_the_same_identity(
    make_message, relay, session
):
    make_message(now=NOW)
    with ScriptedServer(("dot", "drop but keep")) as server:
        transport = SmtpTransport(host="127.0.0.1", port=server.port, timeout=5)
        assert relay(NOW, transport) == RelayResult(unknown=1)
        assert relay(NOW + A_MINUTE, transport) == RelayResult(sent=1)
        transport.close()

    first, second = (content for _, content in server.mails)
    assert first == second


def test_when_the_server_is_down_messages_stay_ready_and_go_out_once_it_is_back(
    make_message, relay, session, office
):
    for number in range(3):
        make_message(str(number), now=NOW)
    port = free_port()
    transport = SmtpTransport(host="127.0.0.1", port=port, timeout=5)
    assert relay(NOW, transport) == RelayResult(released=3)
    assert relay(NOW + A_MINUTE, transport) == RelayResult(released=1)  # one asks again
    assert {message.state for message in session.query(Message)} == {MessageState.READY}
    session.commit()

    server = Controller(office, hostname="127.0.0.1", port=port)
    server.start()
    try:
        assert relay(NOW + 5 * A_MINUTE, transport) == RelayResult(sent=3)
        assert relay(NOW + 6 * A_MINUTE, transport) == RelayResult()
    finally:
        transport.close()
        server.stop()

    identities = [message_from_bytes(content)["Message-ID"] for _, _, content in office.mails]
    assert len(set(identities)) == len(identities) == 3


def test_the_sender_is_read_from_a_folded_header_and_never_from_the_body():
    head = b"To: b@example.org\r\nFrom: =?utf-8?q?S=C3=BAm?=\r\n <a@example.org>\r\n"

    assert (
        smtp._sender_of(head + b"Subject: x\r\n\r\nFrom: <body@example.org>\r\n") == "a@example.org"
    )
    with pytest.raises(NoServiceError):
        smtp._sender_of(b"Subject: x\r\n\r\nFrom: <body@example.org>\r\n")
