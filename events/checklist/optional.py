"""Optional items, which a unit leaves out or takes in.

Switching one off is excusing it, and switching it on is opening it again: see `states`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from events.checklist.closing_words import Closing
from events.checklist.history import Stamp
from events.checklist.rights import open_for_choice, require_open
from events.checklist.states import excuse, excuse_item, reopen_item
from events.errors import N_, ConflictError
from events.models import (
    ChecklistItem,
    ClosedBecause,
    ItemState,
    Person,
)


def switch_off(
    session: Session, item_id: int, reason: str = "", *, by: Person, now: datetime
) -> ChecklistItem:
    """Leave an optional item out.

    Raises ``ConflictError`` for a required one, whose reason must be given on its page.
    """
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    if item.required:
        raise ConflictError(
            N_("“%(item)s” is required and cannot be switched off."), item=item.summary
        )
    if reason:
        return excuse_item(session, item_id, reason, Stamp(by, now))
    return excuse(session, item_id, Closing(ClosedBecause.NOT_CHOSEN), Stamp(by, now))


def switch_on(session: Session, item_id: int, *, by: Person, now: datetime) -> ChecklistItem:
    """Take an item in again that was left out.

    Asking twice changes nothing; what was done since stays done.
    """
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    if item.state is not ItemState.NOT_REQUIRED:
        require_open(item)
    return reopen_item(session, item_id, Stamp(by, now))
