"""What a person's posts are in charge of: what is due first stands on the first page, all of it on
a page of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from events.checklist.rights import in_charge
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    Person,
    Post,
    Unit,
)
from events.models.items import OPEN
from web.kit.context import get_session, today
from web.kit.forms import for_people

bp = Blueprint("mine", __name__, url_prefix="/viec-cua-toi")

_A_PAGE = 30  # items


@dataclass(frozen=True, slots=True)
class Work:
    """Some of the open items of a person's posts, by due date, out of ``total``; and the units of
    the posts.
    """

    items: Sequence[ChecklistItem]
    total: int
    units: Sequence[Unit]


@bp.get("/")
def show() -> ResponseReturnValue:
    """Show all open items of the posts of whoever is signed in, page ``?trang=`` of them."""

    def page(person: Person) -> str:
        number = min(max(request.args.get("trang", 1, type=int), 1), _A_PAGE**2)
        work = work_of(get_session(), person, limit=_A_PAGE, offset=(number - 1) * _A_PAGE)
        return render_template(
            "mine/show.html", work=work, number=number, pages=-(-work.total // _A_PAGE)
        )

    return for_people(page)


def work_of(session: Session, person: Person, *, limit: int, offset: int = 0) -> Work:
    """Return the open items that are due first, ``limit`` of them after ``offset`` others."""
    query = _open_items(person)
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    load = (
        joinedload(ChecklistItem.campaign).joinedload(Campaign.unit),
        joinedload(ChecklistItem.role),
    )
    by_due = (
        query.options(*load)
        .order_by(ChecklistItem.due, ChecklistItem.id)
        .limit(limit)
        .offset(offset)
    )
    return Work(session.scalars(by_due).all(), total or 0, _units(session, person))


def _open_items(person: Person) -> Select[ChecklistItem]:
    mine = (
        select(Post.id).where(in_charge(), Post.person_id == person.id, Post.on(today())).exists()
    )
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    return query.where(
        mine, ChecklistItem.status.in_(OPEN), Campaign.status != CampaignStatus.CANCELLED
    )


def _units(session: Session, person: Person) -> Sequence[Unit]:
    posts = select(Post.unit_id).where(Post.person_id == person.id, Post.on(today()))
    return session.scalars(
        select(Unit).where(Unit.id.in_(posts)).order_by(Unit.position, Unit.id)
    ).all()
