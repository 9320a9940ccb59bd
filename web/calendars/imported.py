"""Calendars of others that a unit looks at: an address that the clock fetches, or a file."""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.calendars import imported
from events.calendars.fetching import LARGEST
from events.calendars.taking_in import MOST_EVENTS, TakenIn
from events.database.sessions import Session
from events.errors import N_, DomainError, InvalidInputError
from events.models import Person, Unit
from events.people.rights import Capability
from events.people.visibility import Fact
from events.units.tree import ancestors, get_unit
from web.kit.context import get_session, now, read_again, signed_in_person
from web.kit.forms import said, send
from web.kit.language import gettext as _
from web.kit.sizes import LARGEST_CALENDAR
from web.kit.visibility import allowed, require_sight

bp = Blueprint("imported", __name__, url_prefix="/don-vi/<slug>/lich-khac")

_WITH_FILES = {f"{bp.name}.add", f"{bp.name}.replace"}


@bp.url_value_preprocessor
def make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a calendar through."""
    if endpoint in _WITH_FILES:
        request.max_content_length = LARGEST_CALENDAR


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Show what a unit looks at, how each was fetched last, and the form for another one."""
    signed_in_person()
    return _page(slug)


@bp.post("")
def add(slug: str) -> ResponseReturnValue:
    """Add an address or a file."""
    name, url = request.form.get("name", ""), request.form.get("url", "").strip()
    read: list[TakenIn] = []

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        if read:
            return imported.add_file(session, unit, name, read[0], by=person, now=at)
        return imported.add_address(session, unit, name, url, by=person, now=at)

    def sentence(calendar: Any) -> str:
        if calendar.url is None:
            return _("“%(name)s” is shown.", name=imported.called(calendar))
        return _(
            "“%(name)s” is fetched within a few minutes; this page then says how that went.",
            name=imported.called(calendar),
        )

    return send(
        use,
        _here(slug),
        sentence,
        lambda _person, error: _page(slug, error),
        first=lambda person: read.extend(_uploaded(slug, person, or_address=url)),
    )


@bp.post("/<int:calendar_id>/thay")
def replace(slug: str, calendar_id: int) -> ResponseReturnValue:
    """Put a newer file in the place of an uploaded one."""
    read: list[TakenIn] = []

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        return imported.replace_file(session, unit, calendar_id, read[0], by=person, now=at)

    return send(
        use,
        _here(slug),
        lambda calendar: _("“%(name)s” is shown.", name=imported.called(calendar)),
        lambda _person, error: _page(slug, error),
        first=lambda person: read.extend(_uploaded(slug, person)),
    )


@bp.post("/<int:calendar_id>/lay-lai")
def ask_again(slug: str, calendar_id: int) -> ResponseReturnValue:
    """Let the clock fetch a calendar now."""

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        return imported.ask_again(session, unit, calendar_id, by=person, now=at)

    sentence = _("It is fetched within a few minutes.")
    return send(use, _here(slug), sentence, lambda _person, error: _page(slug, error))


@bp.post("/<int:calendar_id>/bo")
def remove(slug: str, calendar_id: int) -> ResponseReturnValue:
    """Take a calendar away."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return imported.remove(session, get_unit(session, slug), calendar_id, by=person, now=at)

    return send(
        use,
        _here(slug),
        lambda name: _("“%(name)s” is no longer shown.", name=name),
        lambda _person, error: _page(slug, error),
    )


def _uploaded(slug: str, person: Person, or_address: str = "") -> list[TakenIn]:
    """Return the file of the form, read while nobody waits for it; none where an address is given.

    Raises ``NotAllowedError``, ``CalendarRefusedError``, ``InvalidInputError`` for neither of both.
    """
    imported.require_change(get_session(), get_unit(get_session(), slug), person, now())
    file = request.files.get("file")
    if file is None or not file.filename:
        if or_address:
            return []
        raise InvalidInputError(N_("Please enter an address or choose a file."))
    body = file.stream.read(LARGEST + 1)
    file.close()  # a large one lies on the disk
    return [imported.read_file(read_again(), body, now=now())]


def _here(slug: str) -> str:
    return url_for(".show", slug=slug)


def _page(slug: str, error: DomainError | None = None) -> str:
    session = get_session()
    unit = get_unit(session, slug)
    require_sight(Fact.IMPORTED_CALENDAR, unit)
    return render_template(
        "imported/show.html",
        unit=unit,
        unit_path=ancestors(unit)[::-1],
        calendars=imported.calendars_of(session, unit),
        called=imported.called,
        problem_of=imported.problem_of,
        may_change=may_add(unit),
        most=imported.MOST_OF_A_UNIT,
        most_events=MOST_EVENTS,
        error=said(error),
    )


def may_add(unit: Unit) -> bool:
    """Tell whether whoever is looking may choose what stands beside the days of ``unit``."""
    return allowed(Capability.DO_WORK, unit)
