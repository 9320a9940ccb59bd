"""Which rule of reminders holds for an item: the nearest unit's that has one of its own, else the
catalogue's; a rule of the item's template before one of all templates.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.installation import day_here
from events.models import ItemKind, Person, ReminderRule, Template, Unit
from events.models.reminders import MOST_HOPS, MOST_STEPS, MOST_WEEKS, MOST_WORKDAYS, rule_key
from events.people.rights import Capability, require_by
from notifications.notices.steps import USUAL, Rhythm

_Place = tuple[int | None, int | None, ItemKind]  # unit, template, kind


@dataclass(frozen=True)
class RuleBook:
    """All rules, and which unit stands below which."""

    rules: Mapping[_Place, Rhythm] = field(default_factory=dict)
    above: Mapping[int, int | None] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session) -> "RuleBook":
        rules = {
            (row.unit_id, row.template_id, row.kind): rhythm_of(row)
            for row in session.scalars(select(ReminderRule))
        }
        own = any(unit is not None for unit, *_rest in rules)
        above = dict(session.execute(select(Unit.id, Unit.parent_id)).all()) if own else {}
        return cls(rules, above)

    def with_rule(
        self, rhythm: Rhythm, kind: ItemKind, unit: Unit, template_id: int | None = None
    ) -> "RuleBook":
        """Return the book as it would be with one more rule."""
        above = dict(self.above)
        above.setdefault(unit.id, unit.parent_id)
        return replace(
            self, rules={**self.rules, (unit.id, template_id, kind): rhythm}, above=above
        )

    @cached_property
    def rhythms(self) -> Collection[Rhythm]:
        return {USUAL, *self.rules.values()}

    @cached_property
    def is_by_unit(self) -> bool:
        return any(unit is not None for unit, *_rest in self.rules)

    def rhythm(self, unit_id: int | None, template_id: int, kind: ItemKind) -> Rhythm:
        """Return the steps of an item that ``unit_id`` does (None: of no certain unit)."""
        place: int | None = unit_id
        while True:
            for template in (template_id, None):
                found = self.rules.get((place, template, kind))
                if found is not None:
                    return found
            if place is None:
                return USUAL
            place = self.above.get(place)


def rhythm_of(row: ReminderRule) -> Rhythm:
    return Rhythm(tuple(row.steps), row.weeks, tuple(row.grace))


def rules_of_unit(session: Session, unit: Unit) -> Sequence[ReminderRule]:
    """Return the rules that a unit has of its own."""
    return session.scalars(
        select(ReminderRule).where(ReminderRule.unit_id == unit.id).order_by(ReminderRule.key)
    ).all()


def keep_rule(
    session: Session,
    unit: Unit,
    kind: ItemKind,
    rhythm: Rhythm,
    template: Template | None = None,
    *,
    by: Person | None,
    now: datetime,
) -> ReminderRule:
    """Let a unit and all below it be reminded otherwise. Keeping the same twice changes nothing.

    Raises ``NotAllowedError``, and ``InvalidInputError`` for what is too much.
    """
    require_by(session, by, Capability.KEEP_REMINDERS, unit, day_here(session, now))
    check_rhythm(rhythm)
    key = rule_key(kind, template.key if template else None, unit.key)
    values: dict[str, Any] = {
        "steps": list(rhythm.steps),
        "weeks": rhythm.weeks,
        "grace": list(rhythm.grace),
    }
    rule = session.scalar(select(ReminderRule).where(ReminderRule.key == key))
    if rule is None:
        of = {"key": key, "kind": kind, "unit_id": unit.id}
        rule = ReminderRule(**of, template_id=template.id if template else None, **values)
        session.add(rule)
    for name, value in values.items():
        setattr(rule, name, value)
    session.flush()
    return rule


def drop_rule(
    session: Session,
    unit: Unit,
    kind: ItemKind,
    template: Template | None = None,
    *,
    by: Person | None,
    now: datetime,
) -> None:
    """Let a unit be reminded as the unit above is. Dropping twice changes nothing."""
    require_by(session, by, Capability.KEEP_REMINDERS, unit, day_here(session, now))
    key = rule_key(kind, template.key if template else None, unit.key)
    session.execute(delete(ReminderRule).where(ReminderRule.key == key))


def check_rhythm(rhythm: Rhythm) -> None:
    """Raise ``InvalidInputError`` for steps that nobody could mean."""
    is_far = any(abs(step) > MOST_WORKDAYS for step in rhythm.steps)
    if is_far or len(rhythm.steps) > MOST_STEPS:
        raise InvalidInputError(
            N_("Reminders: at most %(steps)s, and at most %(days)s working days away."),
            steps=MOST_STEPS,
            days=MOST_WORKDAYS,
        )
    if rhythm.weeks > MOST_WEEKS:
        raise InvalidInputError(N_("Weekly reminders: at most %(weeks)s."), weeks=MOST_WEEKS)
    if len(rhythm.grace) > MOST_HOPS or max(rhythm.grace, default=0) > MOST_WORKDAYS:
        raise InvalidInputError(
            N_("Units above: at most %(hops)s, after at most %(days)s working days each."),
            hops=MOST_HOPS,
            days=MOST_WORKDAYS,
        )
