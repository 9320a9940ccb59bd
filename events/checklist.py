"""Tick items off and take ticks back. Every change is history: who, when, through which door, what before and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import N_, ConflictError, NotFoundError
from events.localtime import VIETNAM, local_day
from events.models import CampaignStatus, Change, ChecklistItem, Person
from events.models.history import Door
from events.people import require_post


def complete_item(
    session: Session, item_id: int, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that an item is done. Asking twice changes nothing.

    Raises ``NotFoundError``, ``NotAllowedError`` without a post in the unit or above it, ``ConflictError`` in a cancelled campaign.
    """
    item = _open_for_change(session, item_id, by, now, zone)
    before = _state(item)
    item.complete(by, now, local_day(now, zone))
    _record(session, item, before, by, now, door)
    return item


def reopen_item(
    session: Session, item_id: int, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Take a tick back. Raises the same errors as ``complete_item``."""
    item = _open_for_change(session, item_id, by, now, zone)
    before = _state(item)
    item.reopen(now)
    _record(session, item, before, by, now, door)
    return item


def history_of(session: Session, item: ChecklistItem) -> Sequence[Change]:
    """Return the changes of an item, the newest first."""
    return session.scalars(select(Change).where(Change.item_id == item.id).order_by(Change.at.desc(), Change.id.desc())).all()


def _open_for_change(session: Session, item_id: int, by: Person, now: datetime, zone: ZoneInfo) -> ChecklistItem:
    item = session.get(ChecklistItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    require_post(session, by, item.campaign.unit, local_day(now, zone))
    if item.campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=item.campaign.summary)
    return item


def _state(item: ChecklistItem) -> dict[str, Any]:
    return {"status": item.status.value, "completed": item.completed.isoformat() if item.completed else None}


def _record(session: Session, item: ChecklistItem, before: dict[str, Any], by: Person, now: datetime, door: Door) -> None:
    after = _state(item)
    if after != before:
        state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
        who = {"by": by, "by_name": by.full_name, "door": door}
        session.add(Change(at=now, item=item, before=before, after=after, blocked=item.blocked is not None, **who, **state))
