"""Where reports come in: a Maildir that a mail server writes into, or a box asked over IMAP.

A mail is put aside only after it was taken in, so that a crash takes it in twice and never not at
all.
"""

import imaplib
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notifications.transports.errors import NoServiceError

_PATIENCE = 20.0  # seconds that a server may be silent
_AT_ONCE = 200  # mails a round
_LARGEST = 2 * 1024**2  # bytes: reports that bring a whole mail back are longer, and cut

TakeIn = Callable[[bytes], object]


def from_maildir(folder: Path, take_in: TakeIn) -> int:
    """Take in what is new in a Maildir, and mark it as read; return how many mails there were."""
    new, read = folder / "new", folder / "cur"
    number = 0
    try:
        paths = sorted(new.iterdir())[:_AT_ONCE] if new.is_dir() else []
        for path in paths:
            with path.open("rb") as file:
                take_in(file.read(_LARGEST))
            read.mkdir(exist_ok=True)
            path.rename(read / f"{path.name.partition(':')[0]}:2,S")
            number += 1
    except OSError as error:
        raise NoServiceError(str(error)) from error
    return number


@dataclass(frozen=True, slots=True)
class Box:
    """A box of mail on a server; always over TLS, unless the server is this machine."""

    host: str
    username: str
    password: str
    port: int = 993
    folder: str = "INBOX"
    is_encrypted: bool = True
    tls: ssl.SSLContext | None = None

    def read(self, take_in: TakeIn) -> int:
        """Take in what nobody has read yet and mark it as read; return how many mails there were.

        Raises ``NoServiceError`` if the server cannot be reached, or says no.
        """
        try:
            server = self._connect()
        except (OSError, imaplib.IMAP4.error) as error:
            raise NoServiceError(str(error)) from error
        try:
            server.login(self.username, self.password)
            _check(server.select(f'"{self.folder}"'))
            numbers = _check(server.uid("SEARCH", "UNSEEN"))[0].split()[:_AT_ONCE]
            return sum(self._one(server, number, take_in) for number in numbers)
        except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
            raise NoServiceError(str(error)) from error
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()

    def _connect(self) -> imaplib.IMAP4:
        if not self.is_encrypted:
            return imaplib.IMAP4(self.host, self.port, timeout=_PATIENCE)
        context = self.tls or ssl.create_default_context()
        return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=_PATIENCE)

    @staticmethod
    def _one(server: imaplib.IMAP4, number: bytes, take_in: TakeIn) -> bool:
        uid = number.decode("ascii")
        answer = _check(server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{_LARGEST}>)"))
        content = next((part[1] for part in answer if isinstance(part, tuple)), None)
        if content is None:  # somebody else took it away
            return False
        take_in(content)
        _check(server.uid("STORE", uid, "+FLAGS", "(\\Seen)"))
        return True


def _check(answer: tuple[str, Iterable[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{kind} {list(data)[:1]}")
    return list(data)
