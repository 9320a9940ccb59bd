"""Files in a folder under the SHA-256 of their content, so that writing one twice does no harm.

One that no row names is harmless too, and the clock takes it away after a while. What a file is,
its first bytes say, never its name.
"""

import errno
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError, NoRoomError, NotFoundError
from events.files.disk import PART, write_whole
from events.files.pictures import clean_picture
from events.models import Document, Evidence
from events.words.texts import nfc

LARGEST_FILE = 10 * 1024 * 1024  # bytes
PICTURES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_PAPERS = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
SUFFIXES = PICTURES | _PAPERS
_MOST_INSIDE, _LARGEST_INSIDE = 5_000, 200 * 1024 * 1024  # files and bytes in an office file
_DIGEST = re.compile("[0-9a-f]{64}")
_INSIDE = {"word/document.xml": ".docx", "xl/workbook.xml": ".xlsx"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the folder; ``name`` is what people called it, ``size`` is in bytes,
    ``taken`` the day of a photo.
    """

    name: str
    type: str
    digest: str
    size: int
    taken: date | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came, checked and cleaned; nowhere stored yet."""

    file: StoredFile
    body: bytes


def read_file(folder: Path | None, digest: str | None) -> bytes:
    """Return a stored file. Raises ``NotFoundError``."""
    if folder is None or digest is None or not is_stored(folder, digest):
        raise NotFoundError(kind="file", key=digest or "")
    return path_of(folder, digest).read_bytes()


def files_named(session: Session) -> set[str]:
    """Return the digests of all files that evidence and documents name."""
    columns = Evidence.file_digest, Document.file_digest
    return {
        digest
        for column in columns
        for digest in session.scalars(select(column).distinct())
        if digest
    }


def is_stored(folder: Path, digest: str) -> bool:
    return path_of(folder, digest).exists()


def checked_file(name: str, body: bytes) -> Upload:
    """Return a file as it would be stored; nothing is written. Photos take their time.

    These lose their metadata; of it only the day on which they were taken is told.

    Raises ``InvalidInputError`` for what is too large, empty or of a type that is not taken, and
    ``BusyError`` while too many photos wait.
    """
    if len(body) > LARGEST_FILE:
        raise InvalidInputError(
            N_("“%(name)s” is larger than %(size)s MB."), name=name, size=LARGEST_FILE // 1024**2
        )
    kind = file_type(body)
    if kind is None:
        raise InvalidInputError(
            N_("“%(name)s” is not a PDF, DOCX, XLSX, JPEG, PNG or WebP file."), name=name
        )
    taken = None
    if kind in PICTURES:
        picture = clean_picture(body, kind)
        body, taken = picture.body, picture.taken
    digest = hashlib.sha256(body).hexdigest()
    return Upload(StoredFile(_clean_name(name, kind), kind, digest, len(body), taken), body)


def keep_file(folder: Path | None, upload: Upload) -> StoredFile:
    """Write a file before anything is committed; one that is there already only begins its time
    anew, within which a row has to name it (`stray_files`).

    Raises ``InvalidInputError`` where no folder is set up, ``NoRoomError`` on a full disk.
    """
    require_folder(folder)
    assert folder is not None
    place = path_of(folder, upload.file.digest)
    try:
        if not _begun_anew(place):
            write_whole(place, upload.body)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoomError from error
        raise
    return upload.file


def store_file(folder: Path | None, name: str, body: bytes) -> StoredFile:
    """Check a file and write it. Raises the errors of ``checked_file`` and ``keep_file``."""
    require_folder(folder)
    return keep_file(folder, checked_file(name, body))


def require_folder(folder: Path | None) -> None:
    """Raise ``InvalidInputError`` where no folder is set up."""
    if folder is None:
        raise InvalidInputError(
            N_("Files cannot be uploaded here: this service has no folder for them.")
        )


def path_of(folder: Path, digest: str) -> Path:
    """Return where a stored file lies."""
    return folder / digest[:2] / digest


def is_whole(folder: Path, digest: str) -> bool:
    """Tell whether a stored file is there and still has the content that its name says."""
    place = path_of(folder, digest)
    if not place.exists():
        return False
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def drop_file(folder: Path, digest: str, *, older_than: datetime | None = None) -> bool:
    """Delete a file that no row names, unless it was stored, or stored again, since ``older_than``;
    return whether it is gone.

    It is taken out of the way first: whoever stores it meanwhile finds none and writes it.
    """
    place = path_of(folder, digest)
    aside = place.with_suffix(".aside")
    try:
        place.replace(aside)
    except FileNotFoundError:
        return False
    if older_than is not None and aside.stat().st_mtime >= older_than.timestamp():
        aside.replace(place)
        return False
    aside.unlink()
    return True


def stored_files(folder: Path) -> list[str]:
    """Return the digests of all files in the folder."""
    return sorted(file.name for file in folder.glob("??/*") if _DIGEST.fullmatch(file.name))


def leftovers(folder: Path) -> list[Path]:
    """Return what writing or deleting left behind when it was cut short."""
    return [file for file in folder.glob("??/*") if file.suffix in (PART, ".aside")]


def file_type(body: bytes) -> str | None:
    """Return what a file is by its content: a MIME type that is taken, or None.

    Raises ``InvalidInputError`` for an office file that unpacks to too much.
    """
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    if body.startswith(b"%PDF-"):
        return "application/pdf"
    return _office_type(body) if body.startswith(b"PK\x03\x04") else None


def _office_type(body: bytes) -> str | None:
    """Return the type of an office file by the names inside it; nothing is unpacked.

    Raises ``InvalidInputError`` for one that would fill whoever opens it.
    """
    try:
        inside_it = ZipFile(BytesIO(body)).infolist()
    except (BadZipFile, ValueError, OSError):
        return None
    if len(inside_it) > _MOST_INSIDE or sum(file.file_size for file in inside_it) > _LARGEST_INSIDE:
        raise InvalidInputError(N_("This office file would be too large when it is opened."))
    names = {file.filename for file in inside_it}
    by_suffix = {suffix: kind for kind, suffix in _PAPERS.items()}
    return next((by_suffix[suffix] for inside, suffix in _INSIDE.items() if inside in names), None)


def _clean_name(name: str, kind: str) -> str:
    """Return a file's name without folders and control characters, with the suffix of what it
    is.
    """
    last = re.split(r"[/\\]", nfc(name))[-1]
    stem = (
        "".join(c for c in last if c.isprintable() and c not in '"<>|:*?').rpartition(".")[0]
        or "tep"
    )
    return stem[:100] + SUFFIXES[kind]


def _begun_anew(place: Path) -> bool:
    try:
        os.utime(place)
    except FileNotFoundError:
        return False
    return True
