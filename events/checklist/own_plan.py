"""What counts from the plan of its own unit: it moves by itself as soon as that plan is issued, in
that unit alone.

It takes the date that moving the round's dates would give it, so that there is nothing left to move
afterwards. What a plan leaves the units below is theirs: that is shown first and moved at the top
of the round (see `reanchor`).
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from events.campaigns.due_dates import DueDates, in_order
from events.campaigns.issued_plans import issue_dates
from events.campaigns.lifetime import is_closed
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists
from events.campaigns.wanted_dates import dates_now
from events.checklist.editing import write_with_parts
from events.checklist.history import COUNTS_FROM, Stamp, plain
from events.checklist.origins import line_above, missed
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import (
    Anchor,
    Campaign,
    ChecklistItem,
    ItemCredit,
    Round,
    TemplateItem,
)
from events.models.campaigns import takes_place
from events.working_calendar import work_calendar


def items_of_own_plan(campaign: Campaign) -> list[ChecklistItem]:
    """Return a campaign's items that count from a plan of its unit."""
    have = {item.key: item for item in campaign.items}
    return [have[one.key] for one in _counting(campaign, have) if one.key in have]


def follow_own_plan(
    session: Session, campaign: Campaign, plans: Collection[ChecklistItem | None], stamp: Stamp
) -> None:
    """Do what ``follow_own_plans`` does for some plans of a campaign; None is a plan of the whole
    campaign.
    """
    stamps = {plan: stamp for plan in plans if plan is not None}
    if len(stamps) == len(plans):
        follow_own_plans(session, stamps)
        return
    for one, keys in _concerned(session, {"campaign": campaign.id, "ids": []}):
        _follow(session, one, keys, stamp)


def follow_own_plans(session: Session, plans: Mapping[ChecklistItem, Stamp]) -> None:
    """Move what counts from some plans whose issue was recorded or corrected, by the stamp of each.

    Open items follow, with their parts and with what waits for them. Where a plan stands for one of
    another campaign of its unit, what counts from it there follows too. Twice changes nothing; in a
    closed year and in cancelled campaigns nothing moves.
    """
    if not plans:
        return
    stamps = {plan.campaign.unit_id: stamp for plan, stamp in plans.items()}
    for one, keys in _concerned(session, {"campaign": None, "ids": [plan.id for plan in plans]}):
        _follow(session, one, keys, stamps[one.unit_id])


def _concerned(session: Session, plans: Mapping[str, Any]) -> Iterable[tuple[Campaign, set[str]]]:
    """Return the campaigns with items that count from plans, and the keys of the items there whose
    plans these are: the items ``ids`` or all of a ``campaign``.
    """
    found: dict[Campaign, set[str]] = {}
    for one, key in session.execute(_counting_from(), plans):
        found.setdefault(one, set()).add(key)
    return found.items()


@cache  # every tick asks it, and building it takes longer than asking
def _counting_from() -> Select[Campaign, str]:
    """Return the query for what counts from some items, and for what counts from those that these
    stand for.
    """
    campaign: BindParameter[int] = bindparam("campaign", type_=Integer)
    ids = bindparam("ids", expanding=True, type_=Integer)
    plans = or_(ChecklistItem.campaign_id == campaign, ChecklistItem.id.in_(ids))
    stands_for = select(ItemCredit.covers_id).join(ItemCredit.item).where(plans)
    counting = exists().where(
        TemplateItem.version_id == Round.version_id, TemplateItem.anchor == Anchor.PLAN
    )
    query = (
        select(Campaign, ChecklistItem.key)
        .join(Campaign.round)
        .join(Campaign.items)
        .where(counting, takes_place())
    )
    return query.where(or_(ChecklistItem.id.in_(stands_for), plans)).order_by(Campaign.id)


def _counting(campaign: Campaign, plans: Collection[str]) -> list[TemplateItem]:
    return [
        one
        for one in campaign.version.items
        if one.anchor is Anchor.PLAN and one.depends_on[0] in plans
    ]


def _follow(session: Session, campaign: Campaign, plans: Collection[str], stamp: Stamp) -> None:
    stamp = Stamp(stamp.by, stamp.now, stamp.door)  # it is nobody's report
    items = {item.key: item for item in campaign.version.items}
    counting = {one.key for one in _counting(campaign, plans)}
    keys = _with_those_that_wait(items, counting)
    line = line_above(campaign)
    if not keys or is_closed(session, line[-1], day_here(session, stamp.now)):
        return
    session.flush()
    own = select(ChecklistItem.id).where(
        ChecklistItem.campaign_id == campaign.id, ChecklistItem.key.in_(keys)
    )
    session.execute(own.order_by(ChecklistItem.id).with_for_update(**FOR_CHANGE))
    checklists = load_unit_checklists(session, line[-1], units=[one.unit_id for one in line])
    checklist = next((one for one in checklists if one.campaign.id == campaign.id), None)
    if checklist is None:
        return
    issued = issue_dates(session, line[-1])
    for key, dates in _as_things_stand(
        checklist, items, keys, dates_now(session, checklists, work_calendar(session))
    ).items():
        values = missed(checklist.items[key], dates.columns)
        if values:
            why = (
                {COUNTS_FROM: plain(issued.of(campaign.unit_id, items[key].depends_on[0]))}
                if key in counting
                else {}
            )
            write_with_parts(session, checklist.items[key], values, stamp, **why)


def _with_those_that_wait(items: Mapping[str, TemplateItem], keys: set[str]) -> set[str]:
    """Return the keys with those of what waits for one of them, directly or through others."""
    more = {
        key for key, item in items.items() if key not in keys and keys.intersection(item.depends_on)
    }
    return _with_those_that_wait(items, keys | more) if more else keys


def _as_things_stand(
    checklist: UnitChecklist,
    items: Mapping[str, TemplateItem],
    keys: Collection[str],
    wanted: Mapping[tuple[int, str], DueDates],
) -> dict[str, DueDates]:
    """Return the dates of the open items among ``keys``, none before what it waits for where that
    is to move only later.
    """
    have = {
        key: item for key, item in checklist.items.items() if (checklist.campaign.id, key) in wanted
    }
    moving = {key for key, item in have.items() if key in keys and item.is_open}
    stands = {
        key: item.due if item.is_open else None for key, item in have.items() if key not in moving
    }
    stands |= {key: have[key].due for key in moving if "due" in have[key].held}
    dates = in_order(
        {key: items[key].depends_on for key in have},
        lambda key, _days: wanted[checklist.campaign.id, key],
        stands,
    )
    return {key: dates[key] for key in moving}
