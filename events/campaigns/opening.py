"""Open campaigns ahead of time: from an observance's template to every unit's checklist.

Opening is one pass over the template, not one per unit: see `copies`. The number of SQL statements
does not depend on the number of units.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session, aliased, contains_eager

from events.campaigns.births import Birth, Births, was_over_before
from events.campaigns.copies import Copies, ItemMaker, copies_by_level
from events.campaigns.joining import follow_plans, joined_since
from events.campaigns.late import LateRule
from events.campaigns.rounds import Anchors, ComingRound, rounds_of
from events.database.sessions import new_uid
from events.days.recurrence import Occurrence
from events.days.workdays import WorkCalendar
from events.installation import day_here, domain_of
from events.locks import lock_templates
from events.models import (
    Anchor,
    Campaign,
    ChecklistItem,
    Observance,
    Round,
    Template,
    TemplateVersion,
    UnitSuccession,
)
from events.models.campaigns import of_rounds
from events.people.roles import RoleBook
from events.units.start_lines import start_line
from events.units.tree import UnitNode, UnitTree, load_tree

_WRAP_UP = timedelta(days=30)  # after its last day a campaign still has reports to write
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """What one run of the opener added for an observance in a year."""

    observance: str
    period: str
    summary: str
    year: int
    campaigns: int
    items: int


def open_campaigns(
    session: Session, *, now: datetime, calendar: WorkCalendar, year: int | None = None
) -> list[Opened]:
    """Open the campaign of every round whose time has come, in every unit that its template names.

    Its time has come ``generate_ahead_days`` before it starts. Campaigns of the running calendar
    year are opened however late the service was started, unless they were over when the template
    was switched on, or before the start line. With ``year``, only that year's campaigns. Safe to
    run as often as you like and in two processes at once: a unit that has its campaign is passed
    over, one that was added later gets its own while the round lasts.
    """
    due = due_rounds(session, now=now, year=year)
    # all at once, or two openers could wait for each other
    lock_templates(session, {found.template.id for found in due})
    tree_on = cache(partial(load_tree, session))  # opening changes no unit
    opened = [_open(session, found, now, calendar, tree_on) for found in due]
    return [result for result in opened if result.campaigns]


def due_rounds(
    session: Session, *, now: datetime, year: int | None = None, template_id: int | None = None
) -> list[ComingRound]:
    """Return the rounds whose time has come, and those that run, of one template or of all, in the
    order in which they open: for whoever opens each in a transaction of its own, so that nobody
    waits for all of them.
    """
    today = day_here(session, now)
    years = [year] if year else range(today.year - 1, today.year + 3)
    rounds = [
        found
        for template in self_opening(session)
        if template_id in (None, template.id)
        for y in years
        for found in rounds_of(template, y)
    ]
    return _due(session, [found for found in rounds if found.opens <= today], today)


def open_due_round(
    session: Session, name: tuple[int, int, str], *, now: datetime, calendar: WorkCalendar
) -> Opened | None:
    """Open the round of a template (its id), year and period, if its time has still come; None if
    there was nothing to open.
    """
    template_id, year, period = name
    lock_templates(session, [template_id])
    due = due_rounds(session, now=now, year=year, template_id=template_id)
    found = next((one for one in due if one.period == period), None)
    opened = found and open_round(session, found, now=now, calendar=calendar)
    return opened if opened and opened.campaigns else None


def open_round(
    session: Session,
    found: ComingRound,
    *,
    now: datetime,
    calendar: WorkCalendar,
    unit_ids: Collection[int] | None = None,
    for_reference: bool = False,
) -> Opened:
    """Open one round's campaign in all units, or in those of ``unit_ids`` and above, whether or not
    its time has come; ``for_reference``, so that nobody owes anything in it.

    It belongs to the units that exist now, or on its key day if that has passed: those that will be
    merged by then begin, and hand over what they leave open. A unit made from such ones gets
    nothing here, or their work would stand twice. One made from none joins as long as it goes on.
    """
    lock_templates(session, [found.template.id])  # one opener at a time
    tree_on = partial(load_tree, session)
    return _open(session, found, now, calendar, tree_on, unit_ids, for_reference)


def _open(
    session: Session,
    found: ComingRound,
    now: datetime,
    calendar: WorkCalendar,
    tree_on: Callable[[date], UnitTree],
    unit_ids: Collection[int] | None = None,
    for_reference: bool = False,
) -> Opened:
    """Do what ``open_round`` does, once the template is locked."""
    opened = _opened(session, found)
    if opened is not None and opened.is_cancelled:
        # a unit that is entered since gets nothing of it
        return Opened(found.key, found.period, found.summary, found.year, 0, 0)
    have = _campaign_ids(session, opened.id) if opened else {}
    found, event = _as_moved(found, opened) if opened else (found, None)
    for_reference = opened.for_reference if opened else for_reference
    today = day_here(session, now)
    tree = tree_on(found.belongs_on(today))
    if for_reference and not tree.roots:  # nobody was here yet
        tree = tree_on(today)
    # a unit that comes later gets the same items
    version = opened.version if opened else found.template.current
    copies = copies_by_level(version.items, tree)
    missing = [
        node
        for root in tree.roots
        for node in _involved(tree, root, copies, unit_ids)
        if node.id not in have
    ]
    heirs = _heirs(session, opened) if opened and missing else set()
    missing = _without_heirs(missing, heirs)
    joined = joined_since(session, found, event, today) if have and unit_ids is None else {}
    if joined:
        tree, newcomers = _with_joined(tree, tree_on(today), joined, version)
        missing += [node for node in newcomers if node.id not in have]
        heirs |= {node.id for node in newcomers if node.id not in joined}  # only hung on
    if not missing:
        return Opened(found.key, found.period, found.summary, found.year, 0, 0)
    births = Births.load(session, found, today, for_reference=for_reference)
    round_ = opened or _begin(session, found, version, now, for_reference=births.for_reference)
    ids = _insert_campaigns(session, found, round_, missing, now)
    anchors = Anchors(found.dates, event)
    late = LateRule.load(session, anchors, calendar)
    makers = ItemMaker(
        version, anchors, calendar, RoleBook.load(session), now, late, domain_of(session)
    )
    rows = [
        row
        for node in missing
        if node.id not in heirs
        for row in makers.rows(node, copies, ids[node.id], _birth(births, node, joined))
    ]
    if rows:
        session.connection().execute(insert(ChecklistItem), rows)
    if have or any(item.anchor is Anchor.PLAN for item in version.items):
        follow_plans(session, round_.id, tree, missing, calendar)
    return Opened(found.key, found.period, found.summary, found.year, len(missing), len(rows))


def self_opening(session: Session) -> Sequence[Template]:
    """Return the templates that open by themselves: switched on, and of an observance that is kept
    or with a cut-off.
    """
    kept = Template.observance_id.is_(None) | Observance.enabled
    query = select(Template).outerjoin(Template.observance).where(Template.enabled, kept)
    # a round is named by its observance's title
    named = contains_eager(Template.observance).selectinload(Observance.titles)
    return session.scalars(query.order_by(Template.position, Template.id).options(named)).all()


def _due(session: Session, rounds: Sequence[ComingRound], today: date) -> list[ComingRound]:
    """Return the rounds that are to be opened or, where they are open, go on, so that units
    entered since get theirs.
    """
    asked = [(found.template_id, found.period) for found in rounds]
    query = select(Round).where(tuple_(Round.template_id, Round.period).in_(asked))
    known = {(one.template_id, one.period): one.over_on > today for one in session.scalars(query)}
    line = start_line(session)

    def is_due(found: ComingRound) -> bool:
        goes = known.get((found.template_id, found.period))
        return is_worth_opening(found, line, today) if goes is None else goes

    return [found for found in rounds if is_due(found)]


def is_worth_opening(found: ComingRound, line: date | None, today: date) -> bool:
    """Tell whether a round that is not open is still opened by itself, in an installation that is
    followed from ``line``.
    """
    since = found.template.opens_from
    if since is not None and found.dates.dtend <= since:
        return False
    if line is not None and was_over_before(found, line):
        return False
    return found.year >= today.year or today < found.dates.dtend + _WRAP_UP


def _opened(session: Session, found: ComingRound) -> Round | None:
    """Return the round as it stands, once others who open or move it were waited for; None for one
    that is not open.
    """
    query = select(Round).where(
        Round.template_id == found.template_id, Round.period == found.period
    )
    return session.scalar(query.execution_options(populate_existing=True))


def _heirs(session: Session, opened: Round) -> set[int]:
    """Return the units made from ones that have the round's campaign."""
    link = UnitSuccession
    query = (
        select(link.successor_id)
        .join(Campaign, Campaign.unit_id == link.predecessor_id)
        .where(Campaign.round_id == opened.id)
    )
    return set(session.scalars(query))


