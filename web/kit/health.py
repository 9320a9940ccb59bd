"""Whether the service lives, and what robots should leave alone."""

from flask import Blueprint, Response, current_app
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from web.kit.context import get_config, get_session

bp = Blueprint("health", __name__)

# calendars stay open to robots
_ROBOTS = "User-agent: *\nDisallow: /dang-nhap\nDisallow: /cai-dat\nDisallow: /thu\n"


@bp.get("/khoe")
def show() -> Response:
    """Answer 200 when the database answers and is of this version, 503 when not."""
    expected = get_config().version
    try:
        get_session().scalar(select(1))
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return _unwell("database unreachable")
    if expected and _version() != expected:
        return _unwell("database of another version")
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


def _version() -> object:
    """Return the version of the database; None for an empty one."""
    try:
        return get_session().scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return None


def _unwell(why: str) -> Response:
    headers = {"Cache-Control": "no-store", "Retry-After": "10"}
    return Response(f"{why}\n", status=503, mimetype="text/plain", headers=headers)


@bp.get("/robots.txt")
def robots() -> Response:
    return Response(_ROBOTS, mimetype="text/plain")
