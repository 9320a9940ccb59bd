"""The words that templates and units choose from: phases, and kinds of evidence."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import EvidenceType, Phase


def phases(session: Session) -> dict[str, Phase]:
    """Return the phases of a campaign by key, in their order."""
    return {phase.key: phase for phase in session.scalars(select(Phase).order_by(Phase.position))}


def evidence_types(session: Session) -> dict[str, EvidenceType]:
    """Return the kinds of evidence by key, in their order; the one that is a tick among them."""
    query = select(EvidenceType).order_by(EvidenceType.position)
    return {kind.key: kind for kind in session.scalars(query)}
