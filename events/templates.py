"""Templates as people edit them: read, written as the catalogue writes them, and saved as a new version.

Running campaigns stay as they are until somebody applies the version to them: see `versions`.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from events.database import nfc
from events.entries import ItemEntry, TemplateEntry
from events.errors import N_, InvalidInputError, NotFoundError
from events.models import EvidenceType, Level, Person, Phase, Role, Template, TemplateItem, TemplateVersion
from events.template_checks import Known, find_cycle, problem_of_item

_LONGEST_NOTE = 500


def get_template(session: Session, key: str) -> Template:
    """Return the template with this key. Raises ``NotFoundError``."""
    load = selectinload(Template.versions).selectinload(TemplateVersion.items)
    template = session.scalar(select(Template).where(Template.key == key).options(load))
    if template is None:
        raise NotFoundError(kind="template", key=key)
    return template


def get_version(session: Session, template: Template, number: int) -> TemplateVersion:
    """Return a version by its number. Raises ``NotFoundError``."""
    of_template = select(TemplateVersion).where(TemplateVersion.template_id == template.id, TemplateVersion.number == number)
    version = session.scalar(of_template)
    if version is None:
        raise NotFoundError(kind="template", key=f"{template.key}, {number}")
    return version


def item_entry(item: TemplateItem) -> ItemEntry:
    """Return an item as the catalogue writes it."""
    names = [name for name in ItemEntry.model_fields if name not in ("phase", "role")]
    return ItemEntry(phase=item.phase_key, role=item.role_key, **{name: getattr(item, name) for name in names})


def template_entry(template: Template, items: Sequence[ItemEntry] | None = None) -> TemplateEntry:
    """Return a template with its current items, or with ``items``, as the catalogue writes it."""
    names = ("key", "kind", "title_vi", "title_en", "anchor", "generate_ahead_days", "late_plan_workdays", "cutoffs", "note")
    observance = template.observance.key if template.observance else None
    entries = [item_entry(item) for item in template.current.items] if items is None else list(items)
    values = {name: getattr(template, name) for name in names}
    try:
        return TemplateEntry(observance=observance, owner_role=template.owner_role_key, item=entries, **values)
    except ValidationError as error:
        raise InvalidInputError(N_("A template needs at least one item.")) from error


def edit_template(
    session: Session, template: Template, items: Sequence[ItemEntry], *, note: str | None = None, by: Person, now: datetime
) -> TemplateVersion:
    """Save changed items as a new version and return it; the same items again give the version that has them.

    Running campaigns stay as they are. Raises ``InvalidInputError`` for an item that names what does not exist, a key that stands
    twice or items that wait for each other in a circle; nothing is saved then.
    """
    session.execute(select(Template.id).where(Template.id == template.id).with_for_update())
    check_items(session, template_entry(template, items))
    session.refresh(template, ["versions"])
    latest = template.current
    if [_compared(item_entry(item)) for item in latest.items] == [_compared(item) for item in items]:
        return latest
    text = nfc(note or "")[:_LONGEST_NOTE] or None
    made = {"number": latest.number + 1, "created": now, "digest": "", "created_by_id": by.id, "note": text}
    version = TemplateVersion(template_id=template.id, **made)
    for position, entry in enumerate(items, 1):
        values = entry.model_dump(exclude={"phase", "role"})
        version.items.append(TemplateItem(**values, phase_key=entry.phase, role_key=entry.role, position=position))
    session.add(version)
    session.flush()
    session.refresh(template, ["versions"])
    return version


def _compared(entry: ItemEntry) -> ItemEntry:
    """Return an item with its sets in one order: ticking the same boxes is no change."""
    return entry.model_copy(update={"levels": sorted(entry.levels), "evidence": sorted(entry.evidence)})


def check_items(session: Session, entry: TemplateEntry) -> None:
    """Raise ``InvalidInputError`` for the first item that cannot be."""
    keys = {model: set(session.scalars(select(model.key))) for model in (Role, Phase, EvidenceType, Level)}
    known = Known(keys[Role], keys[Phase], keys[EvidenceType], keys[Level])
    for item in entry.item:
        problem = problem_of_item(item, entry, known)
        if problem:
            problem.facts["item"] = item.title_vi
            raise problem
    cycle = find_cycle({item.key: item.depends_on for item in entry.item})
    if cycle:
        raise InvalidInputError(N_("These items wait for each other in a circle: %(cycle)s"), cycle=" → ".join(cycle))
