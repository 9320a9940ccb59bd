"""Campaigns as people look for them: one by its address, the round it stands in, the tops of
rounds, the years of a unit.
"""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.campaigns.lifetime import goes_on
from events.errors import NotFoundError
from events.models import Campaign, CampaignStatus, Observance, Round, Template, Unit
from events.models.campaigns import of_rounds, same_round


def get_campaign(session: Session, uid: str) -> Campaign:
    """Return the campaign with this UID. Raises ``NotFoundError``."""
    return _found(session.scalar(select(Campaign).where(Campaign.uid == uid)), uid)


def get_campaign_in_full(session: Session, uid: str) -> Campaign:
    """Return the campaign with this UID and what it is shown with: its unit, the campaigns above
    and around it, its template, its observance through the years. Raises ``NotFoundError``.
    """
    load = (
        joinedload(Campaign.unit).joinedload(Unit.level),
        joinedload(Campaign.parent).joinedload(Campaign.unit),
        joinedload(Campaign.outer),
        joinedload(Campaign.owner_role),
        joinedload(Campaign.round).joinedload(Round.template),
        joinedload(Campaign.round).joinedload(Round.version),
        joinedload(Campaign.round)
        .joinedload(Round.observance)
        .options(
            selectinload(Observance.themes),
            selectinload(Observance.titles),
            selectinload(Observance.bases),
        ),
    )
    return _found(session.scalar(select(Campaign).where(Campaign.uid == uid).options(*load)), uid)


def uids_of_round(
    session: Session, campaign: Campaign, *, below: Unit | None = None
) -> dict[int, str]:
    """Return by unit id the UIDs of the campaigns of the same round; with ``below`` those directly
    below that unit alone.
    """
    query = select(Campaign.unit_id, Campaign.uid).where(same_round(campaign))
    if below is not None:
        query = query.join(Campaign.unit).where(Unit.parent_id == below.id)
    return dict(session.execute(query).all())


def uid_at_the_top(session: Session, template: Template, period: str) -> str | None:
    """Return the UID of a round's topmost campaign; None for a round that is not open."""
    of_round = of_rounds(Round.template_id == template.id, Round.period == period)
    query = select(Campaign.uid).where(_is_top(), of_round)
    return session.scalar(query.order_by(Campaign.id).limit(1))


def uids_at_the_top(session: Session, periods: Collection[str]) -> dict[tuple[int, str], str]:
    """Return by observance id and period the UIDs of the topmost campaigns that take place."""
    query = select(Round.observance_id, Round.period, Campaign.uid).where(
        _is_top(),
        Round.observance_id.is_not(None),
        Round.period.in_(periods),
        Round.status != CampaignStatus.CANCELLED,
    )
    query = query.join(Campaign, Campaign.round_id == Round.id)
    # of several the first that was opened comes last, and stays
    rows = session.execute(query.order_by(Campaign.id.desc()))
    return {(row.observance_id, row.period): row.uid for row in rows}


def tops_of_observance(session: Session, observance: Observance) -> dict[str, list[Campaign]]:
    """Return by period the topmost campaigns of each time an observance was kept, with their
    units.
    """
    query = select(Campaign).join(Campaign.round)
    query = query.where(_is_top(), Round.observance_id == observance.id)
    found: dict[str, list[Campaign]] = {}
    for campaign in session.scalars(
        query.options(joinedload(Campaign.unit)).order_by(Round.dtstart)
    ):
        found.setdefault(campaign.period, []).append(campaign)
    return found


def running_tops(session: Session, template: Template, today: date) -> Sequence[Campaign]:
    """Return the topmost campaigns of a template that are not over."""
    query = select(Campaign).join(Campaign.round)
    query = query.where(_is_top(), Round.template_id == template.id, goes_on(today))
    return session.scalars(query.order_by(Round.dtstart)).all()


def years_of(session: Session, unit: Unit) -> Sequence[int]:
    """Return the years in which a unit has campaigns, the newest first."""
    taken_part = select(Campaign.round_id).where(Campaign.unit_id == unit.id)
    query = select(Round.year).where(Round.id.in_(taken_part)).distinct()
    return session.scalars(query.order_by(Round.year.desc())).all()


def names_of_rounds(
    session: Session, *conditions: ColumnElement[bool]
) -> dict[tuple[int, str], tuple[str, str]]:
    """Return by template id and period the template's key and what the round is called, over the
    campaigns that meet ``conditions``.
    """
    query = select(Round.template_id, Round.period, Template.key, Round.summary)
    chosen = select(Campaign.round_id).where(*conditions)
    query = query.join(Round.template).where(Round.id.in_(chosen))
    return {
        (template_id, period): (key, summary)
        for template_id, period, key, summary in session.execute(query)
    }


def _found(campaign: Campaign | None, uid: str) -> Campaign:
    if campaign is None:
        raise NotFoundError(kind="campaign", key=uid)
    return campaign


def _is_top() -> ColumnElement[bool]:
    return Campaign.parent_id.is_(None)
