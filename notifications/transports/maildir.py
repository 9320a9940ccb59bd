"""A folder instead of a server: mail is delivered into a Maildir, and read from it by a page or the
command line.

The protocol is that of qmail's maildir(5): write into ``tmp``, flush to disk, move to ``new``; a
reader never sees half a mail. A file is named after the Message-ID, so the same mail is delivered
once however often it is sent; its time is that of its Date.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from events.errors import NotFoundError
from notifications.transports.errors import NoServiceError, check_recipient
from notifications.transports.replies import Reply

_KEY = re.compile(r"[0-9a-f]{40}")
_SUBFOLDERS = ("tmp", "new", "cur")
_DELIVERED = ("new", "cur")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of mails."""

    key: str
    date: datetime
    to: str
    subject: str


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail, decoded.

    ``headers`` are in their order; ``html`` is as it was sent and must be shown in a sandbox.
    """

    key: str
    headers: dict[str, str]
    text: str
    html: str


class MaildirTransport:
    """Delivers into ``folder``, made if it is missing.

    Without ``durable`` a power cut may lose what was just delivered.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder, self._durable = folder, durable

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Deliver one mail, unless it is there already.

        Raises ``NoServiceError`` if the folder cannot be written.
        """
        check_recipient(rcpt_to)
        try:
            self._prepare()
            return self._deliver(message)
        except OSError as error:
            raise NoServiceError(str(error)) from error

    def check(self) -> None:
        """Raise ``NoServiceError`` if nothing can be delivered."""
        try:
            self._prepare()
        except OSError as error:
            raise NoServiceError(str(error)) from error
        if not os.access(self._folder / "tmp", os.W_OK) or not os.access(
            self._folder / "new", os.W_OK
        ):
            raise NoServiceError(f"{self._folder} cannot be written")

    def close(self) -> None:
        """Nothing is held open."""

    def _prepare(self) -> None:
        for name in _SUBFOLDERS:
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _deliver(self, message: bytes) -> Reply:
        headers = BytesHeaderParser().parsebytes(message)
        key = _key_of(str(headers["Message-ID"]))
        if _find(self._folder, key):
            return Reply(250, f"{key} was there already")
        written = self._write(key, message, parsedate_to_datetime(str(headers["Date"])))
        try:
            os.link(written, self._folder / "new" / key)  # unlike a rename, a link never replaces
        except FileExistsError:
            return Reply(250, f"{key} was there already")
        finally:
            written.unlink()
        self._flush_folder()
        return Reply(250, f"{key} delivered")

    def _write(self, key: str, message: bytes, date: datetime) -> Path:
        """Write the mail into ``tmp``, all of it on disk before it can be seen."""
        path = self._folder / "tmp" / f"{key}.{os.getpid()}.{os.urandom(4).hex()}"
        with path.open("xb") as file:
            file.write(message.replace(b"\r\n", b"\n"))  # as mail programs keep mail on disk
            file.flush()
            if self._durable:
                os.fsync(file.fileno())
        os.utime(path, (date.timestamp(), date.timestamp()))
        return path

    def _flush_folder(self) -> None:
        if not self._durable or os.name == "nt":  # Windows cannot open a folder
            return
        descriptor = os.open(self._folder / "new", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def list_messages(folder: Path, limit: int = 100) -> list[Listed]:
    """Return the newest mails first; an absent folder holds none."""
    newest = sorted(_delivered(folder), key=lambda path: (-path.stat().st_mtime, path.name))[:limit]
    return [_listed(path) for path in newest]


def read_message(folder: Path, key: str) -> StoredMail:
    """Return one mail. Raises ``NotFoundError`` for a key that names none."""
    path = _find(folder, key) if _KEY.fullmatch(key) else None
    if path is None:
        raise NotFoundError(kind="message", key=key)
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    headers = {name: str(value) for name, value in mail.items()}
    return StoredMail(key, headers, _body(mail, "plain"), _body(mail, "html"))


def _key_of(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:40]


def _find(folder: Path, key: str) -> Path | None:
    """Return the file of a mail, which a mail reader may have moved to ``cur`` and given flags
    (":2,S").
    """
    plain = folder / "new" / key
    return plain if plain.exists() else next((folder / "cur").glob(f"{key}*"), None)


def _delivered(folder: Path) -> Iterator[Path]:
    return (
        path for name in _DELIVERED for path in (folder / name).glob("*") if _KEY.match(path.name)
    )


def _listed(path: Path) -> Listed:
    headers = BytesHeaderParser(policy=policy.default).parsebytes(path.read_bytes())
    date = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Listed(path.name.partition(":")[0], date, str(headers["To"]), str(headers["Subject"]))


def _body(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
