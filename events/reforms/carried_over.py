"""What goes over with an open item when its unit ends, besides its dates: evidence, state,
delegation, its parts, its credits.

The old item keeps its own, so that its figures and its page stay as they were. Its closed parts
stay where they were done, and count for the new item: where nothing else is left of that, it is
done. Where the units that went into one disagree on who does an item, the new unit decides; where
only some of them had divided it, parts alone do not close it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import Session, joinedload

from events.checklist.evidence import proof_of
from events.checklist.history import (
    DELEGATE,
    MOVED_EVIDENCE,
    MOVED_PARTS,
    MOVED_STATE,
    UNDIVIDED,
    history_of,
    state_of,
    undivided_in,
)
from events.models import (
    Campaign,
    ChecklistItem,
    ClosedBecause,
    Evidence,
    EvidenceType,
    ItemCredit,
    NotDone,
    TodoStatus,
    Unit,
)
from events.models.items import OPEN
from events.units.lineage import Lineage

_Key = tuple[int, int]  # unit, round
# writes a line of an item's history: the item, before, after, and who did it if not who hands over
Record = Callable[..., None]
_COPIED = [
    column.key for column in inspect(Evidence).column_attrs if column.key not in ("id", "item_id")
]
_SAME = [name for name in _COPIED if name not in ("at", "by_id")]


class Bequest:
    """What the open items of closed units have to leave, read once, and to whom it went."""

    def __init__(self, session: Session, lineage: Lineage, on: date) -> None:
        self._session, self._lineage = session, lineage
        ended = (Unit.valid_to < on, ChecklistItem.status.in_(OPEN))
        to_unit = (
            select(Evidence)
            .join(Evidence.item)
            .join(ChecklistItem.campaign)
            .join(Campaign.unit)
            .where(*ended)
        )
        self._evidence: dict[int, list[Evidence]] = defaultdict(list)
        for piece in session.scalars(to_unit.order_by(Evidence.id)):
            self._evidence[piece.item_id].append(piece)
        other = select(ItemCredit.item_id, Campaign.round_id).join(ItemCredit.campaign)
        self._credits: dict[int, list[int]] = defaultdict(list)
        for item_id, round_id in session.execute(
            other.join(Campaign.unit).where(Unit.valid_to < on)
        ):
            self._credits[item_id].append(round_id)
        self._titles = dict(session.execute(select(EvidenceType.key, EvidenceType.title_vi)).all())
        self._closed_parts = self._read_closed_parts(ended)
        # new -> its parts
        self._parts: dict[ChecklistItem, list[ChecklistItem]] = defaultdict(list)
        self._heirs: dict[ChecklistItem, list[ChecklistItem]] = defaultdict(list)  # old -> new

    def pass_on(self, old: ChecklistItem, new: ChecklistItem) -> dict[str, Any]:
        """Give the new item what the old one had; of several old ones it gets everything, each
        thing once.

        Returns what went over as history keeps it.
        """
        self._heirs[old].append(new)
        if not new.is_open:
            return {}
        if old.status is TodoStatus.IN_PROCESS:
            new.status = TodoStatus.IN_PROCESS
        if old.blocked and old.blocked not in (new.blocked or ""):
            new.blocked = "; ".join(note for note in (new.blocked, old.blocked) if note)
        pieces = [
            piece for piece in self._evidence[old.id] if not _is_known(piece, new.evidence_given)
        ]
        new.evidence_given.extend(
            Evidence(**{name: getattr(piece, name) for name in _COPIED}) for piece in pieces
        )
        words = [
            {"title": self._titles[piece.kind_key], "text": proof_of(piece).in_words}
            for piece in pieces
        ]
        parts = [
            part for part in self._closed_parts.get(old.id, ()) if self._has_come_below(part, new)
        ]
        self._parts[new].extend(parts)
        came = {
            MOVED_STATE: {"status": old.status.value, "blocked": old.blocked},
            MOVED_EVIDENCE: words,
        }
        return came | (
            {MOVED_PARTS: [part.campaign.unit.full_name for part in parts]} if parts else {}
        )

    def went_to(self, old: ChecklistItem) -> dict[str, str]:
        """Return the names of the units that have the item now, by the id of theirs, as history
        keeps it.
        """
        return {str(new.id): new.campaign.unit.full_name for new in self._heirs[old]}

    def link(self, campaigns: Mapping[_Key, Campaign], record: Record) -> None:
        """Tie the new items to each other as the old ones were.

        ``campaigns`` are the round's, and those it was credited to.
        """
        before: dict[ChecklistItem, list[ChecklistItem]] = defaultdict(list)  # new -> old
        by_id = {old.id: heirs for old, heirs in self._heirs.items()}
        for old, new in self._pairs():
            before[new].append(old)
            if old.split_from_id is not None:
                whole = self._whole(old.split_from_id, new, by_id)
                if whole is not None:
                    self._parts[whole].append(new)
                elif old.split_from_id not in by_id:
                    new.split_from_id = old.split_from_id
        divided = {old.split_from_id for old in self._heirs} | self._closed_parts.keys()
        for new, olds in before.items():
            self._delegate(new, olds, record)
            if self._parts[new]:
                self._divide(new, [old for old in olds if old.id not in divided], olds, record)
        self._credit(campaigns)

    def doer_below(self, delegate_id: int, unit_id: int) -> int | None:
        """Return who does the work of the unit that an item was given to, if that is one unit below
        the item's.
        """
        below = [
            heir
            for heir in self._lineage.heirs(delegate_id)
            if unit_id in self._lineage.above(heir)
        ]
        return below[0] if len(below) == 1 else None

    def _pairs(self) -> Iterator[tuple[ChecklistItem, ChecklistItem]]:
        yield from ((old, new) for old, heirs in self._heirs.items() for new in heirs)

    def _read_closed_parts(
        self, ended: tuple[ColumnElement[bool], ...]
    ) -> dict[int, list[ChecklistItem]]:
        """Return by divided item its parts that were closed in the unit that had them."""
        wholes = (
            select(ChecklistItem.id).join(ChecklistItem.campaign).join(Campaign.unit).where(*ended)
        )
        here = or_(ChecklistItem.not_done.is_(None), ChecklistItem.not_done != NotDone.MOVED)
        closed = (
            ChecklistItem.split_from_id.in_(wholes),
            ChecklistItem.status.not_in(OPEN),
            here,
            ChecklistItem.is_given(),
        )
        query = (
            select(ChecklistItem)
            .where(*closed)
            .options(joinedload(ChecklistItem.campaign))
            .order_by(ChecklistItem.id)
        )
        found: dict[int, list[ChecklistItem]] = defaultdict(list)
        for part in self._session.scalars(query):
            assert part.split_from_id is not None
            found[part.split_from_id].append(part)
        return found

    def _has_come_below(self, part: ChecklistItem, new: ChecklistItem) -> bool:
        """Tell whether the unit that did a part stands below the unit of the new item, or what
        became of it does.
        """
        return any(
            new.campaign.unit_id in self._lineage.above(heir)
            for heir in self._lineage.heirs(part.campaign.unit_id)
        )

    def _whole(
        self, whole_id: int, part: ChecklistItem, by_old: Mapping[int, Sequence[ChecklistItem]]
    ) -> ChecklistItem | None:
        """Return the new item in a unit above that an open part belongs to now; None if the whole
        stays, or went elsewhere.
        """
        above = self._lineage.above(part.campaign.unit_id)
        return next(
            (whole for whole in by_old.get(whole_id, ()) if whole.campaign.unit_id in above), None
        )

    def _delegate(self, new: ChecklistItem, olds: Sequence[ChecklistItem], record: Record) -> None:
        """Have the new item done by whoever follows the one that did the old ones; where these
        differ, by its own unit.
        """
        names = [old.delegate_unit.full_name for old in olds if old.delegate_unit is not None]
        if not names or not new.is_open or new.delegate_unit_id is not None:
            return
        unit_id = new.campaign.unit_id
        given = {
            (
                old.delegate_unit_id and self.doer_below(old.delegate_unit_id, unit_id),
                old.delegate_role_key,
            )
            for old in olds
        }
        doer, role = given.pop()
        if given or doer is None:
            record(new, {DELEGATE: ", ".join(dict.fromkeys(names))}, {DELEGATE: None})
            return
        new.delegate_unit, new.delegate_role_key = self._session.get_one(Unit, doer), role
        record(new, {DELEGATE: None}, {DELEGATE: new.delegate_unit.full_name})

    def _divide(
        self,
        new: ChecklistItem,
        undivided: Sequence[ChecklistItem],
        olds: Sequence[ChecklistItem],
        record: Record,
    ) -> None:
        """Give the new item the closed parts, and close it if these are all; say whose share of it
        is in no part.
        """
        for part in self._parts[new]:
            part.split_from_id = new.id
        areas = [old.campaign.unit.full_name for old in undivided]
        areas += [area for old in olds for area in undivided_in(history_of(self._session, old))]
        if areas:
            record(new, {}, {UNDIVIDED: areas})
        done = [part for part in self._parts[new] if part.is_done and part.completed_on]
        if areas or not done or not new.is_open or any(part.is_open for part in self._parts[new]):
            return
        before, last = state_of(new), max(done, key=lambda part: part.completed_on or date.min)
        new.status, new.blocked, new.completed = last.status, None, last.completed
        new.completed_on, new.recorded_after = last.completed_on, last.recorded_after
        new.completed_by, new.closed_because = last.completed_by, ClosedBecause.PARTS
        record(new, before, state_of(new), last.completed_by)

    def _credit(self, campaigns: Mapping[_Key, Campaign]) -> None:
        given: set[tuple[int, int]] = set()
        for old, new in self._pairs():
            for round_id in self._credits[old.id]:
                campaign = campaigns.get((new.campaign.unit_id, round_id))
                if campaign is not None and (new.id, campaign.id) not in given:
                    given.add((new.id, campaign.id))
                    self._session.add(ItemCredit(item_id=new.id, campaign_id=campaign.id))


def _is_known(piece: Evidence, given: Sequence[Evidence]) -> bool:
    return any(
        all(getattr(known, name) == getattr(piece, name) for name in _SAME) for known in given
    )
