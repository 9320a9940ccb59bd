"""The days this province keeps beyond the shipped ones: switched on from the examples, or made here
with their own checklist.

What changes here reaches the public calendars at once: the horizon is written again, and clients
are told by SEQUENCE.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select, update
from sqlalchemy.orm import Session

from events.database.stale_forms import digest, require_shown
from events.days.recurrence import Occurrence, Rule, rule_from
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_observance
from events.models import (
    Anchor,
    Observance,
    ObservanceStatus,
    Person,
    Template,
    TemplateItem,
    TemplateVersion,
    Unit,
)
from events.observances.occurrences import extend_horizon
from events.observances.yearly_themes import base_year_of, wording_of
from events.people.rights import Capability, require_for_all
from events.templates.checks import ANCHORS
from events.templates.editing import template_of
from events.words.texts import color_name, required, short, slug_of

_COPIED_AFRESH = {"id", "version_id"}  # columns of a template item that a copy gets anew
_FACTS = ("title_vi", "title_en", "rule", "basis", "inside_key", "color")
_FACTS_CHANGED = N_(
    "Meanwhile somebody else corrected “%(title)s”; its page shows what is stored now. "
    "What you typed is still here: store it once more if it is to replace that."
)


@dataclass(frozen=True, slots=True)
class NewObservance:
    """What somebody enters for a day of their own.

    ``rule`` has the form of the catalogue, with ``kind`` and its days.
    """

    title_vi: str
    title_en: str
    rule: Mapping[str, Any]
    color: str
    basis: str = ""
    base_year: int | None = None
    anniversary: str = ""
    inside_key: str | None = None


def all_observances(session: Session) -> Sequence[Observance]:
    """Return every observance, kept or not, in their order."""
    return session.scalars(select(Observance).order_by(Observance.position, Observance.id)).all()


def find_observance(session: Session, slug: str) -> Observance:
    """Return the observance with this slug, kept or not. Raises ``NotFoundError``."""
    observance = session.scalar(select(Observance).where(Observance.slug == slug))
    if observance is None:
        raise NotFoundError(kind="observance", key=slug)
    return observance


def observance_by_key(session: Session, key: str) -> Observance:
    """Return the observance with this key, kept or not. Raises ``NotFoundError``."""
    observance = session.scalar(select(Observance).where(Observance.key == key))
    if observance is None:
        raise NotFoundError(kind="observance", key=key)
    return observance


def switch_observance(
    session: Session, observance: Observance, *, enabled: bool, now: datetime, by: Person | None
) -> None:
    """Keep an observance from now on, or no longer.

    Switched on, its dates are written at once. Switched off, its calendar and page are gone and
    nothing new opens; open campaigns stay as they are.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    if enabled and not observance.enabled:
        since = {"opens_from": day_here(session, now)}
        session.execute(
            update(Template).where(Template.observance_id == observance.id).values(since)
        )
    observance.enabled = enabled
    session.flush()
    if enabled:
        extend_horizon(session, now=now)


