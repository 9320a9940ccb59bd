"""Changes of units, for officers: merge, split, rename, abolish a level, move, found, with
what would happen shown first.

A preview does the whole change and takes it back, so that it cannot show anything else than what
applying does.
"""

from collections.abc import Callable, Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.checklist.history import Stamp
from events.database.sessions import Session
from events.errors import N_, ConflictError, DomainError, InvalidInputError, NotNowError
from events.models import Level, Reform, Unit
from events.people.proposed_posts import waiting_proposals
from events.reforms.closed_units import open_in_closed_units
from events.reforms.handover import hand_over_due
from events.reforms.reform import abolish_level, found, merge, move, reforms, rename, split
from events.reforms.taking_back import TAKEN_BACK, names_in, take_back
from events.reforms.writing import NewUnit, Reformed
from events.units.tree import levels, staying_units
from events.words.texts import folded, nfc
from web.kit.context import get_session, now, signed_in_person, today, writing
from web.kit.entries import Entries, day_of
from web.kit.forms import said, wrong_fields
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("reforms", __name__, url_prefix="/cai-cach")

_KINDS = ("sap-nhap", "chia-tach", "doi-ten", "bo-cap", "chuyen", "lap-moi")
_LABELS = {
    "unit": _l("Unit"),
    "parts": _l("New units, one a line"),
    "name": _l("Full name of the new unit"),
    "on": _l("First day of the new units"),
    "level": _l("Level"),
    "parent": _l("Unit above"),
}
_LABELS_OF = {
    "doi-ten": {"name": _l("New name, in full"), "on": _l("First day of the new name")},
    "bo-cap": {"on": _l("First day without this level")},
    "chuyen": {"on": _l("First day below the other unit"), "parent": _l("Other unit above")},
    "lap-moi": {"on": _l("First day of the new unit")},
}
_MISSING = {
    "unit": N_("Please choose one unit."),
    "parts": N_("Please enter the new units."),
    "name": N_("Please enter the name."),
    "on": N_("Please enter the day from which the change applies."),
    "level": N_("Please choose a level."),
    "parent": N_("Please choose the unit above."),
}
_NEEDED = dict(
    zip(
        _KINDS,
        (
            ("name", "on"),
            ("unit", "parts", "on"),
            ("unit", "name", "on"),
            ("level", "on"),
            ("unit", "parent", "on"),
            ("level", "parent", "name", "on"),
        ),
        strict=True,
    )
)
_UNPROCESSABLE = 422
_SHOWN = 100  # units a preview names; abolishing a level can end hundreds


@bp.get("/")
def index() -> ResponseReturnValue:
    """List the reforms, the posts to confirm and what still waits to be handed over."""
    session = get_session()
    entered = reforms(session)
    return render_template(
        "reforms/index.html",
        reforms=entered,
        names=names_in(session, entered),
        taken_back=[reform for reform in entered if TAKEN_BACK in reform.detail],
        proposals=waiting_proposals(session),
        waiting=len(open_in_closed_units(session, today())),
    )


@bp.get("/moi/<kind>")
def new(kind: str) -> ResponseReturnValue:
    """Offer the form of one kind of change."""
    return _form(kind)