def _without_heirs(nodes: list[UnitNode], heirs: set[int]) -> list[UnitNode]:
    """Leave out ``heirs``, unless a unit below them needs their campaign to hang its own on."""
    needed: set[int | None] = set()
    for node in reversed(nodes):  # those below first
        if node.id not in heirs or node.id in needed:
            needed |= {node.id, node.parent_id}
    return [node for node in nodes if node.id in needed]


def _as_moved(found: ComingRound, opened: Round) -> tuple[ComingRound, date | None]:
    """Return the round as it stands, and the event date: people may have moved days, or renamed the
    observance since.
    """
    dates = Occurrence(opened.dtstart, opened.dtend)
    moved = replace(found, year=opened.year, summary=opened.summary, dates=dates)
    return moved, opened.event_date


def _with_joined(
    tree: UnitTree, here: UnitTree, joined: Collection[int], version: TemplateVersion
) -> tuple[UnitTree, list[UnitNode]]:
    """Return the tree with the units of ``here`` that joined since its day, and these with all
    above them.
    """
    copies = copies_by_level(version.items, here)
    wanted = {id_ for id_ in joined if id_ in here.nodes and copies.each.get(here.nodes[id_].level)}
    new = [node for root in here.roots for node in _involved(here, root, copies, wanted)]
    new = [node for node in new if node.id not in tree.nodes]
    return replace(tree, nodes=tree.nodes | {node.id: node for node in new}), new


