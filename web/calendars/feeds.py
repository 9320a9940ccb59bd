"""Calendars over HTTP: what clients poll, without cookies, accounts or surprises (docs/feeds.md
says who needs which header).
"""

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from events.calendars.feeds import serve_feed
from events.calendars.kept import Kept
from events.database import AwayErrors
from events.errors import NotFoundError
from web.config import WebConfig

bp = Blueprint("feeds", __name__)

_KEPT = 300  # calendars of this process; the largest have 200,000 bytes
_last: dict[str, Kept] = {}
_FOUND_NOTHING = "Không có lịch này.\n"


@bp.get("/lich/<slug>.ics")
def show(slug: str) -> ResponseReturnValue:
    """Answer with the public calendar of an observance or a unit; 304 when the client has it
    already.
    """
    config: WebConfig = current_app.extensions["sumvay"].config
    try:
        feed = serve_feed(
            current_app.extensions["sumvay"].session_factory,
            slug,
            now=config.clock(),
            public_url=config.public_url,
        )
    except NotFoundError:
        return Response(_FOUND_NOTHING, status=404, content_type="text/plain; charset=utf-8")
    except AwayErrors:
        if slug not in _last:
            raise
        feed = _last[slug]
    _keep(feed)
    response = Response(feed.body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{slug}.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.set_etag(feed.etag)
    response.last_modified = feed.last_modified
    return response.make_conditional(request)


def _keep(feed: Kept) -> None:
    """Keep what a feed answered last, so that calendars lose nothing while the database is away.

    The oldest go first.
    """
    _last.pop(feed.key, None)
    _last[feed.key] = feed
    while len(_last) > _KEPT:
        _last.pop(next(iter(_last)), None)
