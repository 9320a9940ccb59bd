"""When people of a unit and of all below it are reminded, and what they will get: a calendar of
mail, also by a rule that is not stored yet.
"""

from calendar import monthrange
from datetime import date, datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import N_, DomainError, InvalidInputError
from events.models import ItemKind, Person, Template, Unit
from events.people.rights import Capability, require
from events.templates.editing import all_templates
from events.units.tree import ancestors, get_unit
from notifications.notices.foresight import foresee, not_open_yet
from notifications.notices.rule_words import rule_in_words
from notifications.notices.rules import (
    RuleBook,
    check_rhythm,
    drop_rule,
    keep_rule,
    rhythm_of,
    rules_of_unit,
)
from notifications.notices.steps import Clockwork, Rhythm
from web.calendars.months import previous_month, read_month
from web.kit.context import get_calendar, get_config, get_session, today
from web.kit.entries import number_of
from web.kit.forms import for_people, said, send
from web.kit.language import current
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("reminders", __name__, url_prefix="/don-vi/<slug>/nhac-viec")

KINDS = {
    ItemKind.USUAL: _l("usual items"),
    ItemKind.THE_DAY: _l("what takes place on the day"),
    ItemKind.SUMMING_UP: _l("reports that sum up"),
}


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Show the rules, and the mail of the month ``?thang=``; with ``?steps=`` as if that was the
    rule.
    """
    return for_people(lambda person: _page(slug, person))


@bp.post("")
def change(slug: str) -> ResponseReturnValue:
    """Store a rule of the unit, or drop it."""

    def use(session: Session, person: Person, at: datetime) -> None:
        unit, kind = get_unit(session, slug), _kind(request.form.get("kind", ""))
        template = _template(session, request.form.get("template", ""))
        if "drop" in request.form:
            drop_rule(session, unit, kind, template, by=person, now=at)
        else:
            keep_rule(session, unit, kind, _typed(request.form), template, by=person, now=at)

    def again(person: Person, error: DomainError) -> str:
        return _page(slug, person, error)

    return send(use, url_for(".show", slug=slug), _("Stored."), again)


def _page(slug: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    unit = get_unit(session, slug)
    require(session, person, Capability.KEEP_REMINDERS, unit, today())
    book, tried = RuleBook.load(session), None
    form = request.form if error else request.args
    month = _month()
    try:
        if "steps" in form and not error:
            tried = _typed(form)
            check_rhythm(tried)
            template = _template(session, form.get("template", ""))
            kind = _kind(form.get("kind", ""))
            book = book.with_rule(tried, kind, unit, template.id if template else None)
    except DomainError as problem:
        error = problem
    last = month.replace(day=monthrange(month.year, month.month)[1])
    first = max(month, min(today(), last))
    clockwork = Clockwork(get_calendar(), get_config().reminders, get_config().zone)
    return render_template(
        "reminders/show.html",
        unit=unit,
        unit_path=ancestors(unit)[::-1],
        kinds=KINDS,
        rules=[(kind, _effective(session, unit, kind)) for kind in KINDS],
        own=[(row, rhythm_of(row)) for row in rules_of_unit(session, unit)],
        templates=all_templates(session),
        mails=foresee(session, unit, first, last, clockwork=clockwork, book=book),
        closed=not_open_yet(session, first, last, today()),
        month=month,
        previous=previous_month(month),
        next=date(month.year + month.month // 12, month.month % 12 + 1, 1),
        tried=tried,
        typed=form,
        zone=get_config().zone,
        why=why,
        problem=said(error),
    )


def _effective(session: Session, unit: Unit, kind: ItemKind) -> Rhythm:
    """Return the rule of all templates that holds for a unit."""
    no_template = 0
    book = RuleBook.load(session)
    for one in (unit, *ancestors(unit)):
        if (one.id, None, kind) in book.rules:
            return book.rules[one.id, None, kind]
    return book.rhythm(None, no_template, kind)


def why(rule: str) -> str:
    """Return why a mail says something, by the rule of its notice."""
    return rule_in_words(rule).words(current())


def _typed(form: object) -> Rhythm:
    values = form.get  # type: ignore[attr-defined]
    weeks = number_of(values("weeks", ""))
    try:
        return Rhythm(_numbers(values("steps", "")), weeks or 0, _numbers(values("grace", "")))
    except ValueError as error:
        raise InvalidInputError(_NUMBERS) from error


_NUMBERS = N_("Please enter whole numbers with commas between them, such as -7, -1, 0, 1.")


def _numbers(text: str) -> tuple[int, ...]:
    """Return whole numbers with commas between them. Raises ``ValueError``."""
    parts = text.replace("−", "-").replace(";", ",").split(",")
    return tuple(int(part) for part in parts if part.strip())


def _kind(text: str) -> ItemKind:
    if text not in set(ItemKind):
        raise InvalidInputError(N_("Please choose what the rule is for."))
    return ItemKind(text)


def _template(session: Session, key: str) -> Template | None:
    found = [one for one in all_templates(session) if one.key == key]
    return found[0] if found else None


def _month() -> date:
    text = request.args.get("thang", "")
    return read_month(text) if text else today().replace(day=1)
