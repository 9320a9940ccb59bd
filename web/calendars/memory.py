"""The calendars that clients ask for most, ready to be sent, in each process.

A poll of one of them asks nobody. Once a second a thread asks the database in one question which of
those that were asked for since are still what is kept there; the others are read again at their
next poll, and so is what nobody confirmed for a while. The least asked for make room, though only
for what was asked for twice of late: else all that are asked for once would drive out those few
that everybody asks for.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from events.calendars.kept import Kept
from web.calendars.answers import Ready

LOOK = 1.0  # seconds between two looks
_FRESH = 3.0  # seconds after the last look for which a calendar passes for what is kept
_OF_HEADERS = 4096  # bytes that the answers of a calendar take beside its two forms, about
_ROOMY = 7 / 8  # filled so far, there is a place for whatever is asked for
_OF_LATE = 20_000  # calendars of which it is known that they were asked for and found no room


class _Entry:
    __slots__ = ("is_asked", "looked", "ready", "size")

    def __init__(self, ready: Ready, looked: float) -> None:
        self.ready, self.looked = ready, looked
        self.size = len(ready.feed.body) + len(ready.feed.packed) + _OF_HEADERS
        self.is_asked = True


class Memory:
    """Answers by the keys of calendars, up to ``most`` bytes.

    ``fresh`` takes no lock: polls do not wait for each other.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._size = most, 0
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._once: set[str] = set()
        self._lock = threading.Lock()

    def fresh(self, key: str) -> Ready | None:
        """Return what was looked at a moment ago."""
        entry = self._entries.get(key)
        if entry is None or self._clock() - entry.looked >= _FRESH:
            return None
        entry.is_asked = True
        return entry.ready

    def get(self, key: str) -> Ready | None:
        """Return what was kept once, however long ago."""
        entry = self._entries.get(key)
        return entry.ready if entry else None

    def put(self, feed: Kept, *, public: bool) -> Ready:
        """Remember a calendar that was read just now, if there is a place for it."""
        entry = _Entry(Ready(feed, public=public), self._clock())
        with self._lock:
            self._drop(feed.key)
            if self._deserves(feed.key):
                self._once.discard(feed.key)
                self._entries[feed.key] = entry
                self._size += entry.size
                while self._size > self._most:
                    self._drop(next(iter(self._entries)))
        return entry.ready

    def deserves(self, key: str) -> bool:
        """Tell whether there is a place for a calendar that somebody asks for; next time there may
        be one.
        """
        with self._lock:
            return key in self._entries or self._deserves(key)

    def _deserves(self, key: str) -> bool:
        if self._size < self._most * _ROOMY or key in self._once:
            return True
        if len(self._once) >= _OF_LATE:
            self._once.clear()
        self._once.add(key)
        return False

    def look(self, ask: Callable[[Sequence[str]], Mapping[str, str] | None]) -> None:
        """Ask for the ETags of what clients asked for since the last look, and let go of what has
        another one or none. Where nobody can tell, as while the database is away, all pass.
        """
        begun = self._clock()
        with self._lock:
            asked = {key: one for key, one in self._entries.items() if one.is_asked}
            for key, entry in asked.items():
                entry.is_asked = False
                self._entries.move_to_end(key)
        if not asked:
            return
        known = ask(list(asked))
        with self._lock:
            for key, entry in asked.items():
                if known is None or known.get(key) == entry.ready.feed.etag:
                    entry.looked = begun
                elif self._entries.get(key) is entry:
                    self._drop(key)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= entry.size
