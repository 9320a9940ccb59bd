"""The way out over SMTP (RFC 5321). The only module that knows smtplib.

``smtplib.sendmail`` raises the same error whether the connection was lost before or after the final
dot, so the stages are walked one by one here: until a server takes our sender nothing was tried;
until the final dot the mail cannot have arrived; after it, nobody knows.
"""

import re
import smtplib
import ssl
import time
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Literal

from notifications.addresses import checked_address
from notifications.transports.errors import (
    DeliveryError,
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.transport import Reply

Security = Literal["none", "starttls", "tls"]

_MAILS_PER_CONNECTION = 100
_IDLE_SECONDS = 10  # servers hang up on silent clients; a new connection is cheaper than a guess
_LONGEST_PAUSE = 600.0
_LOST = (421,)  # "Service not available, closing transmission channel"
_EXCEEDED_STORAGE = 552  # RFC 5321, 4.5.3.1.10: to be treated as temporary
_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463
_ADDRESS_SUBJECT = "1"
_SENDER_DETAILS = ("7", "8")  # X.1.7 and X.1.8 speak of the sender's address


class SmtpTransport:
    """Sends through one server, over one connection that is kept for a batch.

    Not for several threads at once.

    ``timeout`` and ``pause`` are seconds. After a failed connection nothing is tried for ``pause``,
    then twice as long, up to ten minutes. The envelope's sender is ``sender``, or else the address
    in the mail's From.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int = 25,
        security: Security = "none",
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30,
        sender: str | None = None,
        pause: float = 15,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._security, self._timeout = host, port, security, timeout
        self._username, self._password, self._sender = username, password, sender
        self._tls = tls
        self._client: smtplib.SMTP | None = None
        self._used_at, self._mails = 0.0, 0
        self._breaker = _Breaker(pause)

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Hand over one mail. Raises the ``DeliveryError`` that fits the stage at which it
        failed.
        """
        checked_address(rcpt_to)
        self._breaker.refuse_while_open()
        try:
            client = self._introduce(self._sender or _sender_of(message))
            reply = self._transfer(client, rcpt_to, message)
        except NoServiceError as error:
            self.close()
            self._breaker.trip(error)
            raise
        except DeliveryError as error:
            self._tidy_up(error)
            raise
        self._breaker.reset()
        self._mails += 1
        self._used_at = time.monotonic()
        return reply

    def check(self) -> None:
        """Connect and sign in. Raises ``NoServiceError`` if that fails."""
        self.close()
        self._connect()
        self.close()

    def close(self) -> None:
        """Say goodbye, if connected."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.quit()
        except OSError:
            client.close()

    def _introduce(self, sender: str) -> smtplib.SMTP:
        """Return a connection on which the server took our sender.

        One that was kept and has died meanwhile is replaced once.
        """
        kept = self._kept()
        if kept:
            try:
                return _mail_from(kept, sender)
            except _ConnectionLostError:
                self.close()
        try:
            return _mail_from(self._connect(), sender)
        except _ConnectionLostError as error:
            raise NoServiceError(error.reply, code=error.code) from error

    def _kept(self) -> smtplib.SMTP | None:
        is_fresh = (
            time.monotonic() - self._used_at < _IDLE_SECONDS and self._mails < _MAILS_PER_CONNECTION
        )
        if not is_fresh:
            self.close()
        return self._client

    def _connect(self) -> smtplib.SMTP:
        try:
            self._client = client = self._dial()
            client.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                client.starttls(context=self._tls or ssl.create_default_context())
                client.ehlo()
            if self._username:
                client.login(self._username, self._password or "")
        except OSError as error:  # smtplib's errors are OSErrors too
            self.close()
            raise NoServiceError(_words(error), code=getattr(error, "smtp_code", None)) from error
        self._mails, self._used_at = 0, time.monotonic()
        return client

    def _dial(self) -> smtplib.SMTP:
        if self._security == "tls":
            context = self._tls or ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _transfer(self, client: smtplib.SMTP, rcpt_to: str, message: bytes) -> Reply:
        try:
            _expect(client.rcpt(rcpt_to), 250, 251, 252, about_address=True)
            _expect(client.docmd("DATA"), 354)
            client.send(_dotted(message))
        except OSError as error:
            raise TransientDeliveryError(_words(error)) from error
        try:
            client.send(b".\r\n")
            answer = client.getreply()
        except OSError as error:
            raise UncertainDeliveryError(_words(error)) from error
        return _expect(answer, 250)

    def _tidy_up(self, error: DeliveryError) -> None:
        """Make the connection ready for the next mail, or drop it."""
        if self._client is None or error.code is None or error.code in _LOST:
            self.close()
            return
        try:
            self._client.rset()
        except OSError:
            self.close()
        self._used_at = time.monotonic()


class _ConnectionLostError(DeliveryError):
    """Raised when a connection dies before the server took our sender."""


class _Breaker:
    """Keeps us from knocking at a closed door for every mail."""

    def __init__(self, pause: float) -> None:
        self._first = self._pause = pause
        self._open_until = 0.0
        self._last: NoServiceError | None = None

    def refuse_while_open(self) -> None:
        if self._last and time.monotonic() < self._open_until:
            raise NoServiceError(self._last.reply, code=self._last.code)

    def trip(self, error: NoServiceError) -> None:
        self._last = error
        self._open_until = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def reset(self) -> None:
        self._last, self._pause = None, self._first


def _mail_from(client: smtplib.SMTP, sender: str) -> smtplib.SMTP:
    """Name our sender. A refusal for good hits every mail alike, so it is no single mail's
    failure.
    """
    try:
        code, text = client.mail(sender)
    except OSError as error:
        raise _ConnectionLostError(_words(error)) from error
    if code in _LOST:
        raise _ConnectionLostError(_decoded(text), code=code)
    try:
        _expect((code, text), 250)
    except PermanentDeliveryError as error:
        raise NoServiceError(error.reply, code=code) from error
    return client


def _expect(answer: tuple[int, bytes], *wanted: int, about_address: bool = False) -> Reply:
    """Return a reply that is as wanted; raise what any other one means (RFC 5321, 4.2.1)."""
    code, text = answer[0], _decoded(answer[1])
    if code in wanted:
        return Reply(code, text)
    if 500 <= code < 600 and code != _EXCEEDED_STORAGE:
        raise PermanentDeliveryError(
            text, code=code, bad_address=about_address and _is_bad_address(text)
        )
    raise TransientDeliveryError(text, code=code)


def _is_bad_address(text: str) -> bool:
    found = _ENHANCED.match(text)
    return bool(found and found[1] == _ADDRESS_SUBJECT and found[2] not in _SENDER_DETAILS)


def _dotted(message: bytes) -> bytes:
    """Return a mail as it goes over the line (RFC 5321, 4.5.2): CRLF line ends, leading dots
    doubled, without the final dot.
    """
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _sender_of(message: bytes) -> str:
    return checked_address(parseaddr(str(BytesHeaderParser().parsebytes(message)["From"]))[1])


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _words(error: OSError) -> str:
    said = getattr(error, "smtp_error", None)
    return _decoded(said) if isinstance(said, bytes) else str(error) or type(error).__name__
