"""A campaign in one unit: its days, its checklist, and how far the units below have come."""

from collections.abc import Iterable

from flask import Blueprint, render_template, url_for

from events.activities.planned import activities_of
from events.campaigns.lookup import get_campaign_in_full, uids_of_round
from events.checklist.listing import Line, by_phase, lines_of
from events.database.sessions import Session
from events.models import Campaign, ChecklistItem, Unit
from events.models.campaigns import same_round
from events.observances.printed import inherited
from events.people.rights import Capability
from events.people.visibility import Fact
from events.progress.across_reforms import counted_with
from events.progress.figures import Progress
from events.progress.standings import Below, Branch, below_of
from events.units.tree import ancestors
from web.calendars.subscriptions import campaign_subscription
from web.kit.closed_units import ClosedNotice, closed_notice
from web.kit.context import get_session, today
from web.kit.visibility import allowed, require_sight, sees
from web.kit.words import unit_until

bp = Blueprint("campaigns", __name__, url_prefix="/chien-dich")


@bp.get("/<uid>")
def show(uid: str) -> str:
    """Show one unit's campaign."""
    session = get_session()
    campaign = get_campaign_in_full(session, uid)
    require_sight(Fact.CAMPAIGN, campaign.unit)
    works = sees(Fact.CHECKLIST, campaign.unit)
    lines = lines_of(session, campaign, today()) if works else []
    rows, standing = _below(session, campaign)
    ticks = allowed(Capability.DO_WORK, campaign.unit)
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
            session, campaign, with_internal=sees(Fact.INTERNAL_ACTIVITY, campaign.unit)
        ),
        works=works,
        below=rows if works else [],
        standing_below=standing,
        may_tick=ticks,
        subscription=campaign_subscription(campaign),
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
    uids = uids_of_round(session, campaign)

    def address(unit: Unit) -> str:
        return (
            url_for(".show", uid=uids[unit.id])
            if unit.id in uids
            else url_for("units.show", slug=unit.slug)
        )

    return closed_notice(campaign.unit, address)


def _below(session: Session, campaign: Campaign) -> tuple[list[tuple[str, str, Progress]], Below]:
    """Return address, name and progress of every unit below that takes part, and the progress of
    the unit with all of them.
    """
    unit = campaign.unit
    counted = counted_with(session, unit, today())
    below = below_of(session, counted, today(), same_round(campaign))
    uids = uids_of_round(session, campaign, below=unit)

    def address(branch: Branch) -> str:
        return (
            url_for(".show", uid=uids[branch.unit_id])
            if branch.unit_id in uids
            else url_for("units.show", slug=branch.slug)
        )

    rows = [
        (address(each), unit_until(each.name, each.until), each.progress)
        for each in below.branches
        if each.progress or each.unit_id in uids
    ]
    return rows, below
