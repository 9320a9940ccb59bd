"""What a visitor reads when something cannot be done: in words, with one next step."""

from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from events.database.sessions import AwayErrors
from events.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotNowError,
    YearOutOfRangeError,
)
from events.words.language import say
from web.kit.addresses import came_from, here, safe_next
from web.kit.context import WAIT, current_person, read_again
from web.kit.language import current
from web.kit.language import gettext as _
from web.kit.uploads import files_sent

_NOT_NOW = 503
_LATER = 30  # seconds after which it is worth to try again
_STATUS: dict[type[DomainError], int] = {
    NotFoundError: 404,
    NotAllowedError: 403,
    ConflictError: 409,
    InvalidInputError: 400,
    YearOutOfRangeError: 400,
    NotNowError: 503,
}


def install(app: Flask) -> None:
    """Give ``app`` its pages for what cannot be done."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    for away in AwayErrors:
        app.register_error_handler(away, _database_away)
    app.register_error_handler(Exception, _our_fault)


def _domain_error(error: DomainError) -> ResponseReturnValue:
    read_again()
    if isinstance(error, NotAllowedError) and current_person() is None:
        return _to_sign_in()
    if isinstance(error, NotAllowedError):
        _note("may not:")
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 400)
    sentence = (
        None
        if isinstance(error, NotFoundError) and "kind" in error.facts
        else say(error, current())
    )
    response = _page(status, sentence)
    if isinstance(error, NotNowError):
        response.headers["Retry-After"] = str(WAIT)
    return response


def _stale_form(error: CSRFError) -> Response:
    _note(f"sent a form that is not ours, or too old ({error.description}):")
    return _page(
        400,
        _(
            "This form is too old, or cookies are switched off. Please go back, reload the page "
            "and try again."
        ),
    )


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code == 401:
        return _to_sign_in()
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    if error.code == 403:
        _note("may not:")
    response = _page(error.code)
    headers = error.get_response().headers
    for name in ("Allow", "Retry-After"):
        if name in headers:
            response.headers[name] = headers[name]
    return response


def _note(did: str) -> None:
    """Write into the log of the program who did what people do who try to get around: a number and
    an address without what stands in it.
    """
    person = current_person()
    current_app.logger.warning(
        "person %s %s %s %s", person.id if person else "?", did, request.method, _asked_for()
    )


def _to_sign_in() -> ResponseReturnValue:
    """Lead whoever is not signed in to the sign-in page and back; tell programs that want no page
    that they are not.
    """
    if request.accept_mimetypes.provided and not request.accept_mimetypes.accept_html:
        return Response(f"{_sentence(401)}\n", 401, mimetype="text/plain")
    looking = request.method in ("GET", "HEAD")
    where = here() if looking else safe_next(request.form.get("back"), came_from())
    flash(
        _("Please sign in to see this page.")
        if looking
        else _("Please sign in first. Nothing was changed."),
        "warning",
    )
    return redirect(url_for("accounts.sign_in", next=where), 303)


def _database_away(error: Exception) -> Response:
    """Answer while the database is away or busy with others: later it will do. Asks it for
    nothing.
    """
    if current_app.testing:
        raise error
    current_app.logger.exception("%s %s found no database", request.method, _asked_for())
    response = make_response(
        render_template(
            "errors/broken.html",
            status=503,
            heading=_heading(503),
            sentence=_sentence(503),
            had_files=bool(files_sent()),
        ),
        503,
    )
    response.headers["Retry-After"] = str(_LATER)
    return response


def _asked_for() -> str:
    """Return what a request asked for as the log may know it: addresses may hold a secret."""
    return request.url_rule.rule if request.url_rule else "?"


def _our_fault(error: Exception) -> Response:
    """Answer to a mistake of the program: in the log with all of it, on the page without.

    Asks the database for nothing.
    """
    if current_app.testing:
        raise error
    current_app.logger.exception("%s %s failed", request.method, _asked_for())
    return make_response(
        render_template(
            "errors/broken.html", status=500, heading=_heading(500), sentence=_sentence(500)
        ),
        500,
    )


def _page(status: int, sentence: str | None = None) -> Response:
    page: dict[str, Any] = {
        "status": status,
        "heading": _heading(status),
        "sentence": sentence or _sentence(status),
        "unsaved": _typed() if status == _NOT_NOW else [],
        "files": files_sent() if status == _NOT_NOW and current_person() else {},
    }
    return make_response(render_template("errors/show.html", **page), status)


def _typed() -> list[tuple[str, str]]:
    """Return what somebody who is signed in has sent, to be sent once more as it was."""
    if request.method != "POST" or current_person() is None:
        return []
    return [pair for pair in request.form.items(multi=True) if "password" not in pair[0]]


def _heading(status: int) -> str:
    headings = {
        400: _("This cannot be read"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible this way"),
        409: _("Not possible any more"),
        429: _("Too many tries"),
        500: _("Something went wrong here"),
        503: _("Not just now"),
    }
    return headings.get(status, _("This did not work"))


def _sentence(status: int) -> str:
    sentences = {
        400: _("The address or the form has a value that this service does not understand."),
        401: _("Please sign in first. Nothing was changed."),
        403: _(
            "What you hold here does not allow this. Whoever steers your unit can tell who may."
        ),
        404: _(
            "There is nothing at this address, or it has moved. Please check the address, or "
            "start from the calendar."
        ),
        405: _("Please use the buttons on the page. Nothing was changed."),
        429: _(
            "There were too many tries in a short time. Please wait a few minutes and try again."
        ),
        500: _(
            "The mistake is on our side and was recorded. What was saved is safe. Please try "
            "again later."
        ),
        503: _(
            "The database does not answer just now. Nothing was changed. Please try again in a "
            "minute; what you typed is still there when you go back."
        ),
    }
    return sentences.get(status, sentences[400] if status < 500 else sentences[500])
