"""Headers of every answer: nothing from another host, nothing inline, no guessing of types.

Where the service has an https address, browsers ask for nothing else from there any more; on a
plain intranet there is no Strict-Transport-Security. The Referer is sent to our own pages, because
Flask-WTF wants it on https; other hosts only learn our origin.
"""

from flask import Flask, Response, request

from web.kit.context import get_config

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
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": PAGE_POLICY,
}


_HTTPS_ONLY = "max-age=31536000; includeSubDomains"  # seconds: a year
# rooms whose pages tell of people, and stay in no browser when somebody else sits down before it
_OF_PEOPLE = frozenset(
    {"my_account", "my_data", "second_factor", "persons", "people", "audit", "mail", "offers"}
)


def install(app: Flask) -> None:
    """Add the headers to every answer of ``app`` that does not bring its own."""
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if get_config().is_https:
        response.headers.setdefault("Strict-Transport-Security", _HTTPS_ONLY)
    if request.blueprint in _OF_PEOPLE:
        response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
