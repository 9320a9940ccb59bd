"""Files in a folder under the SHA-256 of their content, so that writing one twice does no harm.

One that no row names is harmless too. What a file is, its first bytes say, never its name.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile, ZipFile

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError, NotFoundError
from events.files.pictures import day_taken, without_metadata
from events.models import Document, Evidence
from events.texts import nfc

LARGEST_FILE = 10 * 1024 * 1024  # bytes
PICTURES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_PAPERS = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
SUFFIXES = PICTURES | _PAPERS
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


def read_file(folder: Path | None, digest: str | None) -> bytes:
    """Return a stored file. Raises ``NotFoundError``."""
    if folder is None or digest is None or not is_stored(folder, digest):
        raise NotFoundError(kind="file", key=digest or "")
    return _place(folder, digest).read_bytes()


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
    return _place(folder, digest).exists()


def store_file(folder: Path | None, name: str, body: bytes) -> StoredFile:
    """Write a file before anything is committed; one that is there already is not written again.

    Photos lose their metadata; of these only the day on which they were taken is told.

    Raises ``InvalidInputError`` for what is too large, empty or of a type that is not taken, or
    where no folder is set up.
    """
    if folder is None:
        raise InvalidInputError(
            N_("Files cannot be uploaded here: this service has no folder for them.")
        )
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
        taken, body = day_taken(body, kind), without_metadata(body, kind)
    digest = hashlib.sha256(body).hexdigest()
    stored = StoredFile(_clean_name(name, kind), kind, digest, len(body), taken)
    place = _place(folder, stored.digest)
    if not is_stored(folder, stored.digest):
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, delete=False) as part:
            part.write(body)
        Path(part.name).replace(place)
    return stored


def file_type(body: bytes) -> str | None:
    """Return what a file is by its content: a MIME type that is taken, or None."""
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
    """Return the type of an office file by the names inside it; nothing is unpacked."""
    try:
        names = set(ZipFile(BytesIO(body)).namelist())
    except (BadZipFile, ValueError, OSError):
        return None
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


def _place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest
