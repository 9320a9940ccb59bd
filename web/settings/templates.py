"""The templates that campaigns are made from, with their versions.

Everybody may look; officers at the top make new versions.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns import other_kinds
from events.campaigns.lookup import running_tops
from events.database.sessions import Session
from events.days.recurrence import FIRST_YEAR, LAST_YEAR
from events.days.workdays import Shift
from events.errors import ConflictError, DomainError, InvalidInputError, NotNowError
from events.models import (
    Cascade,
    Level,
    Template,
    TemplateVersion,
)
from events.models.templates import DROP, VersionSource
from events.people.roles import RoleBook, all_roles
from events.replanning import last_year
from events.templates import editing, toml_files
from events.templates.entries import CutoffEntry
from events.templates.vocabulary import evidence_types, phases
from events.units.tree import levels
from events.words.language import say
from events.words.texts import decoded
from web.kit.context import get_calendar, get_session, now, signed_in_person, today, writing
from web.kit.entries import day_of_every_year, id_of, number_of
from web.kit.language import current, together
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.sizes import LARGEST_TEMPLATE
from web.settings.offsets import ANCHORS
from web.settings.rows import entry_of, row_of, typed_rows

bp = Blueprint("templates", __name__, url_prefix="/mau")

_CHOICES = {
    "anchor": ANCHORS,
    "shift": {
        Shift.PREVIOUS: _l("to the working day before"),
        Shift.NEXT: _l("to the working day after"),
        Shift.NONE: _l("not at all"),
    },
    "cascade": {
        Cascade.EACH: _l("every unit of the levels"),
        Cascade.ONE: _l("only the unit at the top"),
    },
}


@bp.url_value_preprocessor
def make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the form of a long template through."""
    if endpoint in {f"{bp.name}.save", f"{bp.name}.take_in"}:
        request.max_content_length = request.max_form_memory_size = LARGEST_TEMPLATE


@bp.get("/")
def index() -> str:
    """List the templates with their versions."""
    return render_template("kinds/index.html", templates=editing.all_templates(get_session()))


@bp.get("/<key>")
def show(key: str) -> str:
    """Show the items of the newest version, and where the template is in use."""
    session = get_session()
    template = editing.get_template(session, key)
    campaigns, book = running_tops(session, template, today()), RoleBook.load(session)
    legend = _legend()
    # what opens from now on is theirs who follow
    legend["roles"] = {key: book.roles[book.in_force(key, today())] for key in book.roles}
    return render_template("kinds/show.html", template=template, campaigns=campaigns, **legend)


@bp.get("/<key>/phien-ban/<int:number>")
def version(key: str, number: int) -> str:
    """Show the items of one version, newest or not."""
    session = get_session()
    template = editing.get_template(session, key)
    shown = editing.get_version(session, template, number)
    return render_template("kinds/version.html", template=template, version=shown, **_legend())


@bp.get("/<key>/sua")
def edit(key: str) -> ResponseReturnValue:
    """Show the form with one block an item."""
    template = editing.get_template(get_session(), key)
    rows = [row_of(editing.item_entry(item)) for item in template.current.items]
    return _edit_page(template, rows, base=template.current.number)


@bp.post("/<key>/sua")
def save(key: str) -> ResponseReturnValue:
    """Save a new version; “add an item” only shows one block more."""
    session = get_session()
    template = editing.get_template(session, key)
    rows, base = typed_rows(request.form), id_of(request.form.get("base", "")) or 0
    if "add" in request.form:
        return _edit_page(template, [*rows, row_of(None)], base=base)
    before = template.current.number
    try:
        entries = [entry_of(row) for row in rows]
        note, by = request.form.get("version_note"), signed_in_person()
        with writing() as session:
            saved = editing.edit_template(
                session, template, entries, base=base, note=note, by=by, now=now()
            )
            session.commit()
    except NotNowError:
        raise
    except DomainError as error:
        overtaken = isinstance(error, ConflictError)
        page = _edit_page(
            template, rows, _said(error), base=template.current.number if overtaken else base
        )
        return page, 409 if overtaken else 400
    return _stored(saved, is_new=saved.number != before)


@bp.post("/<key>/thoi-gian")
def set_lead_times(key: str) -> ResponseReturnValue:
    """Store a template's titles, its reporting periods, when its campaigns open, how long a late
    plan leaves those below and within how long what is done is to be recorded.
    """
    session = get_session()
    template = editing.get_template(session, key)
    who: dict[str, Any] = {"by": signed_in_person(), "on": today()}
    try:
        ahead, late, within = (
            number_of(request.form.get(name, "")) for name in ("ahead", "late", "within")
        )
        titles = [
            request.form.get(name, getattr(template, name)) for name in ("title_vi", "title_en")
        ]
        with writing() as session:
            editing.rename_template(session, template, *titles, **who)
            other_kinds.set_lead_times(
                session,
                template,
                ahead_days=ahead or 0,
                late_plan_workdays=late or 0,
                record_within_workdays=within,
                **who,
            )
            moved = _move_periods(session, template, **who)
            session.commit()
    except InvalidInputError as error:
        flash(say(error, current()), "error")
        return redirect(url_for(".show", key=key), 303)
    flash(_kept_days() if moved else _("Stored."), "success")
    return redirect(url_for(".show", key=key), 303)


