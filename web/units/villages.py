"""A commune's villages: entered, corrected and ended by people with a post there or above."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import DomainError, NotFoundError
from events.models import Person, Unit
from events.people.rights import Capability, may
from events.reforms.villages import (
    add_village,
    correct_village,
    end_village,
    titles_of,
    usual_type,
    villages_of,
)
from events.units.tree import ancestors, get_unit
from web.kit.closed_units import closed_notice
from web.kit.context import get_calendar, get_session, today
from web.kit.forms import Use, for_people, said, send
from web.kit.language import gettext as _
from web.kit.words import unit_within

bp = Blueprint("villages", __name__, url_prefix="/don-vi/<slug>/thon")


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Show a commune's villages and the form for another one."""
    return for_people(lambda person: _page(slug, person))


@bp.post("")
def add(slug: str) -> ResponseReturnValue:
    """Enter a village; it gets its copies of what runs."""

    def use(session: Session, person: Person, at: datetime) -> object:
        commune = get_unit(session, slug)
        return add_village(
            session, commune, _kind(), _name(), by=person, now=at, calendar=get_calendar()
        )

    return _change(
        slug, use, lambda village: _("Added: %(unit)s", unit=unit_within(village.full_name))
    )


@bp.post("/<int:village_id>/sua")
def correct(slug: str, village_id: int) -> ResponseReturnValue:
    """Correct what a village is called."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return correct_village(session, village_id, _kind(), _name(), by=person, now=at)

    return _change(
        slug,
        use,
        lambda village: _("It is called %(unit)s now.", unit=unit_within(village.full_name)),
    )


@bp.post("/<int:village_id>/ket-thuc")
def end(slug: str, village_id: int) -> ResponseReturnValue:
    """End a village."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return end_village(session, village_id, by=person, now=at)

    return _change(
        slug,
        use,
        lambda village: _(
            "Today is the last day of %(unit)s.", unit=unit_within(village.full_name)
        ),
    )


def _kind() -> str:
    return request.form.get("kind", "")


def _name() -> str:
    return request.form.get("name", "")


def _change(slug: str, use: Use, sentence: Callable[[Unit], str]) -> ResponseReturnValue:
    done = url_for(".show", slug=slug)
    return send(use, done, sentence, lambda person, error: _page(slug, person, error))


def _page(slug: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    commune = get_unit(session, slug)
    level = commune.level.enters
    if level is None:
        raise NotFoundError(kind="unit", key=slug)
    return render_template(
        "villages/show.html",
        commune=commune,
        closed=closed_notice(commune, _address_of),
        unit_path=ancestors(commune)[::-1],
        villages=villages_of(session, commune, today()),
        types=titles_of(level),
        usual=usual_type(level, commune),
        may_enter=commune.is_valid(today())
        and may(session, person, Capability.ENTER_VILLAGES, commune, today()),
        error=said(error),
    )


def _address_of(unit: Unit) -> str:
    return (
        url_for(".show", slug=unit.slug)
        if unit.level.enters
        else url_for("units.show", slug=unit.slug)
    )
