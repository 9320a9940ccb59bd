"""Templates as people edit them: read, written as the catalogue writes them, and saved as a new
version.

Running campaigns stay as they are until somebody applies the version to them: see `versions`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from events.days.recurrence import period_from
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import lock_templates
from events.models import (
    Anchor,
    EvidenceType,
    Level,
    Observance,
    Person,
    Phase,
    Role,
    Template,
    TemplateItem,
    TemplateVersion,
)
from events.models.templates import VersionSource
from events.people.rights import Capability, require_by, require_for_all
from events.templates.checks import (
    FIELDS,
    Known,
    find_cycle,
    problem_in_words,
    problem_of_header,
    problem_of_item,
)
from events.templates.entries import CutoffEntry, ItemEntry, TemplateEntry
from events.words.texts import nfc, one_line

_LONGEST_NOTE = _LONGEST_TITLE = 500
# of a template's header, once campaigns were opened from it
_FIXED = ("kind", "observance", "anchor")
_ANY_YEAR = 2024
_FREE = {  # and their columns
    "title_vi": "title_vi",
    "title_en": "title_en",
    "generate_ahead_days": "generate_ahead_days",
    "late_plan_workdays": "late_plan_workdays",
    "record_within_workdays": "record_within_workdays",
    "owner_role": "owner_role_key",
    "note": "note",
}


def find_template(session: Session, key: str) -> Template | None:
    return session.scalar(select(Template).where(Template.key == key))


def get_template(session: Session, key: str) -> Template:
    """Return the template with this key. Raises ``NotFoundError``."""
    load = selectinload(Template.versions).selectinload(TemplateVersion.items)
    template = session.scalar(select(Template).where(Template.key == key).options(load))
    if template is None:
        raise NotFoundError(kind="template", key=key)
    return template


def all_templates(session: Session) -> Sequence[Template]:
    """Return the templates with their versions, in their order."""
    query = select(Template).options(selectinload(Template.versions))
    return session.scalars(query.order_by(Template.position, Template.id)).all()


def template_of(session: Session, observance: Observance) -> Template | None:
    """Return the template that an observance opens its campaigns from; None where it only stands in
    the calendar.
    """
    return session.scalar(select(Template).where(Template.observance_id == observance.id))


def get_version(session: Session, template: Template, number: int) -> TemplateVersion:
    """Return a version by its number. Raises ``NotFoundError``."""
    of_template = select(TemplateVersion).where(
        TemplateVersion.template_id == template.id, TemplateVersion.number == number
    )
    version = session.scalar(of_template)
    if version is None:
        raise NotFoundError(kind="template", key=f"{template.key}, {number}")
    return version


def item_entry(item: TemplateItem) -> ItemEntry:
    """Return an item as the catalogue writes it, even one that could not be saved any more: it is
    checked when it is.
    """
    names = [name for name in ItemEntry.model_fields if name not in ("phase", "role")]
    return ItemEntry.model_construct(
        phase=item.phase_key, role=item.role_key, **{name: getattr(item, name) for name in names}
    )


def template_entry(template: Template) -> TemplateEntry:
    """Return a template with its current items as the catalogue writes it."""
    return TemplateEntry.model_construct(
        **_header(template), item=[item_entry(item) for item in template.current.items]
    )


def edit_template(
    session: Session,
    template: Template,
    items: Sequence[ItemEntry],
    *,
    base: int | None = None,
    note: str | None = None,
    source: VersionSource | None = None,
    source_year: int | None = None,
    by: Person,
    now: datetime,
) -> TemplateVersion:
    """Save changed items as a new version and return it; the same items again give the version that
    has them.

    Running campaigns stay as they are. ``base`` is the number of the version that the items were
    made from; ``source`` says from where else, with the year whose progress it was. Raises
    ``ConflictError`` when there is a newer one, and ``InvalidInputError`` for an
    item that names what does not exist, a key that stands twice or items that wait for each other
    in a circle; nothing is saved then.
    """
    require_for_all(session, by, Capability.KEEP_TEMPLATES, now)
    lock_templates(session, [template.id])
    checked = _checked(template, items)
    check_template(session, checked)
    session.refresh(template, ["versions"])
    latest = template.current
    if _compared(latest) == [_in_order(item) for item in checked.item]:
        return latest
    if base is not None and base != latest.number:
        raise _overtaken(session, template, base)
    version = _add_version(session, template, checked.item, latest.number + 1, note, by, now)
    version.source, version.source_year = source, source_year
    session.flush()
    session.refresh(template, ["versions"])
    return version


def edit_header(
    session: Session, template: Template, entry: TemplateEntry, *, by: Person | None, on: date
) -> bool:
    """Take over a template's titles, lead times, lead unit, note and the days of its periods, and
    tell whether any changed.

    Rounds that are open keep their days. Raises ``InvalidInputError`` for what cannot change once
    campaigns count from it: its kind, day and anchor, and which periods a year has.
    """
    require_by(session, by, Capability.KEEP_TEMPLATES, None, on)
    here = template_entry(template)
    for name in _FIXED:
        old, new = getattr(here, name), getattr(entry, name)
        if old != new:
            raise InvalidInputError(
                N_(
                    "“%(field)s” differs from the template that is here, and a file cannot change "
                    "it."
                ),
                field=FIELDS[name],
            )
    check_template(session, entry)
    changes = {
        column: getattr(entry, name)
        for name, column in _FREE.items()
        if getattr(entry, name) != getattr(here, name)
    }
    if entry.cutoffs != here.cutoffs:
        _require_same_periods(here.cutoffs, entry.cutoffs)
        changes["cutoffs"] = [cutoff.model_dump() for cutoff in entry.cutoffs]
    for column, value in changes.items():
        setattr(template, column, value)
    return bool(changes)


def _require_same_periods(old: Sequence[CutoffEntry], new: Sequence[CutoffEntry]) -> None:
    """Refuse other periods than there are: a round is known by the number of its period, and would
    open twice or never.
    """
    if len(old) != len(new) or not all(_share_a_day(*pair) for pair in zip(old, new, strict=True)):
        raise InvalidInputError(
            N_(
                "The days of a reporting period may change, but each year keeps as many periods "
                "in the same order: open campaigns "
                "are known by them. For other periods, please make a template with another short "
                "name."
            )
        )


def _share_a_day(one: CutoffEntry, other: CutoffEntry) -> bool:
    a, b = (period_from(each.first, each.last).occurrence(_ANY_YEAR) for each in (one, other))
    return a.dtstart < b.dtend and b.dtstart < a.dtend


def rename_template(
    session: Session,
    template: Template,
    title_vi: str,
    title_en: str,
    *,
    by: Person | None,
    on: date,
) -> None:
    """Give a template other titles; without an English one the Vietnamese stands for it.

    Raises ``InvalidInputError`` for one that is missing or too long.
    """
    require_by(session, by, Capability.KEEP_TEMPLATES, None, on)
    title_vi = one_line(title_vi)
    titles = {"title_vi": title_vi, "title_en": one_line(title_en) or title_vi}
    for name, title in titles.items():
        if not 1 <= len(title) <= _LONGEST_TITLE:
            raise InvalidInputError(
                N_("“%(field)s” has 1 to %(longest)s characters."),
                field=FIELDS[name],
                longest=_LONGEST_TITLE,
            )
        setattr(template, name, title)


def add_template(session: Session, entry: TemplateEntry, *, by: Person, now: datetime) -> Template:
    """Make a template that was not there: of an observance without a checklist, or of a known kind.

    Raises ``InvalidInputError`` for what cannot be, ``NotFoundError`` for an unknown observance and
    ``ConflictError`` for one that has its template.
    """
    require_for_all(session, by, Capability.KEEP_TEMPLATES, now)
    check_template(session, entry)
    observance = _observance_of(session, entry)
    columns = {column: getattr(entry, name) for name, column in _FREE.items()}
    position = (session.scalar(select(func.max(Template.position))) or 0) + 1
    template = Template(
        key=entry.key,
        kind=entry.kind,
        observance=observance,
        anchor=entry.anchor,
        cutoffs=[cutoff.model_dump() for cutoff in entry.cutoffs],
        enabled=observance is not None,  # other kinds are switched on, or opened on a chosen day
        opens_from=day_here(session, now) if observance else None,
        position=position,
        **columns,
    )
    session.add(template)
    session.flush()
    _add_version(session, template, entry.item, 1, None, by, now)
    session.refresh(template, ["versions"])
    return template


def _observance_of(session: Session, entry: TemplateEntry) -> Observance | None:
    """Return the observance that a new template is for; None for other kinds.

    Raises for what does not fit.
    """
    if entry.kind not in set(session.scalars(select(Template.kind))):
        raise InvalidInputError(
            N_("There is no kind of campaign called “%(key)s”."), key=entry.kind
        )
    if entry.observance is None:
        if entry.anchor not in (Anchor.EVENT, Anchor.CUTOFF):
            raise InvalidInputError(
                N_(
                    "A template of no observance counts from a chosen day or from reporting "
                    "periods."
                )
            )
        return None
    observance = session.scalar(select(Observance).where(Observance.key == entry.observance))
    if observance is None:
        raise NotFoundError(kind="observance", key=entry.observance)
    known = template_of(session, observance)
    if known is not None:
        raise ConflictError(
            N_("“%(observance)s” has its template already; its short name is “%(key)s”."),
            observance=observance.title_vi,
            key=known.key,
        )
    if entry.anchor is not (
        Anchor.START if observance.rule["kind"] == "fixed_range" else Anchor.DAY
    ):
        raise InvalidInputError(
            N_("The template's anchor does not go with “%(observance)s”."),
            observance=observance.title_vi,
        )
    return observance


def _add_version(
    session: Session,
    template: Template,
    items: Sequence[ItemEntry],
    number: int,
    note: str | None,
    by: Person,
    now: datetime,
) -> TemplateVersion:
    text = nfc(note or "")[:_LONGEST_NOTE] or None
    made = {"number": number, "created": now, "digest": "", "created_by_id": by.id, "note": text}
    version = TemplateVersion(template_id=template.id, **made)
    for position, entry in enumerate(items, 1):
        values = entry.model_dump(exclude={"phase", "role"})
        version.items.append(
            TemplateItem(**values, phase_key=entry.phase, role_key=entry.role, position=position)
        )
    session.add(version)
    session.flush()
    return version


def _header(template: Template) -> dict[str, Any]:
    names = (
        "key",
        "kind",
        "title_vi",
        "title_en",
        "anchor",
        "generate_ahead_days",
        "late_plan_workdays",
        "record_within_workdays",
        "note",
    )
    observance = template.observance.key if template.observance else None
    cutoffs = [CutoffEntry.model_construct(**cutoff) for cutoff in template.cutoffs]
    own = {"observance": observance, "owner_role": template.owner_role_key, "cutoffs": cutoffs}
    return {name: getattr(template, name) for name in names} | own


def _checked(template: Template, items: Sequence[ItemEntry]) -> TemplateEntry:
    """Return a template with ``items`` whose every value was looked at: a changed copy of an entry
    is not by itself.
    """
    values = _header(template) | {"item": [item.model_dump(warnings=False) for item in items]}
    try:
        return TemplateEntry.model_validate(values)
    except ValidationError as error:
        raise problem_in_words(error, values) from error


def _overtaken(session: Session, template: Template, base: int) -> ConflictError:
    """Return who saved a newer version than ``base`` and which items it changed."""
    latest = template.current
    by = session.get(Person, latest.created_by_id) if latest.created_by_id else None
    before = next((version for version in template.versions if version.number == base), None)
    facts = {
        "number": latest.number,
        "name": by.full_name if by else "–",
        "items": ", ".join(_differing(before, latest)) or "–",
    }
    return ConflictError(
        N_(
            "%(name)s has stored version %(number)s meanwhile; it changes: %(items)s. What was "
            "typed here is still below and not "
            "stored. Storing it once more puts it in place of that version."
        ),
        **facts,
    )


def _differing(before: TemplateVersion | None, after: TemplateVersion) -> list[str]:
    """Return the titles of the items that two versions do not share."""
    entries = [
        {item.key: _in_order(item_entry(item)) for item in version.items} if version else {}
        for version in (before, after)
    ]
    old, new = entries
    return [
        (new.get(key) or old[key]).title_vi for key in old | new if old.get(key) != new.get(key)
    ]


def _compared(version: TemplateVersion) -> list[ItemEntry]:
    return [_in_order(item_entry(item)) for item in version.items]


def _in_order(entry: ItemEntry) -> ItemEntry:
    """Return an item with its sets in one order: ticking the same boxes is no change."""
    return entry.model_copy(
        update={"levels": sorted(entry.levels), "evidence": sorted(entry.evidence)}
    )


def check_template(session: Session, entry: TemplateEntry) -> None:
    """Raise ``InvalidInputError`` for what a template cannot be, in its header or its items."""
    keys = {
        model: set(session.scalars(select(model.key)))
        for model in (Role, Phase, EvidenceType, Level)
    }
    known = Known(keys[Role], keys[Phase], keys[EvidenceType], keys[Level])
    problem = problem_of_header(entry, known)
    if problem:
        raise problem
    for item in entry.item:
        problem = problem_of_item(item, entry, known)
        if problem:
            problem.facts["item"] = item.title_vi
            raise problem
    cycle = find_cycle({item.key: item.depends_on for item in entry.item})
    if cycle:
        titles = {item.key: f"“{item.title_vi}”" for item in entry.item}
        raise InvalidInputError(
            N_("These items wait for each other in a circle: %(cycle)s"),
            cycle=" → ".join(titles[key] for key in cycle),
        )
