"""Public calendars as files, for a web server in front that answers without asking us.

Each has a compressed twin; both carry the time of Last-Modified. A reader sees the old file or the
new one, never half of one. Own calendars stay with the application, which counts their fetches and
knows their secrets by digest alone.
"""

import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from events.calendars.kept import read_feed
from events.database import SessionFactory, reading
from events.models import Feed
from events.models.feed_tokens import OWN

_SUFFIX, _TWIN = ".ics", ".ics.gz"


def publish(session_factory: SessionFactory, folder: Path) -> int:
    """Write the calendars that changed since they were written, and remove those that are gone;
    return how many were written.
    """
    with reading(session_factory)() as session:
        kept = select(Feed.key, Feed.last_modified).where(~Feed.gone, ~Feed.key.startswith(OWN))
        wanted = dict(session.execute(kept).all())
        changed = [key for key, moment in wanted.items() if not _is_written(folder, key, moment)]
        for key in changed:
            feed = read_feed(session, key)
            if feed is not None:  # the twin first: nobody prefers a file that is not there
                _write(folder / f"{key}{_TWIN}", feed.packed, feed.last_modified)
                _write(folder / f"{key}{_SUFFIX}", feed.body, feed.last_modified)
    _remove_others(folder, set(wanted))
    return len(changed)


def newest_feed(session_factory: SessionFactory) -> tuple[datetime | None, int]:
    """Return what changes whenever ``publish`` has something to do, in one question."""
    with reading(session_factory)() as session:
        query = select(func.max(Feed.last_modified), func.count()).where(~Feed.gone)
        newest, count = session.execute(query).one()
        return newest, count


def _is_written(folder: Path, key: str, moment: datetime) -> bool:
    try:
        return int((folder / f"{key}{_SUFFIX}").stat().st_mtime) == int(moment.timestamp())
    except FileNotFoundError:
        return False


def _write(file: Path, body: bytes, moment: datetime) -> None:
    """Write a file whole or not at all, also when the power fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(body)
            part.flush()
            os.fsync(part.fileno())
        stamp = moment.timestamp()
        os.utime(name, (stamp, stamp))
        Path(name).chmod(0o644)  # the web server is another user
        Path(name).replace(file)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _remove_others(folder: Path, keys: set[str]) -> None:
    """Remove calendars that are no more, and what a process left that was killed."""
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if name.endswith((_SUFFIX, _TWIN)):
            key = name.removesuffix(".gz").removesuffix(_SUFFIX)
            if key not in keys:
                file.unlink(missing_ok=True)
        elif file.name.startswith(".part-"):
            file.unlink(missing_ok=True)
