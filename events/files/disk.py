"""Writing a file so that it is whole or not there, also after a power cut.

Written beside its place, brought to the disk, given its name, and the name brought to the disk as
well (POSIX promises neither without asking). What fails on the way leaves nothing behind.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

PART = ".part"  # how the name of a file ends that is being written
LEAST_FREE = 200 * 1024**2  # bytes, below which somebody should make room
_TRIED = 4096  # bytes: a page of the database


def write_whole(place: Path, body: bytes) -> None:
    """Write ``body`` to ``place``, whole or not at all; its folder is made if it is missing.

    Raises ``OSError``, such as for a full disk.
    """
    make_folder(place.parent)
    with part_of(place) as part:
        part.write_bytes(body)
        sync_file(part)


@contextmanager
def part_of(place: Path) -> Iterator[Path]:
    """Yield the name of a file to be written, which becomes ``place`` when that went well."""
    with NamedTemporaryFile(dir=place.parent, suffix=PART, delete=False) as file:
        part = Path(file.name)
    try:
        yield part
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


def try_disk(folder: Path) -> int:
    """Write a little and delete it again; return how many bytes are free.

    Raises ``OSError`` where nothing can be written.
    """
    make_folder(folder)
    with NamedTemporaryFile(dir=folder, prefix=".try-", suffix=PART) as file:
        file.write(b"x" * _TRIED)
        file.flush()
        os.fsync(file.fileno())
    return shutil.disk_usage(folder).free


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, that a power cut does not take away again."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_file(file: Path) -> None:
    """Bring what was written to a file to the disk."""
    _sync(file, os.O_RDWR)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    number = os.open(path, flags)
    try:
        os.fsync(number)
    finally:
        os.close(number)
