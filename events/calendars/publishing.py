"""Public calendars as files, for a web server in front that answers without asking us.

Each has a compressed twin; both carry the time of Last-Modified. A reader sees the old file or the
new one, never half of one. Own calendars stay with the application, which counts their fetches and
knows their secrets by digest alone.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, func, select, true

from events.calendars.kept import read_feed
from events.database.sessions import SessionFactory, reading
from events.database.turns import Turn, turn
from events.models import Feed
from events.models.feed_tokens import OWN

_SUFFIX, _TWIN = ".ics", ".ics.gz"
# A calendar has the time at which it was begun to be written, and several are written together:
# what is stored now may be so much older than the newest that was seen.
_OVERLAP = timedelta(minutes=5)
_WHOLE = timedelta(minutes=10)  # after which the whole folder is compared again


def publish(session_factory: SessionFactory, folder: Path) -> int:
    """Write the calendars that changed since they were written, and remove those that are gone;
    return how many were written.
    """
    wanted = _wanted(session_factory, true())
    written = _write_changed(session_factory, folder, wanted)
    _remove_others(folder, set(wanted))
    return written


class Publisher:
    """Publishes what changed since it looked last, without looking at everything each time; of
    several for one database one at a time does.
    """

    def __init__(self, session_factory: SessionFactory, folder: Path) -> None:
        self._session_factory, self._folder = session_factory, folder
        self._engine: Engine = session_factory.kw["bind"].engine
        self._newest: datetime | None = None
        self._gone = 0
        self._compared: datetime | None = None

    def look(self, now: datetime) -> int:
        """Write what changed; return how many calendars."""
        with turn(self._engine, Turn.PUBLISH) as mine:
            if not mine:
                self._compared = None  # until it is seen what the other did
                return 0
            newest, gone = self._newest_and_gone()
            if self._compared is None or now - self._compared >= _WHOLE or gone != self._gone:
                written = publish(self._session_factory, self._folder)
                self._compared = now
            elif self._newest is None:
                written = 0
            else:
                late = Feed.last_modified >= self._newest - _OVERLAP
                wanted = _wanted(self._session_factory, late)
                written = _write_changed(self._session_factory, self._folder, wanted)
            self._newest, self._gone = newest, gone
            return written

    def _newest_and_gone(self) -> tuple[datetime | None, int]:
        with reading(self._session_factory)() as session:
            newest = session.scalar(select(func.max(Feed.last_modified)).where(~Feed.gone))
            gone = session.scalar(select(func.count()).select_from(Feed).where(Feed.gone))
            return newest, gone or 0


def _wanted(session_factory: SessionFactory, condition: ColumnElement[bool]) -> dict[str, datetime]:
    """Return when public calendars changed last, by their keys."""
    kept = select(Feed.key, Feed.last_modified).where(~Feed.gone, ~Feed.key.startswith(OWN))
    with reading(session_factory)() as session:
        return dict(session.execute(kept.where(condition)).all())


def _write_changed(
    session_factory: SessionFactory, folder: Path, wanted: Mapping[str, datetime]
) -> int:
    changed = [key for key, moment in wanted.items() if not _is_written(folder, key, moment)]
    for key in changed:
        with reading(session_factory)() as session:
            feed = read_feed(session, key)
        if feed is not None:  # the twin first: nobody prefers a file that is not there
            _write(folder / f"{key}{_TWIN}", feed.packed, feed.last_modified)
            _write(folder / f"{key}{_SUFFIX}", feed.body, feed.last_modified)
    return len(changed)


def _is_written(folder: Path, key: str, moment: datetime) -> bool:
    """Tell whether both forms are there as they are kept: the time rises with every change."""
    try:
        return all(
            int((folder / f"{key}{suffix}").stat().st_mtime) == int(moment.timestamp())
            for suffix in (_SUFFIX, _TWIN)
        )
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
