"""One connection to an SMTP server (RFC 5321), and how far a mail has come on it.

smtplib introduces us, and signs in. The rest is walked here, because its exceptions are the same
before and after the final dot, its reading never ends where a server answers a byte at a time, and
it waits for every command where RFC 2920 lets three go together.
"""

import re
import select
import smtplib
import socket
import ssl
import time
from functools import cache
from typing import Any

from notifications.transports.replies import Meaning, Reply, Stage, meaning

_LONGEST_LINE = 8192  # bytes; RFC 5321, 4.5.3.1.5 says 512
_LONGEST_REPLY = 100  # lines
_NO_EHLO = (500, 502, 504)  # RFC 5321, 3.2: a server that only knows HELO
_REPLY_LINE = re.compile(rb"([1-5]\d\d)(?:([ -])(.*))?")
_TAKEN = re.compile(rb"2\d\d[ -]")
_END = b".\r\n"


class NoReplyError(Exception):
    """Raised when what comes is no reply, or nothing does."""


class RefusedError(Exception):
    """Raised when the dialogue ends at ``stage``; ``meaning`` says what that means for the mail."""

    def __init__(self, stage: Stage, reply: Reply, outcome: Meaning | None = None) -> None:
        self.stage, self.reply = stage, reply
        self.meaning = outcome or meaning(stage, reply)
        super().__init__(f"{stage}: {reply.code} {reply.text}")


