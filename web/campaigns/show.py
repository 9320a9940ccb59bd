"""A campaign in one unit: its days, its checklist, and how far the units below have come."""

from collections.abc import Iterable

from flask import Blueprint, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.activities.planned import activities_of
from events.errors import NotFoundError
from events.models import Campaign, ChecklistItem, Observance, Unit
from events.models.campaigns import same_round
from events.observances.printed import inherited
from events.progress.across_reforms import counted_with
from events.progress.figures import Progress
from events.units.tree import ancestors
from web.calendars.subscriptions import unit_subscription
from web.campaigns.standings import Below, below_of
from web.items.lines import Line, by_phase, lines_of, may_tick
from web.kit.closed_units import ClosedNotice, closed_notice
from web.kit.context import current_person, get_session, today

bp = Blueprint("campaigns", __name__, url_prefix="/chien-dich")


@bp.get("/<uid>")
def show(uid: str) -> str:
    """Show one unit's campaign."""
    session = get_session()
    campaign = _get(session, uid)
    lines = lines_of(session, campaign)
    rows, standing = _below(session, campaign)
    ticks = may_tick(session, campaign)
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        closed=_closed(session, campaign),
        unit_path=ancestors(campaign.unit)[::-1],
        printed=inherited(campaign),
        phases=by_phase(lines),
        own_lines=[line for line in lines if line.origin is None],
        twins=_twins(campaign, lines),
        activities=activities_of(
            session, campaign, with_internal=current_person() is not None and ticks
        ),
        below=rows,
        standing_below=standing,
        may_tick=ticks,
        subscription=unit_subscription(campaign.unit),
    )


def _twins(campaign: Campaign, lines: Iterable[Line]) -> list[tuple[ChecklistItem, ChecklistItem]]:
    """Return the items with the open ones of inner campaigns that have the same key: the same work,
    to be done once.
    """
    own = {
        line.item.key: line.item
        for line in lines
        if line.origin is None and (line.item.is_open or line.item.is_done)
    }
    inner = [
        line.item
        for line in lines
        if line.origin is not None and line.origin.outer_id == campaign.id
    ]
    found = [(own[item.key], item) for item in inner if item.key in own and item.is_open]
    return [(first, item) for first, item in found if first.required or not item.required]


def _closed(session: Session, campaign: Campaign) -> ClosedNotice | None:
    """Say where the campaign of a closed unit goes on: in the same round of the units that follow,
    else on their pages.
    """
    if campaign.unit.valid_to is None:
        return None
    same = select(Campaign.unit_id, Campaign.uid).where(same_round(campaign))
    uids = dict(session.execute(same).all())

    def address(unit: Unit) -> str:
        return (
            url_for(".show", uid=uids[unit.id])
            if unit.id in uids
            else url_for("units.show", slug=unit.slug)
        )

    return closed_notice(campaign.unit, address)


def _get(session: Session, uid: str) -> Campaign:
    load = (
        joinedload(Campaign.unit).joinedload(Unit.level),
        joinedload(Campaign.parent).joinedload(Campaign.unit),
        joinedload(Campaign.outer),
        joinedload(Campaign.owner_role),
        joinedload(Campaign.template),
        joinedload(Campaign.version),
        joinedload(Campaign.observance).options(
            selectinload(Observance.themes), selectinload(Observance.titles)
        ),
    )
    campaign = session.scalar(select(Campaign).where(Campaign.uid == uid).options(*load))
    if campaign is None:
        raise NotFoundError(kind="campaign", key=uid)
    return campaign


def _below(session: Session, campaign: Campaign) -> tuple[list[tuple[str, str, Progress]], Below]:
    """Return address, name and progress of every unit below that takes part, and the progress of
    the unit with all of them.
    """
    unit = campaign.unit
    same = same_round(campaign)
    below = below_of(session, counted_with(session, unit, today()), today(), same)
    query = (
        select(Campaign.unit_id, Campaign.uid)
        .join(Campaign.unit)
        .where(Unit.parent_id == unit.id, same)
    )
    pages = {unit_id: url_for(".show", uid=uid) for unit_id, uid in session.execute(query)}
    rows = [
        (pages.get(each.unit_id, url_for("units.show", slug=each.slug)), each.title, each.progress)
        for each in below.branches
        if each.progress or each.unit_id in pages
    ]
    return rows, below
