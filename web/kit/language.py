"""Which language a page speaks: Vietnamese, unless the visitor chose English with the switch at the
foot of the page.
"""

from typing import Any

import flask_babel  # type: ignore[import-untyped]
from babel import Locale
from flask import Blueprint, Flask, abort, redirect, request
from flask.typing import ResponseReturnValue

from events.models import Level
from events.words.language import LANGUAGES, TRANSLATIONS
from web.kit.addresses import safe_next
from web.kit.context import get_config

COOKIE = "language"
_SAFE_COOKIE = "__Host-language"  # where there is https
_A_YEAR = 366 * 24 * 3600  # seconds

bp = Blueprint("language", __name__)


def install(app: Flask) -> None:
    """Make ``app`` speak from the catalogue that all faces share."""
    flask_babel.Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        default_locale="en",
        locale_selector=choose,
    )
    app.register_blueprint(bp)


def choose() -> str:
    """Return the visitor's choice, else the configured language."""
    chosen = request.cookies.get(_cookie(), "")
    return chosen if chosen in LANGUAGES else get_config().language


def _cookie() -> str:
    return _SAFE_COOKIE if get_config().is_https else COOKIE


def current() -> str:
    """Return the language of this answer."""
    return str(get_locale())


def get_locale() -> Locale:
    """Return the language of this answer as Babel knows it."""
    return flask_babel.get_locale() or Locale(get_config().language)


def gettext(msgid: str, **facts: object) -> str:
    """Say a sentence in the language of this answer; imported as ``_``."""
    return str(flask_babel.gettext(msgid, **facts))


def ngettext(singular: str, plural: str, num: int, **facts: object) -> str:
    """Say a sentence about ``num`` things."""
    return str(flask_babel.ngettext(singular, plural, num, **facts))


def lazy_gettext(msgid: str) -> Any:
    """Say a sentence when it is shown; imported as ``_l`` where forms are declared, before any
    request.
    """
    return flask_babel.lazy_gettext(msgid)


def title(row: Any) -> str:
    """Return a row's title in the language of the page; titles are data in both languages."""
    return str(row.title_en if current() == "en" else row.title_vi)


def together(level: Level) -> str | None:
    """Return how the units of a level are called together in the language of the page."""
    return level.together_en if current() == "en" else level.together_vi


@bp.post("/ngon-ngu")
def switch() -> ResponseReturnValue:
    """Remember the language and go back."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(400)
    response = redirect(safe_next(request.form.get("next")), 303)
    response.set_cookie(
        _cookie(),
        language,
        max_age=_A_YEAR,
        httponly=True,
        samesite="Lax",
        secure=get_config().is_https,
    )
    return response
