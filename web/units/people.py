"""Who holds which post in a unit: added, corrected and ended by people with a post there or
above.
"""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, StringField, TelField
from wtforms.validators import Email, InputRequired, Length, Optional

from events.errors import ConflictError, DomainError, InvalidInputError
from events.models import Person, Post, PostOffer, Unit
from events.people.offers import appoint_or_offer, offers_made_by_unit
from events.people.persons import correct_person, normal_email
from events.people.posts import end_post, posts_of_unit
from events.people.rights import Capability, may
from events.people.roles import roles_at
from events.units.tree import ancestors, get_unit
from notifications.notices.offers import tell_of_offer
from web.kit.addresses import here
from web.kit.closed_units import ClosedNotice, closed_notice
from web.kit.context import current_person, get_session, now, today, writing
from web.kit.fields import SelectField
from web.kit.forms import Form, said
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title

bp = Blueprint("people", __name__)

_UNPROCESSABLE = 422


class PersonForm(Form):
    """Somebody's name and number."""

    full_name = StringField(
        _l("Full name"),
        [
            InputRequired(_l("Please enter the full name.")),
            Length(max=200, message=_l("This name is too long.")),
        ],
    )
    phone = TelField(
        _l("Telephone"), [Optional(), Length(max=40, message=_l("This number is too long."))]
    )


class AppointForm(PersonForm):
    """Somebody for a post."""

    email = EmailField(
        _l("E-mail"),
        [
            InputRequired(_l("Please enter the e-mail address.")),
            Length(max=255, message=_l("This address is too long.")),
            Email(_l("This is not an e-mail address, for example ten@example.org.")),
        ],
        filters=[normal_email],
        description=_l("Reminders and sign-in links go there."),
    )
    role = SelectField(_l("Post"), [InputRequired(_l("Please choose the post."))])


@bp.get("/don-vi/<slug>/nhan-su")
def show(slug: str) -> ResponseReturnValue:
    """List the posts of a unit with the form for a new one; of a closed one say to everybody who
    signed in where it went.
    """
    unit = get_unit(get_session(), slug)
    closed = (
        closed_notice(unit, lambda other: url_for(".show", slug=other.slug))
        if current_person()
        else None
    )
    if closed:
        return _page(unit, None, closed)
    unit, _person = _allowed(slug)
    return _page(unit, _form(unit, None))


@bp.post("/don-vi/<slug>/nhan-su")
def add(slug: str) -> ResponseReturnValue:
    """Put somebody in a post."""
    unit, person = _allowed(slug)
    form = _form(unit, ...)
    if not form.validate_on_submit():
        return _page(unit, form), _UNPROCESSABLE
    who = {
        "full_name": form.full_name.data,
        "email": form.email.data,
        "phone": form.phone.data or None,
    }
    try:
        with writing() as session:
            given = appoint_or_offer(session, unit, form.role.data, **who, by=person, now=now())
            if isinstance(given, PostOffer):
                tell_of_offer(session, given, now=now())
            session.commit()
    except (ConflictError, InvalidInputError) as error:
        return _page(unit, form, error=error), _UNPROCESSABLE
    flash(_said(given), "success")
    return redirect(url_for(".show", slug=slug), 303)


@bp.get("/don-vi/<slug>/nhan-su/<int:post_id>/sua")
def edit(slug: str, post_id: int) -> ResponseReturnValue:
    """Show the form to correct the name and number of whoever holds a post."""
    unit, _person = _allowed(slug)
    post = _post(unit, post_id)
    return _edit_page(post, PersonForm(formdata=None, obj=post.person))


@bp.post("/don-vi/<slug>/nhan-su/<int:post_id>/sua")
def correct(slug: str, post_id: int) -> ResponseReturnValue:
    """Correct the name and number of whoever holds a post."""
    unit, person = _allowed(slug)
    post, form = _post(unit, post_id), PersonForm()
    if not form.validate_on_submit():
        return _edit_page(post, form), _UNPROCESSABLE
    who = {"full_name": form.full_name.data, "phone": form.phone.data}
    try:
        with writing() as session:
            corrected = correct_person(session, post_id, **who, by=person, now=now())
            session.commit()
    except InvalidInputError as error:
        return _edit_page(post, form, error), _UNPROCESSABLE
    flash(_("Stored: %(name)s", name=corrected.full_name), "success")
    return redirect(url_for(".show", slug=slug), 303)


@bp.post("/don-vi/<slug>/nhan-su/<int:post_id>/ket-thuc")
def end(slug: str, post_id: int) -> ResponseReturnValue:
    """End a post as of today."""
    unit, person = _allowed(slug)
    _post(unit, post_id)
    with writing() as session:
        post = end_post(session, post_id, by=person, now=now())
        session.commit()
    flash(_("%(name)s no longer holds the post.", name=post.person.full_name), "success")
    return redirect(url_for(".show", slug=slug), 303)


def _said(given: Post | PostOffer) -> str:
    """Say what came of it, and no more of somebody of another unit than was typed."""
    if isinstance(given, Post):
        return _("%(name)s now holds the post.", name=given.person.full_name)
    return _(
        "%(email)s belongs to somebody who works elsewhere. The post is offered to them by mail; "
        "they or their own unit accept it.",
        email=given.person.email,
    )


def _allowed(slug: str) -> tuple[Unit, Person]:
    """Return the unit and who is looking; strangers are sent to sign in, others away."""
    person = current_person()
    if person is None:
        abort(redirect(url_for("accounts.sign_in", next=here()), 303))
    unit = get_unit(get_session(), slug)
    if not may(get_session(), person, Capability.CHANGE_PEOPLE, unit, today()):
        abort(403)
    return unit, person


def _post(unit: Unit, post_id: int) -> Post:
    post = get_session().get(Post, post_id)
    if post is None or post.unit_id != unit.id:
        abort(404)
    return post


def _form(unit: Unit, formdata: object) -> AppointForm:
    form = AppointForm() if formdata is ... else AppointForm(formdata=None)
    roles = roles_at(get_session(), unit, today())
    form.role.choices = [("", _("– choose –")), *((role.key, title(role)) for role in roles)]
    return form


def _edit_page(post: Post, form: PersonForm, error: DomainError | None = None) -> str:
    unit, path = post.unit, ancestors(post.unit)[::-1]
    return render_template(
        "people/edit.html", unit=unit, unit_path=path, post=post, form=form, problem=said(error)
    )


def _page(
    unit: Unit,
    form: AppointForm | None,
    closed: ClosedNotice | None = None,
    error: DomainError | None = None,
) -> str:
    return render_template(
        "people/show.html",
        unit=unit,
        unit_path=ancestors(unit)[::-1],
        posts=posts_of_unit(get_session(), unit.id, today()),
        form=form,
        offers=offers_made_by_unit(get_session(), unit) if form else (),
        closed=closed,
        problem=said(error),
    )
