"""Whether the service lives, and what robots should leave alone."""

from flask import Blueprint, Response, current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from web.kit.context import get_session

bp = Blueprint("health", __name__)

# calendars stay open to robots
_ROBOTS = "User-agent: *\nDisallow: /dang-nhap\nDisallow: /cai-dat\nDisallow: /thu\n"


@bp.get("/khoe")
def show() -> Response:
    """Answer 200 when the database answers, 503 when it does not."""
    try:
        get_session().scalar(select(1))
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return Response("database unreachable\n", status=503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@bp.get("/robots.txt")
def robots() -> Response:
    return Response(_ROBOTS, mimetype="text/plain")
