"""The web server before the pages: what it listens to, and for how long.

Few threads do the work, and one loop reads from all connections. So what is too large is refused
when its head has been read, who sends nothing is let go, and when the house is full, whoever has
been silent for longest makes room. A proxy in front does the same and more (docs/deploying.md).
"""

import copy
import errno
import time
from typing import Any

from flask import Flask
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer

from events.errors import N_, CannotRunError
from scheduler.config import WebSettings
from web.kit.sizes import largest_body
from web.kit.uploads import LARGEST_UPLOAD

# more than may wait for the database (`web.kit.context`) or for photos: readers always find one
THREADS = 24
MORE_THAN_A_FORM = 64 * 1024  # bytes, so that a form that is a little too large gets our own page
_LARGEST_HEAD = 32 * 1024  # bytes: the longest address and cookies are below 10,000
_MOST_CONNECTIONS = 500  # half of what a process may open on most machines
SILENCE = 20  # seconds that a connection may say nothing
_FOR_A_HEAD = 20  # seconds until a request's head is there
_SLOWEST = 4 * 1024  # bytes a second of a body: a tenth of what 2G gives


class PortTakenError(CannotRunError):
    """Raised when something else already listens where the pages should be."""

    msgid = N_(
        "Port %(port)s on %(host)s is taken. Stop what listens there, or set SUMVAY_WEB__PORT to "
        "another port."
    )


def listen(app: Flask, settings: WebSettings) -> Any:
    """Return a web server that listens already, so that a taken port is found before anything
    starts.
    """
    sockets: dict[int, Any] = {}
    try:
        server = create_server(
            app,
            map=sockets,
            host=settings.host,
            port=settings.port,
            threads=THREADS,
            ident=None,
            max_request_header_size=_LARGEST_HEAD,
            max_request_body_size=LARGEST_UPLOAD + MORE_THAN_A_FORM,
            connection_limit=2 * _MOST_CONNECTIONS,
            channel_timeout=SILENCE,
            cleanup_interval=5,
            asyncore_use_poll=True,  # select() knows no more than 1024 files
            # the application reads those of the proxies it trusts, and no others (web/app.py)
            clear_untrusted_proxy_headers=not settings.trusted_proxies,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(host=settings.host, port=settings.port) from error
        raise
    for one in list(sockets.values()):  # a name may have several addresses
        if isinstance(one, BaseWSGIServer):
            one.channel_class = _channel_of(app)
    return server


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that has to get on, and makes room when there are too many."""

    def __init__(self, server: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(server, *args, **kwargs)
        self._began: float | None = None
        if len(server.active_channels) > _MOST_CONNECTIONS:
            _let_go_of_the_most_silent(server, self)

    def handle_read(self) -> None:
        super().handle_read()
        if self.request is None:
            self._began = None
        elif self._began is None:
            self._began = time.monotonic()
        elif time.monotonic() - self._began > self._patience(self.request):
            self.will_close = True

    @staticmethod
    def _patience(request: HTTPRequestParser) -> float:
        return _FOR_A_HEAD + float(request.body_bytes_received) / _SLOWEST


def _channel_of(app: Flask) -> type[HTTPChannel]:
    """Return connections whose requests may be as large as their pages allow."""

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.chunked and "CONTENT_LENGTH" in self.headers:
                # a proxy could take the other one for the end (RFC 9112, 6.3)
                raise ParsingError("Content-Length beside Transfer-Encoding")
            allowed = largest_body(app, self.command, self.path, self.headers.get("COOKIE", ""))
            self.adj: Any = copy.copy(self.adj)
            self.adj.max_request_body_size = allowed + MORE_THAN_A_FORM

    class Channel(_Channel):
        parser_class = Parser

    return Channel


def _let_go_of_the_most_silent(server: Any, newest: HTTPChannel) -> None:
    waiting = [
        one for one in server.active_channels.values() if not one.requests and one is not newest
    ]
    if waiting:
        min(waiting, key=lambda one: float(one.last_activity)).handle_close()
