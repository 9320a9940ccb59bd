"""One's own data, taken along as a file."""

import json

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from events.models import AuditKind, Person
from events.people import audit
from web.accounts.my_account import account_here
from web.accounts.personal_data import export, number_stored
from web.kit.context import current_person, get_session, now, writing

bp = Blueprint("my_data", __name__, url_prefix="/tai-khoan/du-lieu")


@bp.get("")
def show() -> ResponseReturnValue:
    """Say what is stored, why and for how long."""
    person = account_here().person
    return render_template("accounts/data.html", stored=number_stored(get_session(), person))


@bp.post("")
def take_along() -> ResponseReturnValue:
    """Answer with everything that is stored of whoever is signed in."""
    return data_file(account_here().person)


def data_file(person: Person) -> Response:
    """Return a person's data as a file of JSON; that it was taken is in the log."""
    with writing() as session:
        audit.record(session, AuditKind.DATA_EXPORTED, now=now(), by=current_person(), about=person)
        session.commit()
    body = json.dumps(export(get_session(), person), ensure_ascii=False, indent=1, default=str)
    headers = {
        "Content-Disposition": f'attachment; filename="du-lieu-{person.id}.json"',
        "Cache-Control": "no-store",
    }
    return Response(body + "\n", mimetype="application/json", headers=headers)
