"""What an item was made from, a template's item or the whole of which it is a part, and what that
says of it today.

Whoever lets an item follow again what it once stood apart from asks here: an edit that is taken
back, an item that opens again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.campaigns.rounds import key_day
from events.campaigns.unit_checklists import load_unit_checklists
from events.campaigns.wanted_dates import dates_now
from events.days.reasons import DayReason
from events.days.recurrence import Occurrence
from events.days.workdays import WorkCalendar
from events.locks import FOR_CHANGE
from events.models import Campaign, ChecklistItem, ClosedBecause, TemplateItem
from events.models.campaigns import same_round
from events.people.roles import RoleBook
from events.working_calendar import work_calendar

DATES = ("dtstart", "nominal_due", "due", "due_reason")
_SETS = {"evidence"}  # lists whose order means nothing
_TEXT = ("summary", "phase_key", "role_key", "support_roles", "weight", "required")
_PROOF = ("evidence", "evidence_min", "without_evidence", "depends_on")
COLUMNS = (*_TEXT, *_PROOF)

FOLLOWED = (*COLUMNS, *DATES)  # the columns in which an item follows its template
# and a part its whole
OF_THE_WHOLE = tuple(
    name for name in FOLLOWED if name not in ("role_key", "support_roles", "depends_on")
)
_Row = dict[str, Any]


def parts_of(
    session: Session, item: ChecklistItem, *, lock: bool = False
) -> Sequence[ChecklistItem]:
    """Return the parts that an item is split into, with their units and evidence; one that was
    taken back is none.
    """
    query = select(ChecklistItem).where(
        ChecklistItem.split_from_id == item.id, ChecklistItem.is_given()
    )
    unit, evidence = (
        joinedload(ChecklistItem.campaign).joinedload(Campaign.unit),
        selectinload(ChecklistItem.evidence_given),
    )
    query = query.options(unit, evidence).order_by(ChecklistItem.id)
    fresh = query.with_for_update(of=ChecklistItem, **FOR_CHANGE).execution_options(
        populate_existing=True
    )
    return session.scalars(fresh if lock else query).all()


def follows_a_template(item: ChecklistItem) -> bool:
    """Tell whether there is something that an item edited by hand can follow again: its template's
    item, or the whole.
    """
    return item.split_from is not None or _model(item) is not None


def is_gone(item: ChecklistItem) -> bool:
    """Tell whether an item's template has it no longer, or no longer for its unit."""
    by_version = item.closed_because is ClosedBecause.VERSION
    return by_version or (not item.is_own and _model(item) is None)


def of_origin(session: Session, item: ChecklistItem) -> _Row | None:
    """Return the columns as the template gives them, by the same count as when days move, or as the
    whole has them.

    None for an item that has neither.
    """
    return of_origins(session, [item]).get(item.id)


def of_origins(session: Session, items: Collection[ChecklistItem]) -> dict[int, _Row]:
    """Return the same by item id for many, as if all of them were open.

    The number of queries depends on the rounds alone.
    """
    found: dict[int, _Row] = {}
    rounds: dict[tuple[int, str], list[ChecklistItem]] = defaultdict(list)
    models: dict[int, TemplateItem] = {}
    for item in items:
        if item.split_from is not None:
            found[item.id] = _of_whole(session, item.split_from)
        elif (model := _model(item)) is not None:
            rounds[item.campaign.template_id, item.campaign.period].append(item)
            models[item.id] = model
    if not rounds:
        return found
    roles, calendar = RoleBook.load(session), work_calendar(session)
    for of_round in rounds.values():
        for item, dates in _dates(session, of_round, calendar):
            found[item.id] = _words(models[item.id], item.campaign, roles) | dates
    return found


def missed(item: ChecklistItem, given: Mapping[str, Any] | None) -> _Row:
    """Return what an item does not have of what its origin gives; what a hand set stays."""
    return values_of(item, given)[0] if given else {}


