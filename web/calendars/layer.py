"""Calendars stand before the pages: a poll is one look-up by key, without session, cookie or lock.

It never waits for whoever writes, and what changed meanwhile is written by the renewer
(`events.calendars.renewing`). What is asked for most needs no look-up (`web.calendars.memory`).
Only a calendar that nobody asked for before is written at once. While the database is away, clients
get what they got before.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Flask

from events.calendars.feeds import serve_feed
from events.calendars.kept import Kept, etags_of, look_up, validators_of
from events.calendars.renewing import Renewer
from events.calendars.tokens import NAME, digest_of, is_revoked, note_fetches
from events.database.sessions import AwayErrors, impatient, of_one_connection
from events.errors import NotFoundError
from events.models.feed_tokens import OWN, key_of_digest
from web.calendars.answers import (
    GONE,
    NOT_FOUND,
    NOT_NOW,
    READS_ONLY,
    TOO_MANY,
    Answer,
    Asked,
    asked_by,
    client_of,
    refusal,
    unchanged,
)
from web.calendars.guessing import Guesses, visitor_of
from web.calendars.memory import LOOK, Memory
from web.kit.context import SumVay

_PUBLIC, _OWN = "/lich/", "/f/"
_SUFFIX = ".ics"
_GIVEN, _NONE = (200, 304), 404
_LONGEST = 300  # letters of a key
_MOST = 64 * 1024 * 1024  # bytes of calendars that a process keeps
_PATIENCE = 0.5  # seconds that a first poll waits to keep what it wrote

_log = logging.getLogger("sumvay")


class FeedLayer:
    """Answers below ``/lich/`` and ``/f/``, and lets everything else through to the pages."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages = app.wsgi_app
        self._memory = Memory(_MOST)
        self._renewer: Renewer | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._fetches: dict[str, tuple[datetime, str]] = {}
        self._guesses = Guesses()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        found = self.answer(environ)
        if found is None:
            return self._pages(environ, start_response)
        start_response(found.status, list(found.headers))
        return [found.body]

    def answer(self, environ: Mapping[str, Any]) -> Answer | None:
        """Return what a request of WSGI is answered, None where it asks for a page.

        A server that has a shorter way to its clients than WSGI asks here itself.
        """
        if self._renewer is None and _renews(self._sumvay):
            self._begin_to_renew(self._sumvay)
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith((_PUBLIC, _OWN)):
            return None
        method = environ["REQUEST_METHOD"]
        if method == "GET":
            return self._answer(path, environ)
        if method == "HEAD":
            return replace(self._answer(path, environ), body=b"")
        return refusal(READS_ONLY)

    @property
    def _sumvay(self) -> SumVay:
        found: SumVay = self._app.extensions["sumvay"]
        return found

    def _answer(self, path: str, environ: Mapping[str, Any]) -> Answer:
        key = _key_of(path)
        if key is None:
            return refusal(NOT_FOUND)
        if path.startswith(_PUBLIC):
            return self._found(key, asked_by(environ), is_public=True)
        sumvay = self._sumvay
        visitor = visitor_of(environ, sumvay.config.trusted_proxies)
        if sumvay.config.rate_limits and self._guesses.is_hasty(visitor, key):
            return refusal(TOO_MANY)
        asked = asked_by(environ)
        found = self._found(key, asked, is_public=False)
        if found.code in _GIVEN:
            self._guesses.was_right(key)
            self._note(sumvay, key, client_of(asked.agent))
        elif found.code == _NONE:
            self._guesses.was_wrong(visitor)
        return found

    def _found(self, key: str, asked: Asked, *, is_public: bool) -> Answer:
        """Return a calendar from memory, else out of the database, or as it was when that was
        there; or what is answered where there is none.
        """
        renews = self._renewer is not None
        if renews and (remembered := self._memory.fresh(key)):
            return remembered.answer(asked)
        try:
            if renews and asked.none_match and (same := self._unchanged(key, asked, is_public)):
                return same
            return self._memory.put(self._find(key, renews), public=is_public).answer(asked)
        except NotFoundError:
            is_gone = key.startswith(OWN) and _is_revoked(self._sumvay, key)
            return refusal(GONE if is_gone else NOT_FOUND)
        except AwayErrors:
            _log.warning("a calendar found no database")
        except Exception:
            # caught here, since a server's log of it would name the address, which is the secret
            _log.exception("the calendar %s cannot be given away", key)
        last = self._memory.get(key)
        return last.answer(asked) if last else refusal(NOT_NOW)

    def _unchanged(self, key: str, asked: Asked, is_public: bool) -> Answer | None:
        """Return 304 to whoever has what is kept, which is not read for that, unless it is asked
        for so often that it has a place in memory.
        """
        if self._memory.deserves(key):
            return None
        kept = validators_of(self._sumvay.reading_factory, key)
        if kept is None or not asked.has(*kept):
            return None
        return unchanged(*kept, public=is_public, packed=asked.takes_gzip)

    def _find(self, key: str, renews: bool) -> Kept:
        """Return a feed as it is kept; without a renewer, or at first, as it reads now."""
        sumvay = self._sumvay
        if renews and (feed := look_up(sumvay.reading_factory, key)):
            return feed
        config = sumvay.config
        hasty = impatient(sumvay.session_factory, _PATIENCE)
        return serve_feed(hasty, key, now=config.clock(), public_url=config.public_url)

    def _note(self, sumvay: SumVay, key: str, client: str) -> None:
        """Remember who fetched what, to be written down where no client waits for it."""
        with self._lock:
            self._fetches[key] = sumvay.config.clock(), client
        if self._renewer is None:
            self._write_down()

    def _write_down(self) -> None:
        with self._lock:
            fetches, self._fetches = self._fetches, {}
        if fetches:
            note_fetches(self._sumvay.session_factory, fetches)

    def _begin_to_renew(self, sumvay: SumVay) -> None:
        """Start renewing and looking with the first request: a server may have forked before."""
        with self._lock:
            if self._renewer is None:
                config = sumvay.config
                self._renewer = Renewer(
                    sumvay.session_factory, config.public_url, config.clock, self._write_down
                )
                self._renewer.start()
                threading.Thread(
                    target=self._look, args=[sumvay], name="calendars", daemon=True
                ).start()

    def stop(self) -> None:
        """Stop what the first request started."""
        self._stopping.set()
        if self._renewer is not None:
            self._renewer.stop()

    def _look(self, sumvay: SumVay) -> None:
        def ask(keys: Sequence[str]) -> Mapping[str, str] | None:
            try:
                with sumvay.reading_factory() as session:
                    return etags_of(session, keys)
            except AwayErrors:
                return None

        while not self._stopping.wait(LOOK):
            try:
                self._memory.look(ask)
            except Exception:
                _log.exception("nobody could tell which calendars changed")


def _renews(sumvay: SumVay) -> bool:
    """Tell whether a renewer works beside the pages, which those of most tests cannot have."""
    return not (sumvay.config.testing or of_one_connection(sumvay.session_factory))


def _key_of(path: str) -> str | None:
    """Return the key of the feed at an address, None where there can be none.

    That of an own calendar comes from its secret.
    """
    key = path.removesuffix(_SUFFIX)
    if key == path or not (key.isascii() and key.isprintable()) or len(key) > _LONGEST:
        return None
    if key.startswith(_OWN):
        secret, _slash, name = key.removeprefix(_OWN).partition("/")
        return key_of_digest(digest_of(secret)) if secret and name == NAME else None
    key = key.removeprefix(_PUBLIC)
    return key if key and not key.startswith("f/") else None


def _is_revoked(sumvay: SumVay, key: str) -> bool:
    with sumvay.reading_factory() as session:
        return is_revoked(session, key)
