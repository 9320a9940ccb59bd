"""Who waits for whom when several people work at once.

Everybody takes locks in one order, or two would wait for each other: the tree of units, then units,
then the templates whose rounds are opened, moved or handed over, the oldest first, then rounds,
campaigns, items and the rest. Where that cannot be kept (an item may stand for one of any other
round) PostgreSQL ends one of the two, and ``through_collisions`` does its work again. SQLite lets
one write at a time anyway.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from events.models import Campaign, Level, Observance, Template

# Nobody else may change the row; others may go on pointing at it, as history does at items and
# items at their campaigns.
FOR_CHANGE: dict[str, Any] = {"key_share": True}
_ENDED_FOR_ANOTHER = {"40P01", "40001"}  # PostgreSQL: deadlock_detected, serialization_failure
_TRIES = 3

_T = TypeVar("_T")


def lock_tree(session: Session) -> None:
    """Let one change of the tree of units at a time happen."""
    session.execute(select(Level.key).order_by(Level.key).with_for_update(**FOR_CHANGE))


def lock_templates(session: Session, ids: Collection[int] | Select[int]) -> None:
    """Let one opener, version, move or hand-over at a time work on the rounds of these
    templates.
    """
    chosen: ColumnElement[bool] = Template.id.in_(ids)
    session.execute(
        select(Template.id).where(chosen).order_by(Template.id).with_for_update(**FOR_CHANGE)
    )


def lock_round(session: Session, root: Campaign) -> None:
    """Do so for the round of ``root``, which is read again: it may have been moved or cancelled
    while this one waited.
    """
    lock_templates(session, [root.template_id])  # nobody opens it in another unit meanwhile
    session.refresh(root.round, with_for_update=FOR_CHANGE)
    session.refresh(root)


def lock_observance(session: Session, observance: Observance) -> None:
    """Let one at a time change what belongs to an observance."""
    session.execute(
        select(Observance.id).where(Observance.id == observance.id).with_for_update(**FOR_CHANGE)
    )


def through_collisions(
    work: Callable[[], _T], begin_again: Callable[[], object] = lambda: None
) -> _T:
    """Return what ``work``, a transaction, returns; done again when the database ended it so that
    another could go on.
    """
    for _ in range(_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _ENDED_FOR_ANOTHER:
                raise
            begin_again()
    return work()
