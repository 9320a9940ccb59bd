"""Personal data, for administrators: what is stored of a person, taken along or erased."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import N_, InvalidInputError
from events.models import Person
from events.people.persons import get_person, search_people
from web.accounts.devices import sign_person_out
from web.accounts.my_data import data_file
from web.accounts.personal_data import erase, number_stored, pseudonym_of
from web.kit.context import get_session, today
from web.kit.forms import send
from web.kit.language import gettext as _

bp = Blueprint("persons", __name__, url_prefix="/quan-tri/nguoi")

_SHOWN = 50  # people found


@bp.get("")
def index() -> ResponseReturnValue:
    """Find people by name or address."""
    words = request.args.get("tim", "").strip()[:200]
    found = search_people(get_session(), words, limit=_SHOWN) if words else ()
    return render_template("persons/index.html", words=words, people=found, shown=_SHOWN)


@bp.get("/<int:person_id>")
def show(person_id: int) -> ResponseReturnValue:
    """Show how much is stored of a person."""
    session = get_session()
    person = get_person(session, person_id)
    return render_template(
        "persons/show.html",
        person=person,
        posts=[post for post in person.posts if post.is_valid(today())],
        stored=number_stored(session, person),
        pseudonym=pseudonym_of(person),
    )


@bp.post("/<int:person_id>/du-lieu")
def take_along(person_id: int) -> ResponseReturnValue:
    """Answer with everything that is stored of a person."""
    return data_file(get_person(get_session(), person_id))


@bp.post("/<int:person_id>/dang-xuat")
def sign_out(person_id: int) -> ResponseReturnValue:
    """Sign a person out everywhere; somebody who is out already stays so."""

    def use(session: Session, by: Person, at: datetime) -> int:
        return sign_person_out(session, get_person(session, person_id), by=by, now=at)

    return send(
        use,
        url_for(".show", person_id=person_id),
        lambda count: _("Signed out on %(count)s devices.", count=count),
    )


@bp.post("/<int:person_id>/xoa")
def erase_person(person_id: int) -> ResponseReturnValue:
    """Erase what names a person."""

    def use(session: Session, by: Person, at: datetime) -> str:
        if request.form.get("sure") != "1":
            raise InvalidInputError(N_("Please confirm that the person is to be erased."))
        return erase(session, get_person(session, person_id), by=by, now=at)

    return send(
        use, url_for(".index"), lambda name: _("Erased. The history says “%(name)s”.", name=name)
    )
