"""Backups as they lie in a folder: what is in them, and whether it is whole.

A backup is a folder with a copy of the database, the uploaded files, apart from these the secrets,
and a manifest that is written last: without one it was never finished.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from events.errors import N_, InvalidInputError
from events.files.disk import write_whole

MANIFEST, FILES, SECRETS = "manifest.json", "files", "secrets"
DAILY = "sumvay-%Y%m%dT%H%M%SZ"  # how the folders of the daily backups are called


class NoBackupError(InvalidInputError):
    """Raised for a folder that holds no finished backup of this service."""

    msgid = N_("There is no finished backup in %(folder)s.")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    ``database`` is the name of its file there and ``digest`` its SHA-256; ``files`` are the sizes
    in bytes of the uploaded files by their SHA-256, ``missing`` those that the database names and
    that were gone. ``instance`` is the installation that it was made of, ``schema`` the revision of
    its tables.
    """

    made: datetime
    backend: str
    schema: str
    database: str
    digest: str | None
    files: dict[str, int]
    missing: list[str] = field(default_factory=list)
    instance: str | None = None

    @property
    def size(self) -> int:
        """The bytes of the uploaded files in it."""
        return sum(self.files.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say that a backup is finished."""
    known = asdict(manifest) | {"made": manifest.made.isoformat()}
    write_whole(folder / MANIFEST, json.dumps(known, indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Return what a backup says of itself. Raises ``NoBackupError``."""
    try:
        known: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        return Manifest(**known | {"made": datetime.fromisoformat(known["made"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoBackupError(folder=folder) from error


def backups_in(folder: Path) -> list[tuple[Path, Manifest]]:
    """Return the finished backups in a folder, the newest first."""
    found = []
    for backup in sorted(folder.glob("sumvay-*Z"), reverse=True) if folder.is_dir() else ():
        try:
            found.append((backup, read_manifest(backup)))
        except NoBackupError:
            continue
    return found


def digest_of(file: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None


def damages_of(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the names of what a backup lacks or holds with another content."""
    if digest_of(folder / manifest.database) != manifest.digest:
        yield manifest.database
    for digest in manifest.files:
        if digest_of(place_in(folder, digest)) != digest:
            yield f"{FILES}/{digest}"


def place_in(folder: Path, digest: str) -> Path:
    """Return where an uploaded file lies in a backup, as in the folder that it comes from."""
    return folder / FILES / digest[:2] / digest
