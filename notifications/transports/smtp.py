"""The way out over SMTP: one server, one connection that is kept from mail to mail."""

import re
import ssl
import time
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from functools import lru_cache
from typing import Literal

from events.errors import InvalidInputError
from notifications.addresses import checked_address
from notifications.transports.dialogue import Dialogue, RefusedError
from notifications.transports.errors import (
    DeliveryError,
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
    check_recipient,
)
from notifications.transports.replies import Meaning, Reply, Stage, is_plain

Security = Literal["none", "starttls", "tls"]

_MAILS_PER_CONNECTION = 100
_IDLE_SECONDS = 10  # servers hang up on silent clients; a new connection is cheaper than a guess
_HEAD_ENDS = rb"\r?\n\r?\n"
_RETURN_PATH = re.compile(rb"(?im)^Return-Path:\s*<([!-~]*)>[ \t]*\r?\n")
_FROM = re.compile(rb"(?im)^From:.*(?:\r?\n[ \t].*)*")
_GOING_DOWN = 421  # "Service not available, closing transmission channel"


class SmtpTransport:
    """Sends through one server, over one connection that is kept for a batch.

    Not for several threads at once.

    ``timeout`` is how many seconds the server may be silent, ``longest`` how many a whole mail may
    take, connecting included. The envelope's sender is ``sender``, or else the address in the
    mail's Return-Path, which stays here, or in its From.
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
        longest: float = 120,
        sender: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._timeout, self._longest = timeout, longest
        self._username, self._password, self._sender = username, password, sender
        self._tls = tls
        self._line: Dialogue | None = None
        self._used_at, self._mails = 0.0, 0

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Hand over one mail. Raises the ``DeliveryError`` that fits the stage at which it
        failed.
        """
        check_recipient(rcpt_to)
        return_path, message = _apart(message)
        sender = self._sender or return_path or _sender_of(message)
        try:
            reply = self._transfer(sender, rcpt_to, _dotted(message))
        except RefusedError as refusal:
            raise _error(refusal) from refusal
        finally:
            self._used_at = time.monotonic()
        self._mails += 1
        return reply

    def check(self) -> None:
        """Connect and sign in. Raises ``NoServiceError`` if that fails."""
        self.close()
        try:
            self._connect()
        except RefusedError as refusal:
            raise _error(refusal) from refusal
        finally:
            self.close()

    def close(self) -> None:
        """Say goodbye, if connected."""
        line, self._line = self._line, None
        if line is not None:
            line.leave()

    def _transfer(self, sender: str, rcpt_to: str, content: bytes) -> Reply:
        """Send over the connection that was kept, or over a new one if that has died meanwhile:
        until the server took our sender it has seen nothing of the mail.
        """
        kept = self._kept()
        began = time.monotonic()
        if kept is not None:
            try:
                return kept.transfer(sender, rcpt_to, content)
            except RefusedError as refusal:
                has_died = refusal.reply.code in (0, _GOING_DOWN)
                is_hanging = time.monotonic() - began >= self._timeout
                if refusal.stage is not Stage.MAIL or not has_died or is_hanging:
                    raise
        return self._connect().transfer(sender, rcpt_to, content)

    def _kept(self) -> Dialogue | None:
        line = self._line
        is_fresh = (
            time.monotonic() - self._used_at < _IDLE_SECONDS and self._mails < _MAILS_PER_CONNECTION
        )
        if line is None or not is_fresh or not line.is_silent():
            self.close()
            return None
        line.begin()
        return line

    def _connect(self) -> Dialogue:
        self.close()
        line = Dialogue(step=self._timeout, longest=self._longest)
        try:
            line.open(self._host, self._port, self._context() if self._security == "tls" else None)
            line.introduce()
            if self._security == "starttls":
                line.encrypt(self._host, self._context())
            if self._username:
                line.sign_in(self._username, self._password or "")
        except RefusedError:
            line.close()
            raise
        self._line, self._mails = line, 0
        return line

    def _context(self) -> ssl.SSLContext:
        self._tls = self._tls or ssl.create_default_context()
        return self._tls


def _error(refusal: RefusedError) -> DeliveryError:
    reply, stage, code = refusal.reply, refusal.stage, refusal.reply.code or None
    match refusal.meaning:
        case Meaning.OURS:
            return NoServiceError(reply.text, code=code, stage=stage)
        case Meaning.UNKNOWN:
            return UncertainDeliveryError(reply.text, code=code, stage=stage)
        case Meaning.RETRY:
            return TransientDeliveryError(reply.text, code=code, stage=stage)
    is_bad = refusal.meaning is Meaning.BAD_ADDRESS
    return PermanentDeliveryError(
        reply.text, code=code, stage=stage, bad_address=is_bad, is_plain=is_bad and is_plain(reply)
    )


def _dotted(message: bytes) -> bytes:
    """Return a mail as it goes over the line (RFC 5321, 4.5.2): CRLF line ends, leading dots
    doubled, without the final dot.
    """
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _apart(message: bytes) -> tuple[str, bytes]:
    """Return the address of a Return-Path and the mail without it: only whoever delivers a mail
    writes that header (RFC 5321, 4.4).
    """
    found = _RETURN_PATH.search(re.split(_HEAD_ENDS, message, maxsplit=1)[0])
    if not found:
        return "", message
    return found[1].decode("ascii"), message[: found.start()] + message[found.end() :]


def _sender_of(message: bytes) -> str:
    found = _FROM.search(re.split(_HEAD_ENDS, message, maxsplit=1)[0])
    return _address_in(found[0] if found else b"")


@lru_cache(64)
def _address_in(line: bytes) -> str:
    """Return the address of a From line: that of one mail is mostly that of the next."""
    address = parseaddr(str(BytesHeaderParser().parsebytes(line)["From"]))[1]
    try:
        return checked_address(address)
    except InvalidInputError as error:
        raise NoServiceError(str(error), stage=Stage.MAIL) from error