class Dialogue(smtplib.SMTP):
    """A connection. ``step`` is how many seconds a server may be silent, ``longest`` how many
    everything may take from the last ``begin`` on.
    """

    sock: socket.socket | None

    def __init__(self, *, step: float, longest: float) -> None:
        super().__init__(local_hostname=_our_name())
        self._step, self._longest = step, longest
        self._unread = b""
        self.begin()

    def begin(self) -> None:
        """Begin to count the time that a mail may take."""
        self._ends = time.monotonic() + self._longest

    def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Connect, with TLS from the first byte if there is a ``tls``. Raises ``RefusedError``."""
        try:
            self.sock = socket.create_connection((host, port), self._patience())
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        except (OSError, ValueError) as error:  # ValueError: a name that none can be (IDNA)
            raise _lost(Stage.CONNECT, error) from error
        self._expect(Stage.CONNECT)

    def introduce(self) -> None:
        """Say who we are. Raises ``RefusedError``."""
        try:
            code, text = self.ehlo()
            if code in _NO_EHLO:
                code, text = self.helo()
        except OSError as error:
            raise _lost(Stage.EHLO, error) from error
        _check(Stage.EHLO, Reply(code, _decoded(text)))

    def encrypt(self, host: str, tls: ssl.SSLContext) -> None:
        """Go on with TLS (RFC 3207). Raises ``RefusedError``, also where the server has none."""
        if not self.has_extn("starttls"):
            raise RefusedError(Stage.EHLO, Reply(0, "the server offers no STARTTLS"))
        self._say(b"STARTTLS\r\n", Stage.EHLO)
        self._expect(Stage.EHLO)
        self._unread = b""  # whatever came before the keys is nobody's word
        try:
            assert self.sock is not None
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        except (OSError, ValueError) as error:
            raise _lost(Stage.EHLO, error) from error
        self.introduce()

    def sign_in(self, username: str, password: str) -> None:
        """Sign in. Raises ``RefusedError``."""
        try:
            self.login(username, password)
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            text = _decoded(said) if isinstance(said, bytes) else str(said)
            raise RefusedError(Stage.AUTH, Reply(error.smtp_code, text), Meaning.OURS) from error
        except UnicodeError as error:  # its words show a part of the password
            said = "the user name or the password has a letter that is not ASCII"
            raise RefusedError(Stage.AUTH, Reply(0, said)) from error
        except (OSError, ValueError) as error:
            raise _lost(Stage.AUTH, error) from error

    def transfer(self, sender: str, rcpt_to: str, content: bytes) -> Reply:
        """Hand over one mail, with its dots doubled, and return the reply that took it.

        Raises ``RefusedError``; after one the connection may be closed.
        """
        commands = {
            Stage.MAIL: f"MAIL FROM:<{sender}>\r\n".encode("ascii"),
            Stage.RCPT: f"RCPT TO:<{rcpt_to}>\r\n".encode("ascii"),
            Stage.DATA: b"DATA\r\n",
        }
        together = self.has_extn("pipelining")
        if together:
            self._say(b"".join(commands.values()), Stage.MAIL)
        for stage, command in commands.items():
            if not together:
                self._say(command, stage)
            try:
                self._expect(stage)
            except RefusedError as refusal:
                self._recover(refusal, unread=list(commands)[list(commands).index(stage) + 1 :])
                raise
        return self._content(content)

    def is_silent(self) -> bool:
        """Tell whether the server said nothing unasked, as it does before it hangs up."""
        if self.sock is None or self._unread:
            return False
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return False
        readable, _writable, _broken = select.select([self.sock], [], [], 0)
        return not readable or isinstance(self.sock, ssl.SSLSocket)  # it may be a new session key

    def getreply(self) -> tuple[int, bytes]:
        """Return a reply to smtplib. Raises ``SMTPServerDisconnected``."""
        try:
            reply = self._read()
        except (OSError, NoReplyError) as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(str(error)) from error
        return reply.code, reply.text.encode()

    def send(self, s: Any) -> None:
        """Send for smtplib."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        self.sock.settimeout(self._patience())
        super().send(s)

    def leave(self) -> None:
        """Say goodbye, and wait for no answer."""
        try:
            if self.sock is not None:
                self.sock.settimeout(1)
                self.sock.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self.close()

    def _content(self, content: bytes) -> Reply:
        if not self.is_silent():  # it hung up, or answers what it has not seen
            self.close()
            raise RefusedError(Stage.BODY, Reply(0, "the server did not wait for the mail"))
        # the dot is its last byte but two: what did not leave whole cannot have been taken
        self._say(content + _END, Stage.BODY)
        try:
            reply = self._read()
        except (ConnectionResetError, BrokenPipeError) as error:
            # a server that hangs up with bytes unread has not read the dot, which is the last one
            self.close()
            raise _lost(Stage.BODY, error) from error
        except (OSError, NoReplyError) as error:
            reset = self._was_reset()
            taken = _TAKEN.match(self._unread) and len(self._unread) > _LONGEST_LINE
            code = int(self._unread[:3]) if taken else 0
            self.close()
            if taken:
                return Reply(code, "the server took the mail and talked too much")
            raise _lost(Stage.BODY if reset else Stage.DOT, error) from error
        if meaning(Stage.DOT, reply) is not Meaning.SENT:
            if not 400 <= reply.code < 600 or reply.code == 421:
                self.close()
            raise RefusedError(Stage.DOT, reply)
        return reply

    def _was_reset(self) -> bool:
        return bool(self.sock and self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _recover(self, refusal: RefusedError, unread: list[Stage]) -> None:
        """Make the connection ready for the next mail, or close it."""
        if not 400 <= refusal.reply.code < 600 or refusal.reply.code == 421:
            self.close()
            return
        try:
            for stage in unread if self.has_extn("pipelining") else []:
                if self._read().code == 354 and stage is Stage.DATA:
                    self._say(_END, stage)  # of a mail to nobody (RFC 2920, 3.1)
                    self._read()
            self._say(b"RSET\r\n", Stage.MAIL)
            self._expect(Stage.MAIL)
        except (OSError, NoReplyError, RefusedError):
            self.close()

    def _say(self, command: bytes, stage: Stage) -> None:
        try:
            if self.sock is None:
                raise ConnectionResetError("the connection is closed")
            self.sock.settimeout(self._patience())
            self.sock.sendall(command)
        except OSError as error:
            self.close()
            raise _lost(stage, error) from error

    def _expect(self, stage: Stage) -> Reply:
        try:
            reply = self._read()
        except (OSError, NoReplyError) as error:
            self.close()
            raise _lost(stage, error) from error
        return _check(stage, reply)

    def _read(self) -> Reply:
        lines: list[str] = []
        while True:
            found = _REPLY_LINE.fullmatch(line := self._read_line())
            if not found or len(lines) >= _LONGEST_REPLY:
                raise NoReplyError(f"no reply of a mail server: {_decoded(line[:80])}")
            lines.append(_decoded(found[3] or b""))
            if found[2] != b"-":
                return Reply(int(found[1]), "\n".join(lines))

    def _read_line(self) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > _LONGEST_LINE:
                raise NoReplyError(f"a line of more than {_LONGEST_LINE} bytes")
            if self.sock is None:
                raise NoReplyError("the connection is closed")
            self.sock.settimeout(self._patience())
            came = self.sock.recv(4096)
            if not came:
                raise NoReplyError("the server hung up")
            self._unread += came
        line, _end, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _patience(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"not done within {self._longest:.0f} seconds")
        return min(self._step, left)


def _check(stage: Stage, reply: Reply) -> Reply:
    if meaning(stage, reply) is not Meaning.GO_ON:
        raise RefusedError(stage, reply)
    return reply


def _lost(stage: Stage, error: Exception) -> RefusedError:
    return RefusedError(stage, Reply(0, str(error) or type(error).__name__))


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


@cache
def _our_name() -> str:
    """Return the name of this machine for EHLO, asked once: asking may take seconds."""
    return smtplib.SMTP().local_hostname
