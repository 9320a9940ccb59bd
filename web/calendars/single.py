"""One activity, or one observance in one year, as a file to put into a calendar."""

from flask import Blueprint, Response

from events.calendars.single import activity_calendar, occurrence_calendar
from events.calendars.view import View
from web.kit.context import get_config, get_session, today
from web.kit.language import current

bp = Blueprint("single", __name__)


@bp.get("/hoat-dong/<uid>/lich.ics")
def activity(uid: str) -> Response:
    """Give an activity that everybody may attend; others are not found."""
    return _file(activity_calendar(get_session(), uid, _view()), "hoat-dong")


@bp.get("/ngay/<slug>/<int:year>/lich.ics")
def occurrence(slug: str, year: int) -> Response:
    """Give an observance in one year."""
    return _file(occurrence_calendar(get_session(), slug, year, _view()), f"{slug}-{year}")


def _view() -> View:
    return View(today(), get_config().public_url, current())


def _file(body: bytes, name: str) -> Response:
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response