def add_observance(
    session: Session,
    wanted: NewObservance,
    *,
    like: Template | None = None,
    by: Person,
    now: datetime,
) -> Observance:
    """Make an observance, kept from now on, whose campaigns have the items that the template
    ``like`` has today.

    Its address is made from the Vietnamese title and belongs to no unit or other observance. Raises
    ``InvalidInputError`` for what cannot be, ``ConflictError`` when this very day is already kept
    under this title.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    year = day_here(session, now).year
    columns = _columns(session, wanted, year)
    slug = _free_slug(session, columns["title_vi"])
    observance = Observance(
        key=f"own_{slug.replace('-', '_')}",
        slug=slug,
        status=ObservanceStatus.OWN,
        enabled=True,
        base_year=base_year_of(wanted.base_year, year),
        anniversary=wording_of(wanted.anniversary),
        position=_last_position(session, Observance) + 1,
        **columns,
    )
    session.add(observance)
    session.flush()
    if like is not None:
        give_checklist(session, observance, like, by=by, now=now)
    extend_horizon(session, now=now)
    return observance


def correct_observance(
    session: Session,
    observance: Observance,
    wanted: NewObservance,
    *,
    shown: str | None = None,
    now: datetime,
    by: Person | None,
) -> None:
    """Correct title, day, legal basis, colour and container of an observance that was made here,
    checked as when it was made.

    Its address stays, and so do the days of open campaigns; how anniversaries are put is for
    `announcements`. Raises ``ConflictError`` for one of the catalogue, and for days that its
    checklist or what lies inside it does not go with, also for a form that showed (``facts_shown``)
    something else than what is there by now.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    session.refresh(observance, with_for_update=FOR_CHANGE)
    if observance.status is not ObservanceStatus.OWN:
        raise ConflictError(
            N_("“%(title)s” comes with the catalogue and is not changed here."),
            title=observance.title_vi,
        )
    year, old_title = day_here(session, now).year, observance.title_vi
    columns = _columns(session, wanted, year, observance)
    if all(getattr(observance, name) == value for name, value in columns.items()):
        return
    require_shown(shown, facts_shown(observance), _FACTS_CHANGED, title=observance.title_vi)
    template = template_of(session, observance)
    if template is not None and template.anchor is not _anchor(wanted.rule):
        raise ConflictError(
            N_("Its checklist counts from one day or from several; that cannot change any more.")
        )
    _keep_inner(session, observance, _rule(wanted.rule).occurrence(year), year)
    for name, value in columns.items():
        setattr(observance, name, value)
    if template is not None and template.title_vi == old_title:
        template.title_vi, template.title_en = observance.title_vi, observance.title_en
    session.flush()
    session.expire(observance, ["container"])
    extend_horizon(session, now=now)


def facts_shown(observance: Observance) -> str:
    """Return the digest of what ``correct_observance`` changes, for a form to bring along."""
    return digest(*(getattr(observance, name) for name in _FACTS))


