"""The templates that campaigns are made from, with their versions. Everybody may look; administrators make new versions."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import MultiDict

from events import carry_forward, kinds, template_files, templates
from events.entries import ItemEntry
from events.errors import N_, DomainError, InvalidInputError, NotFoundError
from events.language import say
from events.models import Anchor, Campaign, Cascade, EvidenceType, IfNoLevel, Person, Phase, Role, Template
from events.recurrence import FIRST_YEAR, LAST_YEAR
from events.units import levels
from events.workdays import Shift
from web.context import current_person, get_session, now, today
from web.entries import number_of
from web.language import current
from web.language import gettext as _
from web.language import lazy_gettext as _l
from web.mail import administrators_only

bp = Blueprint("templates", __name__, url_prefix="/mau")

_MOST_ITEMS = 80
_TEXTS = ("key", "title_vi", "title_en", "phase", "anchor", "offset_days", "cascade", "role", "evidence_min", "weight", "shift")
_OPTIONAL = ("end_offset_days", "note")
_TICKS = ("without_evidence", "required")
_LISTS = ("levels", "evidence")
_BY_LEVEL = {"level_offsets": "days", "level_end_offsets": "end"}  # and what their fields are called in the form
_WORDS = ("depends_on", "support_roles")  # typed with commas between
_CHOICES = {
    "anchor": {
        Anchor.DAY: _l("the day"),
        Anchor.START: _l("the first day"),
        Anchor.END: _l("the last day"),
        Anchor.EVENT: _l("the chosen day"),
        Anchor.CUTOFF: _l("the cut-off day"),
        Anchor.PLAN: _l("the day its plan is issued"),
    },
    "shift": {
        Shift.PREVIOUS: _l("to the working day before"),
        Shift.NEXT: _l("to the working day after"),
        Shift.NONE: _l("not at all"),
    },
    "cascade": {Cascade.EACH: _l("every unit of the levels"), Cascade.ONE: _l("only the unit at the top")},
    "if_no_district": {
        IfNoLevel.DROP: _l("nobody"),
        IfNoLevel.COMMUNE: _l("the communes"),
        IfNoLevel.PROVINCE: _l("the province"),
    },
}


@bp.get("/")
def index() -> str:
    """List the templates with their versions."""
    query = select(Template).options(selectinload(Template.versions)).order_by(Template.position, Template.id)
    return render_template("kinds/index.html", templates=get_session().scalars(query).all())


@bp.get("/<key>")
def show(key: str) -> str:
    """Show the items of the newest version."""
    session = get_session()
    template = templates.get_template(session, key)
    running = select(Campaign).where(Campaign.template_id == template.id, Campaign.parent_id.is_(None), Campaign.dtend > today())
    phases = {phase.key: phase for phase in session.scalars(select(Phase))}
    campaigns = session.scalars(running.order_by(Campaign.dtstart)).all()
    return render_template(
        "kinds/show.html", template=template, phases=phases, campaigns=campaigns, choices=_CHOICES, levels=levels(session)
    )


@bp.get("/<key>/sua")
@administrators_only
def edit(key: str) -> ResponseReturnValue:
    """Show the form with one block an item."""
    template = templates.get_template(get_session(), key)
    return _edit_page(template, [_row(templates.item_entry(item)) for item in template.current.items])


@bp.post("/<key>/sua")
@administrators_only
def save(key: str) -> ResponseReturnValue:
    """Save a new version; “add an item” only shows one block more."""
    session = get_session()
    template = templates.get_template(session, key)
    rows = _typed(request.form)
    if "add" in request.form:
        return _edit_page(template, [*rows, _row(None)])

    def act(person: Person) -> int:
        entries = [_entry(row) for row in rows]
        return templates.edit_template(
            session, template, entries, note=request.form.get("version_note"), by=person, now=now()
        ).number

    return _save(key, act, lambda problem: _edit_page(template, rows, problem))


@bp.post("/<key>/thoi-gian")
@administrators_only
def set_lead_times(key: str) -> ResponseReturnValue:
    """Store when campaigns open and how long a late plan leaves the units below."""
    session = get_session()
    template = templates.get_template(session, key)
    try:
        ahead, late = number_of(request.form.get("ahead", "")), number_of(request.form.get("late", ""))
        kinds.set_lead_times(template, ahead_days=ahead or 0, late_plan_workdays=late or 0)
    except InvalidInputError as error:
        session.rollback()
        flash(say(error, current()), "error")
        return redirect(url_for(".show", key=key), 303)
    session.commit()
    flash(_("Stored."), "success")
    return redirect(url_for(".show", key=key), 303)


@bp.get("/<key>.toml")
def export(key: str) -> Response:
    """Answer with a template as a file."""
    text = template_files.export_template(templates.get_template(get_session(), key))
    headers = {"Content-Disposition": f'attachment; filename="{key}.toml"'}
    return Response(text, mimetype="application/toml", headers=headers)


@bp.get("/nhap")
@administrators_only
def upload() -> ResponseReturnValue:
    """Show the form that takes a template file."""
    return render_template("kinds/upload.html", text="", problem=None)


@bp.post("/nhap")
@administrators_only
def take_in() -> ResponseReturnValue:
    """Save the items of a file as a new version of its template."""
    file = request.files.get("file")
    text = file.read().decode("utf-8", "replace") if file else request.form.get("text", "")
    session = get_session()
    problem, found = None, None
    try:
        found = template_files.import_template(session, text, by=_person(), now=now())
        session.commit()
    except DomainError as error:
        session.rollback()
        problem = say(error, current())
    if found is None:
        return render_template("kinds/upload.html", text=text, problem=problem), 400
    flash(_("Version %(number)s is stored.", number=found.number), "success")
    return redirect(url_for(".show", key=found.template.key), 303)


@bp.get("/<key>/de-xuat")
@administrators_only
def proposals(key: str) -> ResponseReturnValue:
    """Show what last year's lateness suggests."""
    session = get_session()
    template = templates.get_template(session, key)
    year = _year()
    found = carry_forward.propose(session, template, year)
    titles = {level.key: level for level in levels(session)}
    return render_template("kinds/proposals.html", template=template, year=year, proposals=found, levels=titles)


