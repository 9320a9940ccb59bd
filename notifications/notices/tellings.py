"""What the sources of notices share: the moment they are asked about, what they ask of items, and
what they say is to be told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from events.checklist.charge import doing_unit_id
from events.localtime import local_day
from events.models import ChecklistItem
from notifications.notices.recipients import Directory, Recipient
from notifications.notices.rules import RuleBook
from notifications.notices.steps import Clockwork, Step
from notifications.notices.table import NoticeKind

_CHANNEL = "mail"


@dataclass(frozen=True)
class Moment:
    """What is told at ``now``.

    ``since``: what was planned up to then was told. None: what was told stands in the database,
    and everything that is not stale is to be told.
    """

    session: Session
    now: datetime
    clockwork: Clockwork
    book: RuleBook
    since: datetime | None = None
    units: frozenset[int] | None = None  # whose work alone is looked at; None: everybody's
    known: Directory | None = None

    @cached_property
    def today(self) -> date:
        return local_day(self.now, self.clockwork.zone)

    @cached_property
    def directory(self) -> Directory:
        return self.known or Directory.load(self.session, self.today)

    @cached_property
    def fresh_since(self) -> datetime:
        """The instant before which nothing that happened is told any more."""
        return self.since or self.clockwork.fresh_since(self.now)

    def is_time(self, at: datetime) -> bool:
        """Tell whether what is planned for ``at`` is to be told now."""
        if at > self.now or (self.since is not None and at <= self.since):
            return False
        return self.now < self.clockwork.stale_after(at)


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell one person, with the key that this has for ever."""

    kind: NoticeKind
    to: Recipient
    what: str  # what the key says besides kind, person and channel
    step: Step
    item_id: int | None = None
    about_id: int | None = None
    anchor_version: int = 0
    facts: dict[str, Any] | None = field(default=None, hash=False)
    unit_id: int | None = None  # of whose work it tells

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.what}|{self.to.id}|{_CHANNEL}"


def item_columns() -> Iterable[Any]:
    """Return what a source asks of items, in queries over items and their campaigns."""
    return (
        ChecklistItem.id.label("item_id"),
        ChecklistItem.anchor_version,
        ChecklistItem.role_key,
        ChecklistItem.support_roles,
        ChecklistItem.delegate_unit_id,
        ChecklistItem.delegate_role_key,
        doing_unit_id().label("unit_id"),
    )