def give_checklist(
    session: Session, observance: Observance, like: Template, *, by: Person, now: datetime
) -> Template:
    """Let an observance that only stood in the calendar open campaigns, with the items that the
    template ``like`` has today.

    An observance with a checklist keeps the one it has: it is changed as any template. What counted
    from an anchor that such a day does not have counts from the day, or the first of several.
    Asking twice for the same items changes nothing; raises ``ConflictError`` for those of another
    template.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    lock_observance(session, observance)
    known = template_of(session, observance)
    if known is None:
        return _copy_template(session, observance, like, by, now)
    if _copied(known.versions[0], known.anchor) != _copied(like.current, known.anchor):
        raise ConflictError(
            N_("“%(title)s” has a checklist already. Please change its items there."),
            title=observance.title_vi,
        )
    return known


def _rule(fields: Mapping[str, Any]) -> Rule:
    try:
        return rule_from(fields)
    except (ValueError, OverflowError):  # the latter for a month of a thousand billion
        raise InvalidInputError(N_("There is no such day. Please check day and month.")) from None


def _columns(
    session: Session, wanted: NewObservance, year: int, itself: Observance | None = None
) -> dict[str, Any]:
    """Return what may be corrected later too, checked.

    ``itself`` is the observance that is corrected.
    """
    title = required(short(wanted.title_vi), N_("Please enter the Vietnamese title."))
    rule = _rule(wanted.rule)
    _refuse_twin(session, title, wanted.rule, itself)
    return {
        "title_vi": title,
        "title_en": short(wanted.title_en) or title,
        "rule": dict(wanted.rule),
        "basis": short(wanted.basis),
        "inside_key": _container(session, wanted.inside_key, rule.occurrence(year), year, itself),
        "color": color_name(wanted.color),
    }


def _refuse_twin(
    session: Session, title: str, rule: Mapping[str, Any], itself: Observance | None
) -> None:
    """Refuse a form that was sent twice."""
    same = session.scalars(select(Observance).where(Observance.title_vi == title))
    if any(other.rule == dict(rule) for other in same if other is not itself):
        raise ConflictError(N_("“%(title)s” is already there on this day."), title=title)


def _free_slug(session: Session, title: str) -> str:
    wish = slug_of(title)
    if not wish:
        raise InvalidInputError(N_("The title needs letters."))
    taken = {
        slug
        for model in (Observance, Unit)
        for slug in session.scalars(select(model.slug).where(model.slug.startswith(wish)))
    }
    number, slug = 1, wish
    while slug in taken:
        number += 1
        slug = f"{wish}-{number}"
    return slug


def _container(
    session: Session, key: str | None, dates: Occurrence, year: int, itself: Observance | None
) -> str | None:
    """Return the observance that is to contain this one, if its days do and it does not lie inside
    this one.
    """
    if not key:
        return None
    outer = session.scalar(select(Observance).where(Observance.key == key))
    if outer is None:
        raise NotFoundError(kind="observance", key=key)
    around = outer.recurrence.occurrence(year)
    if itself is not None and itself in _outwards(outer):
        raise InvalidInputError(
            N_("An observance cannot lie inside itself, directly or through others.")
        )
    if not (around.dtstart <= dates.dtstart and dates.dtend <= around.dtend):
        raise InvalidInputError(
            N_("These days do not lie inside “%(outer)s”."), outer=outer.title_vi
        )
    return key


def _outwards(observance: Observance) -> list[Observance]:
    found = [observance]
    while found[-1].container is not None:
        found.append(found[-1].container)
    return found


def _keep_inner(session: Session, outer: Observance, dates: Occurrence, year: int) -> None:
    """Refuse days that would leave out an observance that lies inside."""
    for inner in session.scalars(select(Observance).where(Observance.inside_key == outer.key)):
        within = inner.recurrence.occurrence(year)
        if not (dates.dtstart <= within.dtstart and within.dtend <= dates.dtend):
            raise ConflictError(N_("“%(inner)s” would no longer lie inside."), inner=inner.title_vi)


def _copy_template(
    session: Session, observance: Observance, source: Template, by: Person, now: datetime
) -> Template:
    names = (
        "generate_ahead_days",
        "late_plan_workdays",
        "record_within_workdays",
        "owner_role_key",
    )
    template = Template(
        key=observance.key,
        kind="observance",
        observance=observance,
        title_vi=observance.title_vi,
        title_en=observance.title_en,
        anchor=_anchor(observance.rule),
        cutoffs=[],
        enabled=True,
        opens_from=day_here(session, now),
        position=_last_position(session, Template) + 1,
        **{name: getattr(source, name) for name in names},
    )
    version = TemplateVersion(
        template=template, number=1, created=now, digest="", created_by_id=by.id
    )
    version.items = [
        TemplateItem(**columns) for columns in _copied(source.current, template.anchor)
    ]
    session.add(template)
    session.flush()
    return template


def _anchor(rule: Mapping[str, Any]) -> Anchor:
    return Anchor.START if rule["kind"] == "fixed_range" else Anchor.DAY


def _copied(version: TemplateVersion, anchor: Anchor) -> list[dict[str, Any]]:
    """Return the columns of a version's items as a template that counts from ``anchor`` copies
    them.
    """
    columns = [
        column.key
        for column in inspect(TemplateItem).column_attrs
        if column.key not in _COPIED_AFRESH
    ]
    known = ANCHORS[anchor] | {Anchor.PLAN}
    return [
        {name: getattr(item, name) for name in columns}
        | {"anchor": item.anchor if item.anchor in known else anchor}
        for item in version.items
    ]


def _last_position(session: Session, model: type[Observance] | type[Template]) -> int:
    return session.scalar(select(func.max(model.position))) or 0
