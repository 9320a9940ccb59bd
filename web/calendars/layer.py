"""Calendars stand before the pages: a poll is one look-up by key, without session, cookie or lock.

It never waits for whoever writes, and what changed meanwhile is written by the renewer
(`events.calendars.renewing`). Only a calendar that nobody asked for before is written at once.
While the database is away, clients get what they got before.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from events.calendars.feeds import serve_feed
from events.calendars.kept import Kept, read_feed
from events.calendars.renewing import Renewer
from events.database import AwayErrors, impatient, of_one_connection
from events.errors import NotFoundError
from web.calendars.answers import (
    NOT_FOUND,
    NOT_NOW,
    READS_ONLY,
    Answer,
    answer,
    asked_by,
    refusal,
)
from web.kit.context import SumVay

_PUBLIC = "/lich/"
_SUFFIX = ".ics"
_READING = ("GET", "HEAD")
_LONGEST = 300  # letters of a key
_MOST = 64 * 1024 * 1024  # bytes of calendars that a process keeps

_PATIENCE = 0.5  # seconds that a first poll waits to keep what it wrote

_log = logging.getLogger("sumvay")


class FeedLayer:
    """Answers below ``/lich/``, and lets everything else through to the pages."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages = app.wsgi_app
        self._last = _Memory(_MOST)
        self._renewer: Renewer | None = None
        self._lock = threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        sumvay: SumVay = self._app.extensions["sumvay"]
        if self._renewer is None and _renews(sumvay):
            self._begin_to_renew(sumvay)
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(_PUBLIC):
            return self._pages(environ, start_response)
        method = environ["REQUEST_METHOD"]
        found = self._answer(sumvay, path, method, environ)
        start_response(found.status, found.headers)
        return [b"" if method == "HEAD" else found.body]

    def _answer(self, sumvay: SumVay, path: str, method: str, environ: dict[str, Any]) -> Answer:
        if method not in _READING:
            return refusal(READS_ONLY)
        key = _key_of(path)
        if key is None:
            return refusal(NOT_FOUND)
        feed: Kept | None
        try:
            feed = self._find(sumvay, key)
        except NotFoundError:
            return refusal(NOT_FOUND)
        except AwayErrors:
            _log.warning("a calendar found no database")
            feed = self._last.get(key)
            if feed is None:
                return refusal(NOT_NOW)
        self._last.put(feed)
        return answer(feed, asked_by(environ), public=True)

    @staticmethod
    def _find(sumvay: SumVay, key: str) -> Kept:
        """Return a feed as it is kept; without a renewer, or at first, as it reads now."""
        if _renews(sumvay):
            with sumvay.reading_factory() as session:
                feed = read_feed(session, key)
            if feed is not None:
                return feed
        config = sumvay.config
        hasty = impatient(sumvay.session_factory, _PATIENCE)
        return serve_feed(hasty, key, now=config.clock(), public_url=config.public_url)

    def _begin_to_renew(self, sumvay: SumVay) -> None:
        """Start the renewer with the first request: a server may have forked before."""
        with self._lock:
            if self._renewer is None:
                config = sumvay.config
                self._renewer = Renewer(sumvay.session_factory, config.public_url, config.clock)
                self._renewer.start()


def _renews(sumvay: SumVay) -> bool:
    """Tell whether a renewer works beside the pages, which those of most tests cannot have."""
    return not (sumvay.config.testing or of_one_connection(sumvay.session_factory))


class _Memory:
    """The calendars that were asked for last, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._feeds: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Kept | None:
        with self._lock:
            return self._feeds.get(key)

    def put(self, feed: Kept) -> None:
        with self._lock:
            before = self._feeds.pop(feed.key, None)
            self._feeds[feed.key] = feed
            self._size += _size(feed) - (_size(before) if before else 0)
            while self._size > self._most and self._feeds:
                self._size -= _size(self._feeds.popitem(last=False)[1])


def _size(feed: Kept) -> int:
    return len(feed.body) + len(feed.packed)


def _key_of(path: str) -> str | None:
    """Return the key of the feed at an address, None where there can be none."""
    key = path.removeprefix(_PUBLIC).removesuffix(_SUFFIX)
    possible = path.endswith(_SUFFIX) and key.isascii() and key.isprintable()
    return key if possible and 0 < len(key) <= _LONGEST else None
