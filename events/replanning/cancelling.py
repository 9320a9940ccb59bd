"""A round that was opened by mistake is cancelled, in all units at once, and may be opened again.

Nothing is deleted: checklists can be read, calendars show the campaign as cancelled for a while,
nobody is reminded of it and progress leaves it out. Who did it, when and why stays at the top of
the round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from events.campaigns.lifetime import is_closed
from events.checklist.integration import close_again, open_again
from events.errors import N_, ConflictError
from events.installation import day_here
from events.locks import lock_round
from events.models import Activity, Campaign, CampaignStatus, ChecklistItem, Person
from events.models.campaigns import same_round
from events.models.items import OPEN
from events.people.rights import Capability, require
from events.words.texts import GIVE_A_REASON, required, short


@dataclass(frozen=True, slots=True)
class Extent:
    """What cancelling a round reaches: its campaigns and items, and how many of those are closed
    already.
    """

    campaigns: int
    items: int
    closed: int


def extent_of(session: Session, root: Campaign) -> Extent:
    """Count what cancelling a round, or opening it again, would reach."""
    ids = _ids(session, root)
    closed = func.count(ChecklistItem.id).filter(ChecklistItem.status.not_in(OPEN))
    items = select(func.count(ChecklistItem.id), closed).where(ChecklistItem.campaign_id.in_(ids))
    return Extent(len(ids), *session.execute(items).one())


def cancel_round(
    session: Session, root: Campaign, reason: str, *, by: Person, now: datetime
) -> int:
    """Cancel a round from its top down and return in how many units.

    Cancelling it twice changes nothing.

    Raises ``NotAllowedError`` without a post in the unit at the top or above, ``InvalidInputError``
    without a reason and ``ConflictError`` for a campaign below the top or of a closed year.
    """
    why = required(short(reason), GIVE_A_REASON)
    _require_top(session, root, by, now)
    if root.status is CampaignStatus.CANCELLED:
        return 0
    return _write(session, root, CampaignStatus.CANCELLED, why, by, now)


def reopen_round(session: Session, root: Campaign, *, by: Person, now: datetime) -> int:
    """Open a cancelled round again as it was and return in how many units.

    Opening it twice changes nothing.
    """
    _require_top(session, root, by, now)
    if root.status is not CampaignStatus.CANCELLED:
        return 0
    return _write(session, root, CampaignStatus.CONFIRMED, None, by, now)


def _require_top(session: Session, root: Campaign, by: Person, now: datetime) -> None:
    today = day_here(session, now)
    require(session, by, Capability.STEER_ROUNDS, root.unit, today)
    if root.parent_id is not None:
        raise ConflictError(
            N_("A round is cancelled in the campaign at the top, for all units together.")
        )
    if is_closed(session, root, today):
        raise ConflictError(
            N_("The year %(year)s is closed; what was done in it stays."), year=root.year
        )
    lock_round(session, root)


def _write(
    session: Session,
    root: Campaign,
    status: CampaignStatus,
    reason: str | None,
    by: Person,
    now: datetime,
) -> int:
    """Write the status into the round, with who did it and why."""
    ids, changing = _ids(session, root), root.round
    cancelled = now if status is CampaignStatus.CANCELLED else None
    told = {"at": now.isoformat(), "by": by.full_name, "reason": reason}
    changing.status, changing.cancelled = status, cancelled
    changing.cancellations = [*(changing.cancellations or ()), told]
    changing.touch(now)
    session.flush()
    # calendars mark activities with their campaign
    shown = {"sequence": Activity.sequence + 1, "last_modified": now}
    of_round = update(Activity).where(Activity.campaign_id.in_(ids)).values(shown)
    session.execute(of_round, execution_options={"synchronize_session": "fetch"})
    follow = open_again if cancelled else close_again
    follow(session, ids, by=by, now=now)
    return len(ids)


def _ids(session: Session, root: Campaign) -> Sequence[int]:
    """Return the campaigns of a round, those of units that have ended too."""
    query = select(Campaign.id).where(same_round(root))
    return session.scalars(query.order_by(Campaign.id)).all()
