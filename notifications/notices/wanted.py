"""Whether a notice still has something to say when its message is about to leave."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased

from events.checklist.charge import in_charge
from events.models import Campaign, CampaignStatus, ChecklistItem, Person, Post
from events.models.items import OPEN
from notifications.notices.table import Notice, NoticeState, cancel_notices


def still_wanted(session: Session, message_ids: Collection[int], today: date) -> set[int]:
    """Cancel the notices that have nothing left to say, and return the messages that still carry
    one.

    A notice is wanted while its item is open, owed and on the same dates, its person is still in
    charge of it, and no newer one of the same item is on its way.
    """
    newer = aliased(Notice)
    is_outdated = exists().where(
        newer.item_id == Notice.item_id,
        newer.person_id == Notice.person_id,
        newer.anchor_version == Notice.anchor_version,
        newer.at > Notice.at,
        newer.state == NoticeState.PLANNED,
    )
    has_post = exists().where(Post.person_id == Notice.person_id, in_charge(), Post.on(today))
    is_wanted = and_(
        ChecklistItem.status.in_(OPEN),
        ChecklistItem.is_owed(),
        Campaign.status != CampaignStatus.CANCELLED,
        ChecklistItem.anchor_version == Notice.anchor_version,
        Person.email.is_not(None),
        has_post,
        ~is_outdated,
    )
    query = (
        select(Notice.id, Notice.message_id, is_wanted.label("is_wanted"))
        .join(ChecklistItem, ChecklistItem.id == Notice.item_id)
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .join(Person, Person.id == Notice.person_id)
        .where(Notice.message_id.in_(message_ids), Notice.state == NoticeState.PLANNED)
    )
    rows = session.execute(query).all()
    cancel_notices(session, [row.id for row in rows if not row.is_wanted])
    return {row.message_id for row in rows if row.is_wanted}
