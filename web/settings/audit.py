"""The log of sign-ins and of what people may do, for administrators: found by kind, person and day,
and taken along as a table.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.models import AuditEntry, AuditKind, FeedScope
from events.people import audit
from events.people.audit import Wanted
from events.people.roles import all_roles
from web.calendars.scopes import SCOPES
from web.kit.context import get_session
from web.kit.entries import page_of
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title
from web.kit.words import moment_text

bp = Blueprint("audit", __name__, url_prefix="/quan-tri")

_A_PAGE = 50  # lines
_ASKED = ("loai", "nguoi", "tu", "den")
_WAYS = {
    "password": _l("password"),
    "mailed-link": _l("mailed link"),
    "mail-link": _l("link to an item in a mail"),
    "sign-in": _l("to sign in"),
    "code": _l("code"),
    "passkey": _l("passkey"),
    "set-up": _l("first administrator"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate (OWASP)
_KINDS = {
    AuditKind.SIGNED_IN: _l("Signed in"),
    AuditKind.REFUSED: _l("Refused"),
    AuditKind.SLOWED_DOWN: _l("Has to wait after many tries"),
    AuditKind.SIGNED_OUT: _l("Signed out"),
    AuditKind.DEVICE_ENDED: _l("Device signed out"),
    AuditKind.LINK_SENT: _l("Link sent"),
    AuditKind.PASSWORD_SET: _l("Password set"),
    AuditKind.FACTOR_ADDED: _l("Second factor added"),
    AuditKind.FACTOR_REMOVED: _l("Second factor removed"),
    AuditKind.POST_GIVEN: _l("Post given"),
    AuditKind.POST_OFFERED: _l("Post offered"),
    AuditKind.POST_DECLINED: _l("Post declined"),
    AuditKind.POST_ENDED: _l("Post ended"),
    AuditKind.PERSON_CORRECTED: _l("Name or number corrected"),
    AuditKind.RIGHT_GIVEN: _l("Right given"),
    AuditKind.RIGHT_TAKEN: _l("Right taken away"),
    AuditKind.CALENDAR_MADE: _l("Own calendar made"),
    AuditKind.CALENDAR_MOVED: _l("Own calendar has a new address"),
    AuditKind.CALENDAR_REVOKED: _l("Own calendar revoked"),
    AuditKind.DATA_EXPORTED: _l("Personal data exported"),
    AuditKind.DATA_ERASED: _l("Personal data erased"),
    AuditKind.ANNOUNCED: _l("Announcement sent"),
    AuditKind.ANNOUNCEMENT_STOPPED: _l("Announcement stopped"),
}


@bp.get("/nhat-ky")
def index() -> ResponseReturnValue:
    """Show page ``?trang=`` of the lines that are wanted, the newest first."""
    wanted, number = _wanted(), page_of(request.args.get("trang", ""))
    offset = (number - 1) * _A_PAGE
    found = audit.entries(get_session(), wanted, limit=_A_PAGE + 1, offset=offset)
    asked: dict[str, Any] = {name: text for name in _ASKED if (text := request.args.get(name, ""))}
    return render_template(
        "audit/index.html",
        entries=found[:_A_PAGE],
        wanted=wanted,
        kinds=_KINDS,
        detail=_details(),
        newer=url_for(".index", **asked, trang=number - 1) if number > 1 else None,
        older=url_for(".index", **asked, trang=number + 1) if len(found) > _A_PAGE else None,
        table=url_for(".table", **asked),
    )


@bp.get("/nhat-ky.csv")
def table() -> ResponseReturnValue:
    """Answer with all lines that are wanted as CSV, with the mark by which Excel knows UTF-8."""
    # whole, since a stream would go on reading in a session that the request has closed
    lines = "".join(_lines(audit.all_entries(get_session(), _wanted())))
    headers = {
        "Content-Disposition": 'attachment; filename="nhat-ky.csv"',
        "Cache-Control": "no-store",
    }
    return Response(lines, mimetype="text/csv", headers=headers)


def _wanted() -> Wanted:
    kind = request.args.get("loai", "")
    return Wanted(
        kind=AuditKind(kind) if kind in set(AuditKind) else None,
        name=request.args.get("nguoi", "").strip()[:200],
        first=_day("tu"),
        last=_day("den"),
    )


def _day(name: str) -> date | None:
    """Return a day of the address; what is no day, or one that no calendar ends on, is left out."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _details() -> Callable[[AuditEntry], str]:
    """Return what says the detail of a line in words: a post, a way to sign in, a device."""
    roles = all_roles(get_session())

    def say(entry: AuditEntry) -> str:
        detail = entry.detail or ""
        if detail in roles:
            return title(roles[detail])
        if entry.kind is AuditKind.DEVICE_ENDED:
            kind, comma, browser = detail.partition(", ")
            return f"{_(kind) if kind else ''}{comma}{browser}"
        if detail in set(FeedScope):
            return str(SCOPES[FeedScope(detail)])
        return " + ".join(str(_WAYS.get(way, way)) for way in detail.split("+"))

    return say


def _lines(entries: Iterator[AuditEntry]) -> Iterator[str]:
    detail = _details()
    yield "\ufeff" + _line(
        _("Moment"), _("Kind"), _("By"), _("About"), _("Unit"), _("Detail"), _("Address")
    )
    for entry in entries:
        yield _line(
            moment_text(entry.at),
            str(_KINDS[entry.kind]),
            entry.by_name,
            entry.about_name,
            entry.unit.full_name if entry.unit else None,
            detail(entry),
            entry.address,
        )


def _line(*cells: str | None) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell or "") for cell in cells])
    return out.getvalue()


def _safe(cell: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
