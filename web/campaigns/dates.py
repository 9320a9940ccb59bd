"""A whole round changes at once: its dates move, or it takes a newer version.

First the preview, then the button.
"""

from datetime import date, datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from events.campaigns.lookup import get_campaign
from events.database.sessions import Session
from events.days.recurrence import Occurrence
from events.errors import ConflictError, DomainError, NotFoundError, PlanIssuedError
from events.models import Campaign, Person, TemplateVersion
from events.people.rights import Capability, require
from events.replanning import anchors, beside_a_round, new_version
from events.replanning.anchors import NewAnchor
from events.replanning.preview import grouped
from events.templates import editing
from events.units.tree import ancestors
from events.words.language import say
from notifications.notices.reminders import reminded_items
from web.campaigns.differences import Words
from web.campaigns.documents import KINDS
from web.kit.context import get_calendar, get_session, now, today
from web.kit.entries import day_of, id_of
from web.kit.forms import for_people, said, send
from web.kit.language import current
from web.kit.language import gettext as _

bp = Blueprint("reanchor", __name__, url_prefix="/chien-dich/<uid>")

_DAYS = ("event_date", "first", "last", "issued")


@bp.get("/doi-ngay")
def dates(uid: str) -> ResponseReturnValue:
    """Show the form and, once it was filled in, what would move."""
    session = get_session()
    root = get_campaign(session, uid)

    def page(person: Person) -> str:
        require(session, person, Capability.STEER_ROUNDS, root.unit, today())
        return _dates_page(session, root, asked=bool(request.args))

    return for_people(page)


@bp.post("/doi-ngay")
def move(uid: str) -> ResponseReturnValue:
    """Move what the preview showed."""
    root = get_campaign(get_session(), uid)

    def use(session: Session, person: Person, at: datetime) -> anchors.Preview:
        change, mark = _change_from(request.form), request.form.get("fingerprint", "")
        return anchors.apply(
            session,
            root,
            change,
            expected_fingerprint=mark,
            by=person,
            now=at,
            calendar=get_calendar(),
        )

    return send(
        use,
        url_for("campaigns.show", uid=uid),
        lambda done: _moved(root, done),
        lambda _person, error: _dates_page(get_session(), root, asked=True, problem=said(error)),
    )


@bp.get("/phien-ban")
def version(uid: str) -> ResponseReturnValue:
    """Show what a version of the template would change in this round."""
    session = get_session()
    return _version_page(session, get_campaign(session, uid))


@bp.post("/phien-ban")
def apply_version(uid: str) -> ResponseReturnValue:
    """Change the round as the preview showed."""
    root = get_campaign(get_session(), uid)

    def use(session: Session, person: Person, at: datetime) -> TemplateVersion:
        chosen = editing.get_version(session, root.template, _number(request.form.get("so", "")))
        mark = request.form.get("fingerprint", "")
        new_version.apply_version(
            session,
            root,
            chosen,
            expected_fingerprint=mark,
            by=person,
            now=at,
            calendar=get_calendar(),
        )
        return chosen

    return send(
        use,
        url_for("campaigns.show", uid=uid),
        lambda chosen: _(
            "Version %(number)s now holds for this campaign and all units below.",
            number=chosen.number,
        ),
        lambda _person, error: _version_page(get_session(), root, said(error)),
    )


def _dates_page(
    session: Session, root: Campaign, *, asked: bool, problem: str | None = None
) -> str:
    seen, correct = None, None
    typed = request.values
    if asked:
        try:
            change = _change_from(typed)
            seen = anchors.preview(
                session, root, change, get_calendar(), now=now(), told=reminded_items(session, root)
            )
        except DomainError as error:
            problem = say(error, current())
            correct = _document_of(error)
    return render_template(
        "reanchor/dates.html",
        campaign=root,
        unit_path=ancestors(root.unit)[::-1],
        typed=typed,
        days=_days_now(root),
        plans=beside_a_round.plans_of(session, root),
        activities=beside_a_round.activities_to_come(session, root, now=now())
        if seen and not seen.is_empty
        else [],
        apart=beside_a_round.no_longer_inside(session, root, seen.dates)
        if seen and not seen.is_empty
        else [],
        seen=seen,
        groups=grouped(seen.lines, today()) if seen else [],
        words=Words.load(session, root.version),
        kinds=KINDS,
        problem=problem,
        correct=correct,
    )


def _moved(root: Campaign, done: anchors.Preview) -> str:
    told = _("The dates were moved: %(count)s items.", count=len(done.moved))
    if done.paper is None:
        return told
    link = Markup('<a href="{}">{}</a>').format(
        url_for("documents.index", uid=root.uid), _("Documents")
    )
    return Markup("{} {} {}").format(
        told, _("The plan is entered as issued; please add its number:"), link
    )


def _document_of(error: DomainError) -> str | None:
    """Return the address of the form that corrects the document of which an error speaks."""
    if not isinstance(error, PlanIssuedError) or "document" not in error.facts:
        return None
    return url_for("documents.edit", uid=error.facts["campaign"], document=error.facts["document"])


def _days_now(root: Campaign) -> dict[str, date]:
    dates = Occurrence(root.dtstart, root.dtend)
    return {
        "event_date": root.event_date or dates.dtstart,
        "first": dates.dtstart,
        "last": dates.last_day,
    }


def _version_page(session: Session, root: Campaign, problem: str | None = None) -> str:
    chosen = root.template.current
    if request.values.get("so"):
        chosen = editing.get_version(session, root.template, _number(request.values["so"]))
    diff = None
    try:
        diff = new_version.compare(session, root, chosen, calendar=get_calendar(), now=now())
    except ConflictError as error:
        problem = problem or say(error, current())
    return render_template(
        "reanchor/version.html",
        campaign=root,
        unit_path=ancestors(root.unit)[::-1],
        chosen=chosen,
        versions=root.template.versions,
        diff=diff,
        groups=grouped(diff.lines, today()) if diff else [],
        words=Words.load(session, root.version, chosen),
        problem=problem,
    )


def _change_from(typed: "dict[str, str]") -> NewAnchor:
    """Return what was asked for; an issue date counts for the chosen item.

    Raises ``InvalidInputError`` for what is no date.
    """
    days = {name: day_of(typed.get(name, "")) for name in _DAYS}
    return NewAnchor(**days, plan=typed.get("plan") or None if days["issued"] else None)


def _number(text: str) -> int:
    if (number := id_of(text)) is None:
        raise NotFoundError(kind="template", key=text)
    return number
