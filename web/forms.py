"""Pages with forms for people who are signed in: shown, sent, and shown again with what was typed and what is wrong with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from events.errors import ConflictError, DomainError, InvalidInputError, NotFoundError
from events.language import say
from events.models import Person
from web.addresses import here
from web.context import current_person, get_session, now
from web.entries import WrongEntriesError
from web.language import current
from web.language import gettext as _

Use = Callable[[Session, Person, datetime], Any]


def for_people(page: Callable[[Person], str]) -> ResponseReturnValue:
    """Show a page with forms to somebody who is signed in."""
    person = current_person()
    if person is None:
        flash(_("Please sign in to see this page."), "warning")
        return redirect(url_for("accounts.sign_in", next=here()), 303)
    return page(person)


def send(
    use: Use, done: str, sentence: str | Callable[[Any], str], again: Callable[[Person, DomainError], str]
) -> ResponseReturnValue:
    """Carry out what a form asks for; what cannot be done is said on its page, with what was typed.

    ``sentence`` says that it was done; one that names what came of it is made from what ``use`` returns.
    """
    person = current_person()
    if person is None:
        flash(_("Please sign in first. Nothing was changed."), "warning")
        return redirect(url_for("accounts.sign_in", next=done), 303)
    session = get_session()
    try:
        result = use(session, person, now())
    except (ConflictError, InvalidInputError) as error:
        session.rollback()
        return again(person, error), 409 if isinstance(error, ConflictError) else 400
    session.commit()
    flash(sentence if isinstance(sentence, str) else sentence(result), "success")
    return redirect(done, 303)


def wrong_fields(error: DomainError | None, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the fields that ``error`` is about: the name, the label and what is wrong, in the order of ``labels``."""
    fields = error.fields if isinstance(error, WrongEntriesError) else {}
    return [(name, label, say(fields[name], current())) for name, label in labels.items() if name in fields]


def said(error: DomainError | None) -> str | None:
    return say(error, current()) if error else None


class Form(FlaskForm):  # type: ignore[misc] # flask-wtf ships no types
    """A form with its token against forged requests."""


def try_form(form: Form, act: Callable[[], ResponseReturnValue], again: Callable[[str | None], str]) -> ResponseReturnValue:
    """Call a use case; what is refused is said above the form, with what was typed."""
    if not form.validate():
        return again(None), 400
    try:
        return act()
    except NotFoundError:
        raise
    except DomainError as error:
        get_session().rollback()
        return again(say(error, current())), 400


def wanted_state() -> bool:
    state = request.form.get("state")
    if state not in ("on", "off"):
        raise InvalidInputError
    return state == "on"
