"""Links in mails by which whoever is in charge of an item says what became of it, without signing
in: signed for that person and that item, and stored nowhere.

A link is good as long as what it stands for is: it is asked each time whether its person is still
in charge. Whoever is erased, loses the post or the item has links that open nothing, and nobody has
to find and void them.
"""

import struct
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from events.checklist.charge import is_in_charge
from events.models import Campaign, ChecklistItem, Person
from events.secrets.signatures import read_signed, signed

PATH = "/qua-thu/{token}"
_PURPOSE = "act from a mail"
_IDS = struct.Struct(">II")
_AFTERWARDS = timedelta(days=30)  # for what is due when its campaign is over, and told of then


@dataclass(frozen=True, slots=True)
class MailLink:
    """Whom a link is for, and which item it is about, by their ids."""

    person_id: int
    item_id: int


def token_of(link: MailLink, secret_key: str) -> str:
    """Return what stands in the address of a link: 32 characters, the same each time."""
    return signed(_IDS.pack(link.person_id, link.item_id), secret_key, _PURPOSE)


def read_token(token: str, secret_key: str) -> MailLink | None:
    """Return whom and what a token is about; None for one that was not signed here."""
    ids = read_signed(token, secret_key, _PURPOSE, _IDS.size)
    return MailLink(*_IDS.unpack(ids)) if ids is not None else None


def opened_by(session: Session, link: MailLink, on: date) -> tuple[Person, ChecklistItem] | None:
    """Return whom and what a link opens on the day ``on``; None once it opens nothing any more."""
    person = session.get(Person, link.person_id)
    item = session.get(ChecklistItem, link.item_id)
    if person is None or item is None or person.erased is not None:
        return None
    campaign = item.campaign
    if campaign.is_cancelled or on > last_day_of(campaign, item.due):
        return None
    return (person, item) if is_in_charge(session, person, item, on) else None


def last_day_of(campaign: Campaign, due: date) -> date:
    """Return the last day of a link: of its campaign, or some time after the item is due, since
    reports are due when it is over.
    """
    return max(campaign.over_on - timedelta(days=1), due + _AFTERWARDS)
