"""Pages with forms for people who are signed in: shown, sent, and shown again with what was typed
and what is wrong with it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField

from events.database.sessions import saying_not_now
from events.errors import (
    N_,
    ChangedMeanwhileError,
    ConflictError,
    DomainError,
    InvalidInputError,
    NotNowError,
    YearOutOfRangeError,
)
from events.models import Person
from events.words.language import say
from web.kit.addresses import here
from web.kit.context import WAIT, begin_writing, current_person, now, read_again
from web.kit.entries import WrongEntriesError
from web.kit.language import current
from web.kit.language import gettext as _
from web.kit.uploads import files_sent

Use = Callable[[Session, Person, datetime], Any]


def for_people(page: Callable[[Person], ResponseReturnValue]) -> ResponseReturnValue:
    """Show a page with forms to somebody who is signed in."""
    person = current_person()
    if person is None:
        flash(_("Please sign in to see this page."), "warning")
        return redirect(url_for("accounts.sign_in", next=here()), 303)
    return page(person)


def send(
    use: Use,
    done: str | Callable[[Any], str],
    sentence: str | Callable[[Any], str],
    again: Callable[[Person, DomainError], str | tuple[str, int]] | None = None,
    *,
    first: Callable[[Person], object] = lambda person: None,
    by: Person | None = None,
) -> ResponseReturnValue:
    """Carry out what a form asks for, go to ``done`` and say so; what cannot be done is said on its
    page, with what was typed.

    An address or a sentence that depends on what came of it is made from what ``use`` returns. A
    button that has nothing to show again needs no ``again``; a page that knows its status brings it
    along. ``first`` is done before anything is written: it reads, and takes its time with files
    while nobody waits for it. ``by`` is who sends it, where that is not whoever is signed in.
    """
    person = by or current_person()
    if person is None:
        flash(_("Please sign in first. Nothing was changed."), "warning")
        return redirect(
            url_for("accounts.sign_in", next=done if isinstance(done, str) else None), 303
        )
    try:
        first(person)
        with saying_not_now():
            session = begin_writing()
            result = use(session, person, now())
            session.commit()
    except (ConflictError, InvalidInputError, NotNowError, YearOutOfRangeError) as error:
        read_again()
        if again is None:
            raise
        if isinstance(error, NotNowError) and files_sent():
            flash(
                _("Files that were chosen are not kept by the browser: please choose them again."),
                "warning",
            )
        page = again(person, error)
        return page if isinstance(page, tuple) else (page, *refusal_of(error))
    read_again()  # what is said now is nobody else's wait
    flash(sentence if isinstance(sentence, str) else sentence(result), "success")
    return redirect(done if isinstance(done, str) else done(result), 303)


def refusal_of(error: DomainError) -> tuple[int, dict[str, str]]:
    """Return the status of a page that says why something was refused, and its headers."""
    if isinstance(error, NotNowError):
        return 503, {"Retry-After": str(WAIT)}
    return (409 if isinstance(error, ConflictError) else 400), {}


def wrong_fields(
    error: DomainError | None, labels: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return the fields that ``error`` is about: the name, the label and what is wrong, in the
    order of ``labels``.
    """
    fields = error.fields if isinstance(error, WrongEntriesError) else {}
    return [
        (name, label, say(fields[name], current()))
        for name, label in labels.items()
        if name in fields
    ]


def said(error: DomainError | None) -> str | None:
    return say(error, current()) if error else None


class Form(FlaskForm):
    """A form with its token against forged requests."""


class ChangingForm(Form):
    """A form that brings along what it showed, so that it overwrites nothing that was stored
    meanwhile.
    """

    shown = HiddenField()


def send_form(
    form: Form,
    use: Use,
    done: str | Callable[[Any], str],
    sentence: str | Callable[[Any], str],
    again: Callable[[str | None], str],
    *,
    first: Callable[[Person], object] = lambda person: None,
) -> ResponseReturnValue:
    """Do as ``send`` if the fields are right; those that are not say so themselves, what is refused
    is said above them.

    A ``ChangingForm`` that is refused since something else was stored meanwhile has then been told,
    and may be sent once more.
    """
    if current_person() is not None and not form.validate():
        return again(None), 400

    def refused(_person: Person, error: DomainError) -> str:
        if isinstance(error, ChangedMeanwhileError):
            form.shown.data = error.now_shown
        return again(said(error))

    return send(use, done, sentence, refused, first=first)


def wanted_state() -> bool:
    state = request.form.get("state")
    if state not in ("on", "off"):
        raise InvalidInputError
    return state == "on"


def wanted_campaign() -> str:
    """Return the campaign that was chosen from a list that begins with none.

    Raises ``InvalidInputError`` if none was.
    """
    if not request.form.get("campaign"):
        raise InvalidInputError(N_("Please choose a campaign."))
    return request.form["campaign"]
