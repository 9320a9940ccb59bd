"""Move the start line of an installation that is at work: what would leave the debts, doing exactly
that, and taking it back.

Open items that were due before the line are for reference from then on. What was for reference
since an earlier line and is due after the new one is owed again; what was opened for reference
stays that. What is done stays done, and counts. Figures of a past day say what was known then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from events.campaigns.births import NEVER
from events.checklist.history import START_LINE, Stamp
from events.database.stale_forms import digest
from events.errors import N_, ConflictError
from events.installation import day_here
from events.locks import lock_templates
from events.models import Campaign, Change, ChecklistItem, Round, StartLine
from events.models.campaigns import takes_place
from events.models.items import OPEN
from events.people.rights import Capability, require_for_all
from events.units.start_lines import (
    StartLines,
    newest_start_line,
    require_sensible,
    start_line,
)

_KEPT = ("status", "not_done", "due", "completed_on", "recorded_after")  # beside every change


@dataclass(frozen=True, slots=True)
class OfRound:
    """What a start line does to one round: open items that leave the debts, those of them that are
    overdue, and those that come back.
    """

    campaign: str
    leave: int = 0
    overdue: int = 0
    come_back: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """One item, from when it was followed, and from when it will be."""

    row: Any
    followed_from: date | None

    @property
    def leaves(self) -> bool:
        return self.followed_from is not None and self.row.due < self.followed_from


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start line would do, round by round, with the fingerprint that applying asks for."""

    day: date
    before: date | None
    moves: tuple[Move, ...]
    rounds: tuple[OfRound, ...]
    fingerprint: str

    @property
    def leave(self) -> int:
        return sum(one.leave for one in self.rounds)

    @property
    def overdue(self) -> int:
        return sum(one.overdue for one in self.rounds)

    @property
    def come_back(self) -> int:
        return sum(one.come_back for one in self.rounds)

    @property
    def is_empty(self) -> bool:
        return self.day == self.before and not self.moves


def preview(session: Session, day: date, *, today: date) -> Preview:
    """Say what would leave the debts, and come back to them, with the start line ``day``. Writes
    nothing.

    Raises ``InvalidInputError`` and ``YearOutOfRangeError`` for days that cannot be.
    """
    require_sensible(day, today)
    joined = StartLines.joined_units(session)
    lines = StartLines(day, {unit_id: own for unit_id, own in joined if own > day})
    moves = tuple(move for row in _open_items(session) if (move := _move(row, lines)) is not None)
    mark = digest(day, [(move.row.id, move.row.sequence, move.followed_from) for move in moves])
    return Preview(day, start_line(session), moves, _by_round(moves, today), mark)


def apply(session: Session, day: date, *, expected_fingerprint: str, stamp: Stamp) -> Preview:
    """Set the start line and do what the preview showed. Setting it twice changes nothing.

    Raises ``ConflictError`` when the preview would differ now.
    """
    require_for_all(session, stamp.by, Capability.SET_UP, stamp.now)
    _lock(session)
    found = preview(session, day, today=day_here(session, stamp.now))
    if found.is_empty:
        return found
    if found.fingerprint != expected_fingerprint:
        raise ConflictError(
            N_(
                "Something changed since this was shown. Please look at what moves once more, "
                "then apply it."
            )
        )
    name = stamp.by.full_name if stamp.by else None
    moved = {str(move.row.id): _plain(move.row.followed_from) for move in found.moves}
    session.add(StartLine(day=day, at=stamp.now, by=stamp.by, by_name=name, moved=moved))
    _write(session, found.moves, stamp)
    return found


