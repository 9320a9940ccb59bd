"""The pages from several processes, by granian: what `sumvay web` runs.

Rust reads the requests and Python answers them, in threads. Each worker makes its own service, so
none shares a connection with another; what they count together stands in the database. Granian
reads a body when a page asks for it and waits for as long as it takes, so a proxy that takes bodies
in whole belongs in front (docs/deploying.md). What it does not look at is looked at here, before a
page is asked: how large a body is, and whether it came whole.
"""

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import granian.server.mp
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from scheduler.config import Settings, WebSettings
from scheduler.logs import configure
from scheduler.service import Service
from scheduler.serving.server import MORE_THAN_A_FORM, SILENCE, THREADS, PortTakenError
from scheduler.serving.wsgi import application  # before any worker, so that all share what it loads
from web.calendars.answers import Answer
from web.calendars.layer import FeedLayer
from web.kit.sizes import largest_body

# what granian calls with the ends of a connection and what WSGI says of a request
Runner = Callable[[Any, dict[str, Any]], int]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# granian reads up to half as much again before it refuses: the longest address and cookies are
# below 10,000
_LARGEST_HEAD = 16 * 1024  # bytes
_WAITING = 512  # requests of a worker that may be answered or wait for it at once
_TO_STOP = 30  # seconds that requests under way are given when it stops
_LOOK = 1.0  # seconds between two looks whether the process that watches over it lives
# written by our own handler on standard error, where nothing is said of how all is well
_LOG: dict[str, Any] = {"loggers": {"_granian": {"propagate": True, "handlers": []}}}
_PLAIN = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
# what a proxy says of a visitor, believed from nobody where no proxy is trusted
_OF_PROXIES = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
)


def run(settings: Settings, workers: int) -> None:
    """Serve pages and calendars until SIGINT or SIGTERM; a worker that dies is replaced.

    Raises ``SystemExit`` when workers die as soon as they are started.
    """
    host, port = _address_of(settings.web)
    server = Server(
        "sumvay",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=_WAITING,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=SILENCE * 1000, max_buffer_size=_LARGEST_HEAD
        ),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_LOG,
        log_access=False,  # addresses of own calendars are secrets
        respawn_failed_workers=True,
        workers_kill_timeout=_TO_STOP,
    )
    # plain settings, which a process that is not forked can be given
    plain = Settings.model_construct(**dict(settings))
    server.serve(target_loader=partial(_load, plain, os.getpid()), wrap_loader=False)


def require_free(settings: WebSettings) -> None:
    """Raise ``PortTakenError`` where something listens: workers share a port, and so would another
    service of the same user.
    """
    address = _address_of(settings)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTakenError(host=settings.host, port=settings.port) from error
            raise


def guarded(app: Flask, trusted_proxies: int) -> Wsgi:
    """Return an application that refuses what granian lets through: bodies that are larger than
    their page takes, and such of which nobody can tell whether they came whole.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not trusted_proxies:
            for name in _OF_PROXIES:
                environ.pop(name, None)
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            # with it a body that ends too early would pass for a whole one
            environ.pop("wsgi.input_terminated", None)
            if refusal := _refusal(app, environ):
                start_response(refusal, _PLAIN)
                return [f"{refusal}\n".encode()]
        return app(environ, start_response)

    return answer


def _refusal(app: Flask, environ: dict[str, Any]) -> str:
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal():
        return "411 Length Required"
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    allowed = largest_body(app, method, path, environ.get("HTTP_COOKIE", ""))
    return "413 Content Too Large" if int(length) > allowed + MORE_THAN_A_FORM else ""


def _load(settings: Settings, parent: int) -> Wsgi:
    """Make the pages of one worker, in its own process."""
    configure()
    threading.Thread(target=_end_with, args=[parent], name="parent", daemon=True).start()
    app = application(Service(settings))
    layer = app.wsgi_app
    if isinstance(layer, FeedLayer):
        _shorten_the_way_to(layer.answer)
    return guarded(app, settings.web.trusted_proxies)


def _shorten_the_way_to(answer: Callable[[Mapping[str, Any]], Answer | None]) -> None:
    """Let granian ask for calendars before it makes of a request what WSGI wants: a copy of the
    process's environment among others, which takes longer than a poll.

    Granian leaves no other way to this than its own name for it, in this process alone.
    """
    processes: Any = granian.server.mp
    of_granian = processes._wsgi_call_wrap

    def wrap(callback: Wsgi, *options: Any) -> Runner:
        return calendars_first(answer, of_granian(callback, *options))

    processes._wsgi_call_wrap = wrap


def calendars_first(answer: Callable[[Mapping[str, Any]], Answer | None], pages: Runner) -> Runner:
    """Return what answers calendars by itself, and lets ``pages`` answer everything else and what
    comes with a body.
    """

    def run(proto: Any, scope: dict[str, Any]) -> int:
        if "CONTENT_LENGTH" in scope or "HTTP_TRANSFER_ENCODING" in scope:
            return pages(proto, scope)
        found = answer(scope)
        if found is None:
            return pages(proto, scope)
        proto.response_bytes(found.code, found.headers, found.body)
        return found.code

    return run


def _end_with(parent: int) -> None:
    """End this process when the one that watches over it was killed: nobody would stop it, and the
    port would stay taken.
    """
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def _address_of(settings: WebSettings) -> tuple[str, int]:
    """Return an address in numbers: granian knows no names."""
    found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    return str(found[0][4][0]), settings.port