@bp.post("/moi/<kind>")
def change(kind: str) -> ResponseReturnValue:
    """Show what the change would do, or, with the second button, do it."""
    if kind not in _KINDS:
        abort(404)
    if request.form.get("lam") == "tim":
        return _form(kind)
    try:
        _check_needed(kind)
        with writing() as session:
            done = _USE_CASES[kind](session)
            if request.form.get("lam") != "ap-dung":
                return _preview(session, kind, done)
            session.commit()
    except NotNowError:
        raise
    except DomainError as error:
        return _form(kind, error), _UNPROCESSABLE
    flash(_("The change applies from %(day)s.", day=f"{done.reform.on:%d/%m/%Y}"), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/<int:reform_id>/rut-lai")
def confirm_taking_back(reform_id: int) -> ResponseReturnValue:
    """Show which units would be no more and which would live on."""
    return _taking_back(reform_id)


@bp.post("/<int:reform_id>/rut-lai")
def taking_back(reform_id: int) -> ResponseReturnValue:
    """Take back a change that was entered by mistake."""
    try:
        with writing() as session:
            take_back(session, reform_id, by=signed_in_person(), now=now())
            session.commit()
    except ConflictError as error:
        return _taking_back(reform_id, error), 409
    flash(_("The change was taken back."), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/ban-giao")
def hand_over() -> ResponseReturnValue:
    """Hand over what closed units left open."""
    with writing() as session:
        done = hand_over_due(session, stamp=Stamp(signed_in_person(), now()))
        session.commit()
    sentence = _(
        "Handed over: %(closed)s items of old units, %(begun)s in new ones.",
        closed=done.closed,
        begun=done.begun,
    )
    flash(sentence, "success")
    return redirect(url_for(".index"), 303)


def _taking_back(reform_id: int, error: DomainError | None = None) -> str:
    session = get_session()
    reform = session.get(Reform, reform_id)
    if reform is None:
        abort(404)
    names = names_in(session, [reform])
    return render_template(
        "reforms/take_back.html",
        reform=reform,
        ended=[names[key] for key in reform.detail["before"] if key in names],
        begun=[names[key] for key in reform.detail["after"] if key in names],
        shown=_SHOWN,
        error=said(error),
    )


def _form(kind: str, error: DomainError | None = None) -> str:
    if kind not in _KINDS:
        abort(404)
    session = get_session()
    units = staying_units(session, today())
    lowest = max((unit.level.rank for unit in units), default=0)
    chosen = set(request.form.getlist("unit") or request.args.getlist("unit"))
    labels = _LABELS | _LABELS_OF.get(kind, {})
    return render_template(
        "reforms/form.html",
        kind=kind,
        heading=_heading(kind),
        error=said(error),
        labels=labels,
        wrong=wrong_fields(error, labels),
        typed=request.form,
        chosen=[unit for unit in units if unit.key in chosen],
        groups=_groups(units),
        found=_found(units, _text("q")) - chosen,
        parents=[unit for unit in units if unit.level.rank < lowest],
        levels=levels(session),
    )


def _groups(units: Sequence[Unit]) -> dict[tuple[Level, Unit | None], list[Unit]]:
    """Return the units by their level and the unit above, from the top down: as people look for
    them.
    """
    groups: dict[tuple[Level, Unit | None], list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.level.rank):
        groups.setdefault((unit.level, unit.parent), []).append(unit)
    return groups


def _found(units: Sequence[Unit], wanted: str) -> set[str]:
    """Return the keys of the units whose name has the words that were typed, diacritics or not; of
    all when none were.
    """
    words = folded(wanted).split()
    return {unit.key for unit in units if all(word in unit.search for word in words)}


def _preview(session: Session, kind: str, done: Reformed) -> str:
    moving = (
        done.handed_over.closed
        if done.handed_over
        else len(open_in_closed_units(session, done.reform.on))
    )
    return render_template(
        "reforms/preview.html",
        kind=kind,
        heading=_heading(kind),
        typed=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in ("csrf_token", "lam")
        ],
        on=done.reform.on,
        ended=[unit.full_name for unit in done.ended[:_SHOWN]],
        begun=[unit.full_name for unit in done.begun[:_SHOWN]],
        counts=(len(done.ended), len(done.begun)),
        items=moving,
        posts=done.posts,
        is_later=done.handed_over is None,
    )


def _heading(kind: str) -> str:
    return {
        "sap-nhap": _("Merge units"),
        "chia-tach": _("Split a unit"),
        "doi-ten": _("Rename a unit"),
        "bo-cap": _("Abolish a level"),
        "chuyen": _("Move a unit"),
        "lap-moi": _("New unit"),
    }[kind]


def _merge(session: Session) -> Reformed:
    new = NewUnit(_text("name"), code=_text("code") or None, parent_key=_text("parent") or None)
    return merge(session, request.form.getlist("unit"), new, **_common())  # type: ignore[arg-type]


def _split(session: Session) -> Reformed:
    return split(session, _unit(), _parts(), **_common())  # type: ignore[arg-type]


def _rename(session: Session) -> Reformed:
    return rename(session, _unit(), _text("name"), **_common())  # type: ignore[arg-type]


def _abolish(session: Session) -> Reformed:
    return abolish_level(session, _text("level"), **_common())  # type: ignore[arg-type]


def _move(session: Session) -> Reformed:
    return move(session, _unit(), _text("parent"), **_common())  # type: ignore[arg-type]


def _found_new(session: Session) -> Reformed:
    new = NewUnit(_text("name"), code=_text("code") or None, parent_key=_text("parent"))
    return found(session, new, _text("level"), **_common())  # type: ignore[arg-type]


_USE_CASES: dict[str, Callable[[Session], Reformed]] = dict(
    zip(_KINDS, (_merge, _split, _rename, _abolish, _move, _found_new), strict=True)
)


def _check_needed(kind: str) -> None:
    """Raise ``WrongEntriesError`` that tells at once of all fields that are empty and must not be,
    and of a day that is none.
    """
    entries = Entries(request.form)
    for name in _NEEDED[kind]:
        (entries.needed_day if name == "on" else entries.needed_text)(name, missing=_MISSING[name])
    entries.check()


def _common() -> dict[str, object]:
    return {
        "on": day_of(_text("on")),
        "basis": _text("basis") or None,
        "stamp": Stamp(signed_in_person(), now()),
    }


def _unit() -> str:
    keys = [key for key in request.form.getlist("unit") if key]
    if len(keys) != 1:
        raise InvalidInputError(N_("Please choose one unit."))
    return keys[0]


def _parts() -> list[NewUnit]:
    """Return the parts of a split: one a line, behind a colon the codes of the units below that go
    to it.
    """
    parts = []
    for line in _text("parts").splitlines():
        name, _colon, keys = line.partition(":")
        if name.strip():
            parts.append(NewUnit(name.strip(), children=tuple(keys.replace(",", " ").split())))
    return parts


def _text(name: str) -> str:
    return nfc(request.form.get(name, ""))[:4000]