@bp.post("/<key>/de-xuat")
@administrators_only
def take_proposals(key: str) -> ResponseReturnValue:
    """Make a new version with the chosen proposals."""
    session = get_session()
    template = templates.get_template(session, key)
    year = _year()
    chosen = [one for one in carry_forward.propose(session, template, year) if one.name in request.form.getlist("chosen")]
    entries = carry_forward.with_proposals(template, chosen)
    note = f"Theo tiến độ năm {year}"
    number = templates.edit_template(session, template, entries, note=note, by=_person(), now=now()).number
    session.commit()
    flash(_("Version %(number)s is stored.", number=number), "success")
    return redirect(url_for(".show", key=key), 303)


def _save(key: str, act: Callable[[Person], int], again: Callable[[str], str]) -> ResponseReturnValue:
    session = get_session()
    try:
        number = act(_person())
        session.commit()
    except NotFoundError:
        raise
    except DomainError as error:
        session.rollback()
        about = f"{error.facts['item']}: " if "item" in error.facts else ""
        return again(about + say(error, current())), 400
    flash(_("Version %(number)s is stored.", number=number), "success")
    return redirect(url_for(".show", key=key), 303)


def _edit_page(template: Template, rows: list[dict[str, Any]], problem: str | None = None) -> str:
    session = get_session()
    return render_template(
        "kinds/edit.html",
        template=template,
        rows=rows,
        problem=problem,
        version_note=request.form.get("version_note", ""),
        choices=_CHOICES,
        levels=levels(session),
        phases=session.scalars(select(Phase).order_by(Phase.position)).all(),
        kinds=session.scalars(select(EvidenceType).order_by(EvidenceType.position)).all(),
        roles=session.scalars(select(Role).order_by(Role.position)).all(),
    )


def _row(entry: ItemEntry | None) -> dict[str, Any]:
    """Return an item as the form shows it: texts, and sets of keys."""
    if entry is None:
        return dict.fromkeys((*_TEXTS, *_OPTIONAL, *_WORDS, *_TICKS, "if_no_district"), "") | {
            **{name: [] for name in _LISTS},
            "level_offsets": {},
            "level_end_offsets": {},
            "weight": "1",
            "evidence_min": "0",
        }
    values = entry.model_dump(mode="json")
    row = {name: "" if values[name] is None else str(values[name]) for name in (*_TEXTS, *_OPTIONAL, "if_no_district")}
    words = {name: ", ".join(values[name]) for name in _WORDS}
    offsets = {name: {level: str(days) for level, days in values[name].items()} for name in _BY_LEVEL}
    return row | words | {name: values[name] for name in (*_LISTS, *_TICKS)} | offsets


def _typed(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """Return the blocks of the form as rows; those marked for removal are left out."""
    count = form.get("count", 0, type=int)
    numbers = [n for n in range(min(count, _MOST_ITEMS)) if f"{n}.remove" not in form]
    return [_block(form, f"{n}.") for n in numbers]


def _block(form: MultiDict[str, str], prefix: str) -> dict[str, Any]:
    row: dict[str, Any] = {name: form.get(prefix + name, "").strip() for name in (*_TEXTS, *_OPTIONAL, *_WORDS, "if_no_district")}
    row |= {name: form.getlist(prefix + name) for name in _LISTS}
    row |= {name: prefix + name in form for name in _TICKS}
    return row | {name: _by_level(form, f"{prefix}{field}.") for name, field in _BY_LEVEL.items()}


def _by_level(form: MultiDict[str, str], start: str) -> dict[str, str]:
    """Return by level what was typed into the fields whose names begin with ``start``."""
    return {name.removeprefix(start): text.strip() for name, text in form.items() if name.startswith(start) and text.strip()}


def _entry(row: Mapping[str, Any]) -> ItemEntry:
    """Return a row as an item. Raises ``InvalidInputError`` that names the item and the field."""
    values = {name: value for name, value in row.items() if name not in _OPTIONAL or value}
    values |= {name: [word.strip() for word in row[name].split(",") if word.strip()] for name in _WORDS}
    try:
        return ItemEntry.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        item = row["title_vi"] or row["key"] or "?"
        raise InvalidInputError(
            N_("“%(value)s” cannot stand in “%(field)s”."), item=item, field=field, value=first["input"]
        ) from error


def _person() -> Person:
    person = current_person()
    assert person is not None, "only administrators come here"
    return person


def _year() -> int:
    """Return the year that was asked for; last year where none was, or one that cannot be."""
    year = request.values.get("nam", 0, type=int)
    return year if FIRST_YEAR <= year <= LAST_YEAR else today().year - 1
