"""What a person's posts are in charge of, all of it: what is due first stands on the first page."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from events.checklist.mine import work_of
from events.models import Person
from web.kit.context import get_session, today
from web.kit.entries import page_of
from web.kit.forms import for_people

bp = Blueprint("mine", __name__, url_prefix="/viec-cua-toi")

_A_PAGE = 30  # items


@bp.get("/")
def show() -> ResponseReturnValue:
    """Show all open items of the posts of whoever is signed in, page ``?trang=`` of them."""

    def page(person: Person) -> str:
        number = page_of(request.args.get("trang", ""))
        work = work_of(get_session(), person, today(), limit=_A_PAGE, offset=(number - 1) * _A_PAGE)
        return render_template(
            "mine/show.html", work=work, number=number, pages=-(-work.total // _A_PAGE)
        )

    return for_people(page)
