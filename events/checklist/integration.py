"""Work that counts for several campaigns of a unit without being done twice ("lồng ghép").

An item belongs to one campaign, where progress counts it. In the others it is shown with its state
and counted nowhere. There it may stand for an item that would be the same work again, such as the
second of two plans: that one is closed as not required for as long as the credit lasts. With a
reform the credit goes over; what it stood for was closed and stays in the old unit.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.checklist.history import (
    COVERS,
    CREDIT,
    CREDIT_TO,
    UNDOES,
    Stamp,
    record,
)
from events.checklist.origins import missed, of_origins
from events.checklist.rights import open_for_choice
from events.checklist.transitions import cover, cover_again, credits_of, is_covered, uncover
from events.errors import N_, ConflictError, InvalidInputError
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    ItemCredit,
    ItemState,
    Person,
    Round,
    TodoStatus,
)
from events.models.campaigns import takes_place
from events.models.items import OPEN

_A_DAY = timedelta(days=1)
# a quarter of a year: what was left open longer ago belongs to no plan of today
_LATELY = timedelta(days=92)


def credit_item(
    session: Session,
    item_id: int,
    campaign: Campaign,
    *,
    covers_id: int | None = None,
    undoes: int | None = None,
    by: Person,
    now: datetime,
) -> ChecklistItem:
    """Let an item count for another campaign of its unit too. Asking twice changes nothing.

    ``covers_id`` is the item of that campaign that it stands for; one that is closed already is
    left alone. ``undoes`` is the id of the change that is taken back by this. Raises the errors of
    ``checklist.complete_item``, and ``InvalidInputError`` for another unit's campaign, the item's
    own, or an item of neither.
    """
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    if campaign.unit_id != item.campaign.unit_id or campaign.id == item.campaign_id:
        raise InvalidInputError(N_("An item can count for another campaign of the same unit."))
    if campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(
            N_("The campaign “%(campaign)s” was cancelled."), campaign=campaign.summary
        )
    covered = _item_to_cover(session, item, campaign, covers_id) if covers_id is not None else None
    credit = _credit(session, item, campaign)
    if credit is None:
        credit = ItemCredit(item=item, campaign=campaign)
        session.add(credit)
        record(
            session,
            item,
            {},
            {CREDIT: campaign.summary, CREDIT_TO: campaign.id} | _noted(undoes),
            Stamp(by, now),
        )
    if covered is not None and covered.is_open:
        _open_again(session, credit, by, now)
        covered, stamp = open_for_choice(session, covered.id, Stamp(by, now))
        # first, so that what counts from it finds the plan that stands for it
        credit.covers = covered
        cover(session, covered, item, stamp)
    return item


def remove_credit(
    session: Session,
    item_id: int,
    campaign: Campaign,
    *,
    undoes: int | None = None,
    by: Person,
    now: datetime,
) -> ChecklistItem:
    """Let an item no longer count for another campaign; what it stood for is open again.

    Asking twice changes nothing.

    ``undoes`` is the id of the change that is taken back by this.
    """
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    credit = _credit(session, item, campaign)
    if credit is not None:
        _open_again(session, credit, by, now)
        session.delete(credit)
        was = {CREDIT: campaign.summary, CREDIT_TO: campaign.id, COVERS: credit.covers_id}
        record(session, item, was, _noted(undoes), Stamp(by, now))
    return item


def credited_to(session: Session, item: ChecklistItem) -> Sequence[Campaign]:
    """Return the other campaigns that an item counts for."""
    query = (
        select(Campaign)
        .join(ItemCredit, ItemCredit.campaign_id == Campaign.id)
        .join(Campaign.round)
        .where(ItemCredit.item_id == item.id)
    )
    return session.scalars(query.order_by(Round.dtstart, Campaign.id)).all()


def integrated_in(
    session: Session, campaign_ids: Collection[int]
) -> dict[int, list[ChecklistItem]]:
    """Return by campaign the items of other campaigns that count there too, in one query."""
    query = (
        select(ItemCredit)
        .where(ItemCredit.campaign_id.in_(campaign_ids))
        .options(joinedload(ItemCredit.item))
    )
    found: dict[int, list[ChecklistItem]] = defaultdict(list)
    for credit in session.scalars(query.order_by(ItemCredit.id)):
        found[credit.campaign_id].append(credit.item)
    return found


def candidates(session: Session, item: ChecklistItem) -> Sequence[Campaign]:
    """Return the campaigns that an item may count for too and does not yet, in the order of
    ``beside``.

    Of those that were over before its own began there are the ones that lately left the same work
    open.
    """
    taken = set(
        session.scalars(select(ItemCredit.campaign_id).where(ItemCredit.item_id == item.id))
    )
    left = (
        select(ChecklistItem.campaign_id)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == item.campaign.unit_id)
    )
    left_open = set(
        session.scalars(left.where(ChecklistItem.key == item.key, ChecklistItem.status.in_(OPEN)))
    )
    return [
        other
        for other in beside(session, item.campaign, left_open=left_open)
        if other.id not in taken
    ]


def beside(
    session: Session, own: Campaign, *, days: Collection[date] = (), left_open: Collection[int] = ()
) -> Sequence[Campaign]:
    """Return a unit's other campaigns of a year whose work may be shared with ``own``, the nearest
    first.

    The one around it and those inside it come before those that share a day with it, and these
    before the others. ``days`` are more days of what is shared. A campaign that was over before all
    of them is none, unless it is of ``left_open`` (ids) and not long over.
    """
    query = select(Campaign).join(Campaign.round)
    query = query.where(Campaign.unit_id == own.unit_id, Round.year == own.year)
    others = session.scalars(
        query.where(takes_place(), Campaign.id != own.id).order_by(Round.dtstart, Campaign.id)
    )
    first, after = min([own.dtstart, *days]), max([own.over_on, *(day + _A_DAY for day in days)])

    def rank(other: Campaign) -> tuple[bool, timedelta, timedelta]:
        contains = own.outer_id == other.id or other.outer_id == own.id
        between = max(other.dtstart - after + _A_DAY, first - other.over_on + _A_DAY, timedelta(0))
        return not contains, between, abs(other.dtstart - own.dtstart)

    oldest = first - _LATELY
    return sorted(
        (each for each in others if each.over_on > (oldest if each.id in left_open else first)),
        key=rank,
    )


def coverable(
    session: Session, item: ChecklistItem, campaigns: Sequence[Campaign]
) -> dict[int, list[ChecklistItem]]:
    """Return by campaign the open items that ``item`` may stand for, in one query; the one of the
    same key first.
    """
    ids = [campaign.id for campaign in campaigns]
    query = select(ChecklistItem).where(
        ChecklistItem.campaign_id.in_(ids), ChecklistItem.status.in_(OPEN)
    )
    query = query if item.required else query.where(~ChecklistItem.required)
    query = query.where(
        ChecklistItem.id.not_in(select(ItemCredit.item_id).where(ItemCredit.covers_id.is_not(None)))
    )
    order = (ChecklistItem.key != item.key, ChecklistItem.position, ChecklistItem.id)
    found: dict[int, list[ChecklistItem]] = defaultdict(list)
    for other in session.scalars(query.order_by(*order)):
        found[other.campaign_id].append(other)
    return found


def stand_in(session: Session, item: ChecklistItem) -> ChecklistItem | None:
    """Return the item of another campaign through which this one is done; None for one that stands
    for itself.
    """
    if not is_covered(item):
        return None
    return session.scalars(
        select(ChecklistItem).join(ItemCredit.item).where(ItemCredit.covers_id == item.id)
    ).first()


def open_again(
    session: Session, campaign_ids: Collection[int], *, by: Person, now: datetime
) -> None:
    """Open again, as they were, the items that those of these campaigns stand for: the campaigns
    were cancelled.
    """
    credits = [
        credit
        for credit in _stood_for(session, campaign_ids)
        if credit.covers and is_covered(credit.covers)
    ]
    covered = [credit.covers for credit in credits if credit.covers]
    given = of_origins(session, covered)
    for credit, item in zip(credits, covered, strict=True):
        stamp = Stamp(by, now, on_behalf_of=item.campaign.unit)
        uncover(session, item, credit.item, stamp, missed(item, given.get(item.id)))


def close_again(
    session: Session, campaign_ids: Collection[int], *, by: Person, now: datetime
) -> None:
    """Let the items of these campaigns stand for others again, where nobody went on with those: the
    campaigns take place.
    """
    credits = [
        credit
        for credit in _stood_for(session, campaign_ids)
        if credit.item.status is not TodoStatus.CANCELLED
    ]
    cover_again(session, credits, Stamp(by, now))


def _stood_for(session: Session, campaign_ids: Collection[int]) -> Sequence[ItemCredit]:
    """Return the credits by which items of these campaigns stand for those of campaigns that take
    place.
    """
    query = (
        select(ItemCredit).join(ItemCredit.item).where(ChecklistItem.campaign_id.in_(campaign_ids))
    )
    alive = ItemCredit.covers_id.is_not(None), takes_place()
    load = (
        joinedload(ItemCredit.covers).joinedload(ChecklistItem.campaign).joinedload(Campaign.unit),
        joinedload(ItemCredit.item),
    )
    return session.scalars(
        query.join(ItemCredit.campaign).where(*alive).options(*load).order_by(ItemCredit.id)
    ).all()


def _item_to_cover(
    session: Session, item: ChecklistItem, campaign: Campaign, covers_id: int
) -> ChecklistItem:
    if item.state in (ItemState.NOT_DONE, ItemState.NOT_REQUIRED):
        raise ConflictError(
            N_("“%(item)s” is closed without being done; it cannot stand for another item."),
            item=item.summary,
        )
    covered = session.get(ChecklistItem, covers_id)
    if covered is None or covered.campaign_id != campaign.id:
        raise InvalidInputError(
            N_("An item can only stand for one of “%(campaign)s”."), campaign=campaign.summary
        )
    if covered.required and not item.required:
        raise ConflictError(
            N_("“%(item)s” is optional; it cannot stand for what is required."), item=item.summary
        )
    if credits_of(session, covered):
        raise ConflictError(
            N_(
                "“%(item)s” stands for another item itself. Please integrate that one directly, "
                "so that each is done once."
            ),
            item=covered.summary,
        )
    return covered


def _open_again(session: Session, credit: ItemCredit, by: Person, now: datetime) -> None:
    if (
        credit.covers is not None
        and is_covered(credit.covers)
        and credit.campaign.status is not CampaignStatus.CANCELLED
    ):
        covered, stamp = open_for_choice(session, credit.covers.id, Stamp(by, now))
        uncover(session, covered, credit.item, stamp)


def _noted(undoes: int | None) -> dict[str, int]:
    return {} if undoes is None else {UNDOES: undoes}


def _credit(session: Session, item: ChecklistItem, campaign: Campaign) -> ItemCredit | None:
    return session.scalar(
        select(ItemCredit).where(
            ItemCredit.item_id == item.id, ItemCredit.campaign_id == campaign.id
        )
    )