def _birth(births: Births, node: UnitNode, joined: Mapping[int, date]) -> Birth:
    day = joined.get(node.id)
    return births.of(node.id) if day is None else births.of_joined(node.id, day)


def _involved(
    tree: UnitTree, root: UnitNode, copies: Copies, chosen: Collection[int] | None
) -> list[UnitNode]:
    """Return the units of a tree that take part: those with an item (and chosen), and all above
    them, parents first.
    """
    nodes = tree.below(root)
    wanted = {root.id} if chosen is None else set()
    for node in reversed(nodes):
        takes_part = node.id in chosen if chosen is not None else bool(copies.each.get(node.level))
        if node.id in wanted or takes_part:
            wanted.add(node.id)
            if node.parent_id is not None:
                wanted.add(node.parent_id)
    return [node for node in nodes if node.id in wanted]


def _begin(
    session: Session,
    found: ComingRound,
    version: TemplateVersion,
    now: datetime,
    *,
    for_reference: bool,
) -> Round:
    """Write the round itself: what is the same in all its campaigns."""
    begun = Round(
        template=found.template,
        period=found.period,
        observance_id=found.template.observance_id,
        version=version,
        year=found.year,
        summary=found.summary,
        opens=found.opens,
        dtstart=found.dates.dtstart,
        dtend=found.dates.dtend,
        for_reference=for_reference,
        created=now,
        last_modified=now,
    )
    session.add(begun)
    session.flush()
    return begun


def _insert_campaigns(
    session: Session,
    found: ComingRound,
    opened: Round,
    nodes: Iterable[UnitNode],
    now: datetime,
) -> dict[int | None, int]:
    """Insert one campaign a unit and return the campaign ids by unit id."""
    outer = _outer_ids(session, found)
    common: _Row = {
        "round_id": opened.id,
        "owner_role_key": RoleBook.load(session).owner(
            found.template.owner_role_key, found.key_day
        ),
        "sequence": 0,
        "created": now,
        "last_modified": now,
    }
    ids = _campaign_ids(session, opened.id)
    waiting = {node.id: node for node in nodes}
    while waiting:  # level after level, so that parents have their id
        wave = [node for node in waiting.values() if node.parent_id not in waiting]
        own = [
            {
                "unit_id": node.id,
                "parent_id": ids.get(node.parent_id),
                "outer_id": outer.get(node.id),
            }
            for node in wave
        ]
        rows = [common | {"uid": new_uid(domain_of(session))} | row for row in own]
        session.connection().execute(insert(Campaign), rows)
        ids = _campaign_ids(session, opened.id)
        waiting = {unit_id: node for unit_id, node in waiting.items() if unit_id not in ids}
    _take_in(session, found, opened)
    return ids


def _campaign_ids(session: Session, round_id: int) -> dict[int | None, int]:
    """Return the ids of a round's campaigns by unit id."""
    query = select(Campaign.unit_id, Campaign.id).where(Campaign.round_id == round_id)
    return dict(session.execute(query).all())


def _outer_ids(session: Session, found: ComingRound) -> dict[int, int]:
    """Return by unit id the campaigns that contain this round's: 25/11 lives inside the action
    month.
    """
    if found.observance is None or found.observance.inside_key is None:
        return {}
    query = select(Campaign.unit_id, Campaign.id).join(Campaign.round).join(Round.observance)
    return dict(
        session.execute(
            query.where(Observance.key == found.observance.inside_key, Round.period == found.period)
        ).all()
    )


def _take_in(session: Session, found: ComingRound, opened: Round) -> None:
    """Link the campaigns that were opened before the one that contains them."""
    if found.observance is None:
        return
    outer = aliased(Campaign)
    inside = select(Observance.id).where(Observance.inside_key == found.observance.key)
    waiting = (
        of_rounds(Round.observance_id.in_(inside), Round.period == found.period),
        Campaign.outer_id.is_(None),
    )
    link = (
        update(Campaign)
        .where(outer.round_id == opened.id, outer.unit_id == Campaign.unit_id, *waiting)
        .values(outer_id=outer.id)
    )
    session.execute(link, execution_options={"synchronize_session": False})
