"""The mail that asks somebody whether they accept a post."""

from datetime import datetime

from sqlalchemy.orm import Session

from events.models import PostOffer
from notifications.outbox.table import MessageKind
from notifications.outbox.writing import enqueue


def tell_of_offer(session: Session, offer: PostOffer, *, now: datetime) -> None:
    """Queue the mail, in the caller's transaction; once for an offer."""
    assert offer.person.email is not None
    enqueue(
        session,
        key=f"{MessageKind.POST_OFFER}:{offer.id}",
        kind=MessageKind.POST_OFFER,
        rcpt_to=offer.person.email,
        language=offer.person.language,
        now=now,
        person=offer.person,
        params={"unit": offer.unit_id},
    )
