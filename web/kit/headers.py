"""Headers of every answer: nothing from another host, nothing inline, no guessing of types.

There is no Strict-Transport-Security: many of these services run on a plain intranet. The Referer
is sent to our own pages, because Flask-WTF wants it on https; other hosts only learn our origin.
"""

from flask import Flask, Response

PAGE_POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": PAGE_POLICY,
}


def install(app: Flask) -> None:
    """Add the headers to every answer of ``app`` that does not bring its own."""
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
