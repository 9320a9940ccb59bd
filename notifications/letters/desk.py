"""Where and for whom a morning mail is written, and what it is made of: lines in sections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from gettext import NullTranslations
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from events.checklist.charge import people_in_charge
from events.localtime import local_day
from events.models import Campaign, ChecklistItem
from events.words.texts import nfc
from notifications.letters.acting import Acting, acting_on
from notifications.letters.wording import delay_in_words, short_day
from notifications.notices.table import NoticeKind
from notifications.outbox.table import Message

_MOST = 25  # lines of a section; more are counted

Named = Callable[[str], str]  # a Vietnamese name in the reader's language


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a mail: what it is, what else there is to know, what is pressing about it, and
    where to go.
    """

    what: str
    quiet: tuple[str, ...] = ()
    mark: str = ""
    is_late: bool = False
    url: str = ""
    day: str = ""  # when, for the subject
    acting: Acting | None = None  # what its reader may say of it at once


@dataclass(frozen=True, slots=True)
class Section:
    """What is said of one kind. Lines of a ``compact`` one have no button."""

    kind: NoticeKind
    title: str
    lines: Sequence[Line]
    compact: bool = False
    opening: str = ""  # how a subject begins that is about it
    left_out: int = 0

    @classmethod
    def of(cls, kind: NoticeKind, title: str, lines: Sequence[Line], **more: Any) -> "Section":
        left_out = max(0, len(lines) - _MOST)
        return cls(kind, title, lines[:_MOST], left_out=left_out, **more)

    @property
    def total(self) -> int:
        return len(self.lines) + self.left_out


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and for whom a mail is written."""

    session: Session
    message: Message
    public_url: str
    zone: ZoneInfo
    words: NullTranslations
    secret_key: str | None = None

    @property
    def language(self) -> str:
        return self.message.language

    @property
    def today(self) -> date:
        return local_day(self.message.date, self.zone)

    def acting_on(self, item: ChecklistItem, campaign: Campaign) -> Acting | None:
        """Return the links by which the reader acts; None for a mail that is nobody's."""
        person_id = self.message.person_id
        if self.secret_key is None or person_id is None:
            return None
        return acting_on(item, campaign, person_id, self.public_url, self.secret_key)

    def in_charge_of(self, items: Sequence[ChecklistItem]) -> set[int]:
        """Return the ids of those items that the reader is in charge of. Contacts of a unit are
        told of others too; links to act would open nothing to them.
        """
        people = people_in_charge(self.session, items, self.today)
        mine = self.message.person_id
        return {item_id for item_id, some in people.items() if any(one.id == mine for one in some)}

    def item_url(self, item_id: int) -> str:
        return f"{self.public_url}/viec/{item_id}"


def summary_of(item: ChecklistItem, named: Named) -> str:
    return named(nfc(" ".join(item.summary.split())))


def item_line(desk: Desk, row: Any, named: Named, *quiet: str, mark: str = "") -> Line:
    item = row.ChecklistItem
    return Line(
        summary_of(item, named),
        (" · ".join([row.Unit.full_name, named(row.Campaign.summary)]), *quiet),
        mark or delay_in_words(desk.today, item.due, item.dtstart, desk.words),
        item.due < desk.today,
        desk.item_url(item.id),
        short_day(item.due, desk.language),
    )