def line_above(campaign: Campaign) -> list[Campaign]:
    """Return the campaign and those above it, the province's last."""
    return [campaign] if campaign.parent is None else [campaign, *line_above(campaign.parent)]


def _model(item: ChecklistItem) -> TemplateItem | None:
    return next((each for each in item.campaign.version.items if each.key == item.key), None)


def _words(model: TemplateItem, campaign: Campaign, roles: RoleBook) -> _Row:
    on = _first_day(campaign)
    support = [roles.in_force(key, on) for key in model.support_roles]
    own = {
        "summary": model.title_vi,
        "role_key": roles.of_copy(model.role_key, campaign.unit.level_key, on),
        "support_roles": list(dict.fromkeys(support)),
    }
    return {name: getattr(model, name) for name in COLUMNS if name not in own} | own


def _of_whole(session: Session, whole: ChecklistItem) -> _Row:
    """Return the dates and the wording of a divided item: those that it would open with, while it
    is closed.
    """
    values = {} if whole.is_open else missed(whole, of_origin(session, whole))
    return {name: values.get(name, getattr(whole, name)) for name in OF_THE_WHOLE}


def _first_day(campaign: Campaign) -> date:
    """Return the day whose roles count: a unit that took a campaign over has those of its own first
    day.
    """
    day = key_day(campaign.template, Occurrence(campaign.dtstart, campaign.dtend))
    return max(day, campaign.unit.valid_from or day)


def _dates(
    session: Session, items: Collection[ChecklistItem], calendar: WorkCalendar
) -> Iterable[tuple[ChecklistItem, _Row]]:
    """Yield items of one round with their dates."""
    if len(items) > 1:
        one = next(iter(items)).campaign
        # so that no parent is asked for alone
        _known = session.scalars(select(Campaign).where(same_round(one))).all()
    roots: dict[Campaign, list[ChecklistItem]] = defaultdict(list)
    units: dict[Campaign, set[int]] = defaultdict(set)
    for item in items:
        line = line_above(item.campaign)
        roots[line[-1]].append(item)
        units[line[-1]] |= {campaign.unit_id for campaign in line}
    for root, below in roots.items():
        checklists = load_unit_checklists(session, root, units=units[root])
        dates = dates_now(session, checklists, calendar, reopened=[item.id for item in below])
        yield from ((item, dates[item.campaign_id, item.key].columns) for item in below)


def values_of(item: ChecklistItem, wanted: Mapping[str, Any]) -> tuple[_Row, frozenset[str]]:
    """Return the columns of ``wanted`` that differ and may be written, and the names of those that
    a hand holds.
    """
    held = item.held | (set(DATES) if _begins_later(item, wanted) else set())
    differing = {
        name: value for name, value in wanted.items() if _differ(name, getattr(item, name), value)
    }
    values = {name: value for name, value in differing.items() if name not in held}
    return _in_order(item, values), frozenset(held & set(differing))


def _begins_later(item: ChecklistItem, wanted: Mapping[str, Any]) -> bool:
    """Tell whether an item is a part that was given after its whole was due: it keeps its days."""
    due = wanted.get("due")
    return item.split_from_id is not None and bool(due and item.born and due < item.born)


def _differ(name: str, one: Any, other: Any) -> bool:
    # most are equal as they stand
    return bool(one != other and comparable(name, one) != comparable(name, other))


def comparable(name: str, value: Any) -> Any:
    """Return a column's value as one that can be compared and hashed."""
    if name in _SETS:
        return tuple(sorted(value))
    if isinstance(value, DayReason):  # whether its day is decided is no part of the item
        return replace(value, provisional=False)
    return tuple(value) if isinstance(value, list) else value


def _in_order(item: ChecklistItem, values: _Row) -> _Row:
    """Let nothing begin after it is due where one of the two days stands by hand and the other
    moves.
    """
    start, due = values.get("dtstart", item.dtstart), values.get("due", item.due)
    if start is None or start <= due:
        return values
    rest = {name: value for name, value in values.items() if name != "dtstart"}
    return rest if item.dtstart == due else rest | {"dtstart": due}