@bp.get("/<key>.toml")
def export(key: str) -> Response:
    """Answer with a template as a file."""
    text = toml_files.export_template(editing.get_template(get_session(), key))
    headers = {"Content-Disposition": f'attachment; filename="{key}.toml"'}
    return Response(text, mimetype="application/toml", headers=headers)


@bp.get("/nhap")
def upload() -> ResponseReturnValue:
    """Show the form that takes a template file."""
    return render_template("kinds/upload.html", text="", problem=None)


@bp.post("/nhap")
def take_in() -> ResponseReturnValue:
    """Save the items of a file as a new version of its template."""
    text = request.form.get("text", "")
    try:
        file = request.files.get("file")
        text = decoded(file.read()) if file else text
        with writing() as session:
            found = toml_files.import_template(session, text, by=signed_in_person(), now=now())
            session.commit()
    except NotNowError:
        raise
    except DomainError as error:
        return render_template("kinds/upload.html", text=text, problem=_said(error)), 400
    return _stored(found.version, is_new=found.is_new, header_changed=found.header_changed)


@bp.get("/<key>/de-xuat")
def proposals(key: str) -> ResponseReturnValue:
    """Show what last year's lateness suggests."""
    session = get_session()
    template = editing.get_template(session, key)
    year = _year()
    found = last_year.propose(session, template, year, now=now(), calendar=get_calendar())
    titles = {level.key: level for level in levels(session)}
    anchors = {item.key: item.anchor for item in template.current.items}
    return render_template(
        "kinds/proposals.html",
        template=template,
        year=year,
        proposals=found,
        levels=titles,
        anchors=anchors,
    )


@bp.post("/<key>/de-xuat")
def take_proposals(key: str) -> ResponseReturnValue:
    """Make a new version with the chosen proposals."""
    session = get_session()
    template = editing.get_template(session, key)
    year = _year()
    found = last_year.propose(session, template, year, now=now(), calendar=get_calendar())
    chosen = [one for one in found if one.name in request.form.getlist("chosen")]
    entries = last_year.with_proposals(template, chosen)
    before = template.current.number
    with writing() as session:
        saved = editing.edit_template(
            session,
            template,
            entries,
            source=VersionSource.PROGRESS,
            source_year=year,
            by=signed_in_person(),
            now=now(),
        )
        session.commit()
    return _stored(saved, is_new=saved.number != before)


def _stored(
    version: TemplateVersion, *, is_new: bool, header_changed: bool = False
) -> ResponseReturnValue:
    """Go to the template and say what became of it."""
    if is_new:
        flash(_("Version %(number)s is stored.", number=version.number), "success")
    elif header_changed:
        flash(_kept_days() if version.template.cutoffs else _("Stored."), "success")
    else:
        flash(_("Nothing changed: version %(number)s stays.", number=version.number), "success")
    return redirect(url_for(".show", key=version.template.key), 303)


def _move_periods(session: Session, template: Template, **who: Any) -> bool:
    """Give the reporting periods the days that were typed, and tell whether any is new."""
    typed = [cutoff | _typed_days(number) for number, cutoff in enumerate(template.cutoffs, 1)]
    if typed == template.cutoffs:
        return False
    entry = editing.template_entry(template)
    cutoffs = [CutoffEntry.model_validate(cutoff) for cutoff in typed]
    return editing.edit_header(
        session, template, entry.model_copy(update={"cutoffs": cutoffs}), **who
    )


def _typed_days(number: int) -> dict[str, str]:
    names = ((end, f"period-{number}-{end}") for end in ("first", "last"))
    return {
        end: day_of_every_year(request.form[name]) for end, name in names if name in request.form
    }


def _kept_days() -> str:
    return _(
        "Stored. Campaigns that are open already keep their days; they are moved with “Move dates”."
    )


def _said(error: DomainError) -> str:
    """Return what is wrong, with the item that it is about."""
    about = f"{error.facts['item']}: " if "item" in error.facts else ""
    return about + say(error, current())


def _legend() -> dict[str, Any]:
    """Return the titles that the table of items needs."""
    session = get_session()
    words = {"phases": phases(session), "roles": all_roles(session)}
    return {**words, "choices": _CHOICES, "levels": levels(session)}


def _edit_page(
    template: Template, rows: list[dict[str, Any]], problem: str | None = None, *, base: int
) -> str:
    session = get_session()
    all_levels = levels(session)
    return render_template(
        "kinds/edit.html",
        template=template,
        base=base,
        known={item.key for item in template.current.items},
        rows=rows,
        problem=problem,
        version_note=request.form.get("version_note", ""),
        choices=_CHOICES,
        levels=all_levels,
        optional=[level for level in all_levels if level.is_optional],
        stand_ins=_stand_ins(all_levels),
        phases=phases(session).values(),
        kinds=evidence_types(session).values(),
        roles=[role for role in all_roles(session).values() if not role.is_over(today())],
    )


def _stand_ins(all_levels: Sequence[Level]) -> dict[str, str]:
    """Return who may take the items of a level that is missing, the lowest first."""
    known = {level.key: together(level) for level in reversed(all_levels)}
    return {DROP: _("nobody")} | {key: name for key, name in known.items() if name}


def _year() -> int:
    """Return the year that was asked for; last year where none was, or one that cannot be."""
    year = id_of(request.values.get("nam", "")) or 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else today().year - 1
