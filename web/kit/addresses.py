"""Addresses to go to next: only ever a path of this site."""

from urllib.parse import urlsplit

from flask import request


def safe_next(target: str | None, default: str = "/") -> str:
    """Return ``target`` if it is a path on this site, else ``default``.

    Browsers read ``//host`` and ``/\\host`` as another site, and skip control characters before
    looking.
    """
    if (
        not target
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
        or not target.isprintable()
    ):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or "\\" in target else target


def here() -> str:
    """Return the path and query of this page, to come back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def came_from() -> str:
    """Return the path and query of the page of ours that the request came from."""
    parts = urlsplit(request.referrer or "")
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return safe_next(path) if parts.netloc == request.host else "/"