def undo(session: Session, *, stamp: Stamp) -> StartLine:
    """Take the newest start line back: what it moved stands as before, unless it was closed or
    moved since.

    Raises ``ConflictError`` where none was set, or only the one with which the installation began.
    """
    require_for_all(session, stamp.by, Capability.SET_UP, stamp.now)
    _lock(session)
    line = newest_start_line(session)
    if line is None or not may_undo(session, line):
        raise ConflictError(N_("There is no start line to take back."))
    was = {int(item_id): day for item_id, day in line.moved.items()}
    lines = StartLines.load(session)
    moves = [
        Move(row, date.fromisoformat(day) if (day := was[row.id]) else None)
        for row in _open_items(session)
        if row.id in was and row.followed_from == lines.of(row.unit_id)
    ]
    line.undone = stamp.now
    _write(session, moves, stamp)
    return line


def may_undo(session: Session, line: StartLine) -> bool:
    """Tell whether a start line moved anything, or followed another one."""
    earlier = select(StartLine.id).where(StartLine.id < line.id, StartLine.undone.is_(None))
    return bool(line.moved) or session.scalar(earlier.limit(1)) is not None


def start_lines(session: Session) -> Sequence[StartLine]:
    """Return the start lines that were set, the newest first, those that were undone too."""
    return session.scalars(select(StartLine).order_by(StartLine.id.desc())).all()


def _lock(session: Session) -> None:
    """Keep openers away, and others who set a start line."""
    lock_templates(session, select(Round.template_id).distinct())


def _open_items(session: Session) -> Iterable[Any]:
    item = ChecklistItem
    columns = (
        item.id,
        item.sequence,
        item.followed_from,
        item.blocked.is_not(None).label("is_blocked"),
        *(getattr(item, name) for name in _KEPT),
        Campaign.unit_id,
        Campaign.round_id,
        Round.summary,
    )
    query = select(*columns).join(item.campaign).join(Campaign.round)
    counts = (
        item.status.in_(OPEN),
        takes_place(),
        ~Round.for_reference,
    )
    return session.execute(query.where(*counts).order_by(Round.dtstart, item.id)).all()


def _move(row: Any, lines: StartLines) -> Move | None:
    """Return what becomes of an item; None where it stays owed, or for reference."""
    line = lines.of(row.unit_id)
    was_left = row.followed_from is not None and row.due < row.followed_from
    if row.followed_from == NEVER or line is None or (row.due < line) is was_left:
        return None
    return Move(row, line)


def _by_round(moves: Iterable[Move], today: date) -> tuple[OfRound, ...]:
    found: dict[int, OfRound] = {}
    for move in moves:
        row = move.row
        one = found.setdefault(row.round_id, OfRound(row.summary))
        found[row.round_id] = replace(
            one,
            leave=one.leave + move.leaves,
            overdue=one.overdue + (move.leaves and row.due < today),
            come_back=one.come_back + (not move.leaves),
        )
    return tuple(found.values())


def _write(session: Session, moves: Iterable[Move], stamp: Stamp) -> None:
    """Write the moves and their history, in two statements however many there are."""
    session.flush()
    found = list(moves)
    if not found:
        return
    statement = update(ChecklistItem).where(ChecklistItem.id == bindparam("item"))
    values = {
        "followed_from": bindparam("line"),
        "sequence": ChecklistItem.sequence + 1,
        "last_modified": stamp.now,
    }
    session.connection().execute(
        statement.values(values),
        [{"item": move.row.id, "line": move.followed_from} for move in found],
    )
    session.connection().execute(insert(Change), [_change(move, stamp) for move in found])
    session.expire_all()


def _change(move: Move, stamp: Stamp) -> dict[str, Any]:
    return {
        "at": stamp.now,
        "by_id": stamp.by.id if stamp.by else None,
        "by_name": stamp.by.full_name if stamp.by else None,
        "door": stamp.door,
        "item_id": move.row.id,
        "before": {START_LINE: _plain(move.row.followed_from)},
        "after": {START_LINE: _plain(move.followed_from)},
        "blocked": move.row.is_blocked,
        "followed_from": move.followed_from,
        **{name: getattr(move.row, name) for name in _KEPT},
    }


def _plain(day: date | None) -> str | None:
    return day.isoformat() if day else None
