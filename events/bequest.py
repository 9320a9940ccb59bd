"""What goes over with an open item when its unit ends, besides its dates: evidence, state, delegation, its parts, its credits.

The old item keeps its own, so that its figures and its page stay as they were.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from events.evidence import proof_of
from events.history import MOVED_EVIDENCE, MOVED_STATE
from events.lineage import Lineage
from events.models import Campaign, ChecklistItem, Evidence, EvidenceType, ItemCredit, TodoStatus, Unit
from events.models.campaigns import OPEN

_Key = tuple[int, int, str]  # unit, template, period
_COPIED = [column.key for column in inspect(Evidence).column_attrs if column.key not in ("id", "item_id")]
_SAME = [name for name in _COPIED if name not in ("at", "by_id")]


class Bequest:
    """What the open items of closed units have to leave, read once, and to whom it went."""

    def __init__(self, session: Session, lineage: Lineage, on: date) -> None:
        self._session, self._lineage = session, lineage
        ended = (Unit.valid_to < on, ChecklistItem.status.in_(OPEN))
        to_unit = select(Evidence).join(Evidence.item).join(ChecklistItem.campaign).join(Campaign.unit).where(*ended)
        self._evidence: dict[int, list[Evidence]] = defaultdict(list)
        for piece in session.scalars(to_unit.order_by(Evidence.id)):
            self._evidence[piece.item_id].append(piece)
        other = select(ItemCredit.item_id, Campaign.template_id, Campaign.period).join(ItemCredit.campaign)
        self._credits: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for item_id, template_id, period in session.execute(other.join(Campaign.unit).where(Unit.valid_to < on)):
            self._credits[item_id].append((template_id, period))
        self._titles = dict(session.execute(select(EvidenceType.key, EvidenceType.title_vi)).all())
        self._heirs: dict[ChecklistItem, list[ChecklistItem]] = defaultdict(list)  # old -> new

    def pass_on(self, old: ChecklistItem, new: ChecklistItem) -> dict[str, Any]:
        """Give the new item what the old one had; of several old ones it gets everything, each thing once.

        Returns what went over as history keeps it.
        """
        self._heirs[old].append(new)
        if not new.is_open:
            return {}
        if old.status is TodoStatus.IN_PROCESS:
            new.status = TodoStatus.IN_PROCESS
        if old.blocked and old.blocked not in (new.blocked or ""):
            new.blocked = "; ".join(note for note in (new.blocked, old.blocked) if note)
        pieces = [piece for piece in self._evidence[old.id] if not _is_known(piece, new.evidence_given)]
        new.evidence_given.extend(Evidence(**{name: getattr(piece, name) for name in _COPIED}) for piece in pieces)
        words = [{"title": self._titles[piece.kind_key], "text": proof_of(piece).in_words} for piece in pieces]
        return {MOVED_STATE: {"status": old.status.value, "blocked": old.blocked}, MOVED_EVIDENCE: words}

    def went_to(self, old: ChecklistItem) -> dict[str, str]:
        """Return the names of the units that have the item now, by the id of theirs, as history keeps it."""
        return {str(new.id): new.campaign.unit.full_name for new in self._heirs[old]}

    def link(self, campaigns: Mapping[_Key, Campaign]) -> None:
        """Tie the new items to each other as the old ones were. ``campaigns`` are the round's, and those it was credited to."""
        by_old = {old.id: heirs for old, heirs in self._heirs.items()}
        for old, new in self._pairs():
            if new.delegate_unit_id is None and old.delegate_unit_id is not None:
                new.delegate_unit_id = self.doer_below(old.delegate_unit_id, new.campaign.unit_id)
                new.delegate_role_key = old.delegate_role_key if new.delegate_unit_id else None
            if old.split_from_id is not None:
                new.split_from_id = self._whole(old.split_from_id, new, by_old)
        self._credit(campaigns)

    def doer_below(self, delegate_id: int, unit_id: int) -> int | None:
        """Return who does the work of the unit that an item was given to, if that is one unit below the item's."""
        below = [heir for heir in self._lineage.heirs(delegate_id) if unit_id in self._lineage.above(heir)]
        return below[0] if len(below) == 1 else None

    def _pairs(self) -> Iterator[tuple[ChecklistItem, ChecklistItem]]:
        yield from ((old, new) for old, heirs in self._heirs.items() for new in heirs)

    def _whole(self, whole_id: int, part: ChecklistItem, by_old: Mapping[int, Sequence[ChecklistItem]]) -> int | None:
        """Return the item that a part belongs to now: the same if that stays, else the new one in a unit above."""
        if whole_id not in by_old:
            return whole_id
        above = self._lineage.above(part.campaign.unit_id)
        return next((whole.id for whole in by_old[whole_id] if whole.campaign.unit_id in above), None)

    def _credit(self, campaigns: Mapping[_Key, Campaign]) -> None:
        given: set[tuple[int, int]] = set()
        for old, new in self._pairs():
            for template_id, period in self._credits[old.id]:
                campaign = campaigns.get((new.campaign.unit_id, template_id, period))
                if campaign is not None and (new.id, campaign.id) not in given:
                    given.add((new.id, campaign.id))
                    self._session.add(ItemCredit(item_id=new.id, campaign_id=campaign.id))


def _is_known(piece: Evidence, given: Sequence[Evidence]) -> bool:
    return any(all(getattr(known, name) == getattr(piece, name) for name in _SAME) for known in given)
