"""What a new version changes in an item, and what a hand holds of it, in people's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from events.campaigns.unit_checklists import template_items
from events.checklist.editing import EDITABLE
from events.database.sessions import Session
from events.days.reasons import DayReason
from events.models import TemplateVersion
from events.people.roles import all_roles
from events.replanning.preview import Group
from events.templates.vocabulary import evidence_types, phases
from web.kit.language import current, title
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.words import day_text

_NAMES = {
    "dtstart": _l("the beginning"),
    "nominal_due": _l("the day as counted"),
    "due_reason": _l("why that day moves"),
    "summary": _l("the wording"),
    "phase_key": _l("phase"),
    "role_key": _l("who is in charge"),
    "support_roles": _l("who supports"),
    "weight": _l("weight"),
    "required": _l("required"),
    "evidence": _l("wanted evidence"),
    "evidence_min": _l("least number of pieces"),
    "without_evidence": _l("may be done without evidence"),
    "depends_on": _l("what it waits for"),
}
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Words:
    """The titles that stand for keys: of roles, phases, kinds of evidence, and of the items that
    wait for each other.
    """

    by_column: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, session: Session, *versions: TemplateVersion) -> "Words":
        roles, evidence = _titles(all_roles(session)), _titles(evidence_types(session))
        of_version = template_items(session, sorted(version.id for version in versions))
        items = {key: name for found in of_version.values() for key, name in _titles(found).items()}
        lists = {"support_roles": roles, "evidence": evidence, "depends_on": items}
        return cls({"role_key": roles, "phase_key": _titles(phases(session)), **lists})

    def changes(self, group: Group) -> Iterator[tuple[str, str, str, bool]]:
        """Yield the name of each column that changes, with its value before and after, and whether
        that is Vietnamese in every language.
        """
        for one in group.differences:
            old, new = self._say(one.name, one.old), self._say(one.name, one.new)
            yield str(_NAMES[one.name]), old, new, one.name == "summary"

    def kept(self, group: Group) -> str:
        """Return what stays as people edited it; empty where nothing does."""
        return ", ".join(_(name) for column, name in EDITABLE.items() if column in group.held)

    def _say(self, column: str, value: Any) -> str:
        titles = self.by_column.get(column, {})
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, tuple):
            return "; ".join(titles.get(key, key) for key in value) or _NOTHING
        if isinstance(value, date):
            return day_text(value)
        if isinstance(value, DayReason):
            return value.words(current())
        return _NOTHING if value is None else titles.get(value, str(value))


def _titles(rows: Mapping[str, Any]) -> dict[str, str]:
    return {key: title(row) for key, row in rows.items()}
