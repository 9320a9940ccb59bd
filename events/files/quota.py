"""How much room the files of a unit may take, so that one unit does not fill the disk of all."""

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.installation import installation_of
from events.models import Campaign, ChecklistItem, Document, Evidence, Unit

_MB = 1024**2


def require_room(session: Session, unit: Unit, size: int) -> None:
    """Raise ``InvalidInputError`` if ``size`` bytes more would be too many for a unit."""
    quota = installation_of(session).files_quota
    if quota is not None and size and room_taken(session, unit) + size > quota:
        raise InvalidInputError(
            N_(
                "The files of %(unit)s may take %(size)s MB in all, and that is used up. Please "
                "ask the administrators for more, or erase what is not needed."
            ),
            unit=unit.full_name,
            size=quota // _MB,
        )


def room_taken(session: Session, unit: Unit) -> int:
    """Return how many bytes the files take that a unit's evidence and documents name, each counted
    once.
    """
    named = union(_named_by_evidence(unit), _named_by_documents(unit)).subquery()
    return session.scalar(select(func.coalesce(func.sum(named.c.size), 0))) or 0


def _named_by_evidence(unit: Unit) -> Select[str | None, int | None]:
    query = select(Evidence.file_digest, Evidence.file_size.label("size"))
    query = query.join(ChecklistItem, ChecklistItem.id == Evidence.item_id)
    return query.join(ChecklistItem.campaign).where(
        Campaign.unit_id == unit.id, Evidence.file_digest.is_not(None)
    )


def _named_by_documents(unit: Unit) -> Select[str | None, int | None]:
    query = select(Document.file_digest, Document.file_size.label("size"))
    return query.join(Document.campaign).where(
        Campaign.unit_id == unit.id, Document.file_digest.is_not(None)
    )
