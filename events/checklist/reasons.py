"""By which words the reason of a closed item tells that no person closed it by itself.

They are stored, and so never change.
"""

from typing import Any

from sqlalchemy import ColumnElement, or_

from events.language import within
from events.models import ChecklistItem
from events.models.items import GONE

TOGETHER = "Lồng ghép: làm chung với “"  # of what another item stands for
WITH_WHOLE = "Đóng cùng việc chung của"  # of a part that was closed with its whole
TAKEN_BACK = "đã thu lại phần việc này"  # ends that of a part that was taken back
NOT_CHOSEN = "Đơn vị không chọn việc này"  # where a unit gave none
_OURS = (GONE, TOGETHER, WITH_WHOLE, NOT_CHOSEN)


def is_given(part: Any = ChecklistItem) -> ColumnElement[bool]:
    """Return the condition that a part was not taken back: it stays tied to its whole, or figures
    of past days would change.
    """
    return or_(
        part.reason.is_(None),
        part.reason.not_like(f"%{TAKEN_BACK}"),
        part.reason.like(f"{WITH_WHOLE}%"),
    )


def was_taken_back(part: ChecklistItem) -> bool:
    reason = part.reason or ""
    return reason.endswith(TAKEN_BACK) and not reason.startswith(WITH_WHOLE)


def within_a_line(reason: str) -> str:
    """Return a reason as it stands after other words: those above begin small, what people typed
    stays as it is.
    """
    if reason.endswith(TAKEN_BACK):
        return within(reason, "vi")
    return begun_small(reason) if reason.startswith(_OURS) else reason


def begun_small(words: str) -> str:
    """Return words of ours with their first letter small, unless it begins an abbreviation."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def is_of_a_credit(reason: str | None) -> bool:
    return (reason or "").startswith(TOGETHER)
