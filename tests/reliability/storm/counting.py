"""What a storm left, compared with what people were told.

What was acknowledged must be there once and whole; what nobody answered may be there once and
whole, or not at all.
"""

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased, selectinload

from events.files.store import checked_file, is_whole
from events.models import (
    CalendarDay,
    CalendarDecision,
    Campaign,
    Change,
    ChecklistItem,
    Evidence,
    NotDone,
    Reform,
    Round,
    Template,
    TemplateVersion,
    TodoStatus,
    Unit,
    UnitSuccession,
)
from events.models.items import OPEN
from tests.reliability.storm.deeds import DECIDED_YEAR, a_picture, swapped
from tests.reliability.storm.province import COURSE, Work
from tests.reliability.storm.report import Ledger, Report

_DONE, _OPENED = TodoStatus.COMPLETED, TodoStatus.NEEDS_ACTION


def count(session: Session, files: Path, work: Work, ledger: Ledger, report: Report) -> None:
    """Add to the report what is lost, half done or doubled."""
    _count_ticks(session, ledger, report)
    _count_notes(session, ledger, report)
    _count_proofs(session, files, ledger, report)
    _count_courses(session, ledger, report)
    _count_moves(session, work, ledger, report)
    _count_merges(session, ledger, report)
    _count_imports(session, ledger, report)
    _count_decisions(session, ledger, report)
    if report.database == "sqlite":
        if session.scalar(text("PRAGMA integrity_check")) != "ok":
            report.note("half_done", "file", "integrity_check")
        for row in session.execute(text("PRAGMA foreign_key_check")):
            report.note("half_done", "row", tuple(row))


def _count_ticks(session: Session, ledger: Ledger, report: Report) -> None:
    """Each item must stand as its last tick or reopening left it, with a line of history for every
    change, one after the other, and its evidence.
    """
    sent: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for kind, what, known in ledger.entries:
        if kind in ("tick", "reopen"):
            sent[what[0]].append((kind, known))
    query = select(ChecklistItem).options(selectinload(ChecklistItem.evidence_given))
    items = {item.id: item for item in session.scalars(query.where(ChecklistItem.id.in_(sent)))}
    status = Change.after["status"].as_string()
    lines: dict[int, list[str]] = defaultdict(list)
    for item_id, said in session.execute(
        select(Change.item_id, status)
        .where(Change.item_id.in_(sent), status.is_not(None))
        .order_by(Change.id)
    ):
        lines[item_id].append(said)
    for item_id, told in sent.items():
        item, line = items[item_id], lines[item_id]
        last = max((place for place, (_kind, known) in enumerate(told) if known), default=0)
        possible = {kind == "tick" for kind, _known in told[last:]}
        if not told[last][1]:
            possible.add(False)
        if item.is_done not in possible:
            report.note("lost", "tick", item_id)
        is_last = bool(line) and line[-1] == _DONE
        if item.is_done != is_last or (item.is_done and not item.evidence_given):
            report.note("half_done", "tick", item_id)
        turns = [_DONE if turn % 2 == 0 else _OPENED for turn in range(len(line))]
        if line != turns or len(item.evidence_given) > 1:
            report.note("doubled", "tick", (item_id, line))


def _count_notes(session: Session, ledger: Ledger, report: Report) -> None:
    note = Change.after["blocked"].as_string()
    query = select(Change.item_id, note).where(note.is_not(None))
    found = Counter(map(tuple, session.execute(query)))
    for what, known in ledger.of("note").items():
        _once("note", what, known, found[what], report)


def _count_proofs(session: Session, files: Path, ledger: Ledger, report: Report) -> None:
    query = select(Evidence.item_id, Evidence.file_digest).where(Evidence.file_digest.is_not(None))
    given = Counter(map(tuple, session.execute(query)))
    for (item, number), known in ledger.of("upload").items():
        proof = checked_file("anh.png", a_picture(number))
        _once("upload", (item, number), known, given[item, proof.file.digest], report)
    for _item, digest in given:
        if not is_whole(files, digest):
            report.note("half_done", "upload", digest)


def _count_courses(session: Session, ledger: Ledger, report: Report) -> None:
    """A course is in every unit that lives, once, whether it lived when the course was opened or
    took its work over since; with all items that its version has there.
    """
    query = (
        select(Campaign)
        .join(Campaign.round)
        .join(Round.template)
        .join(Campaign.unit)
        .where(Template.key == COURSE, Unit.valid_to.is_(None))
        .options(selectinload(Campaign.items), selectinload(Campaign.unit))
    )
    rounds: dict[date, list[Campaign]] = defaultdict(list)
    for campaign in session.scalars(query):
        rounds[campaign.dtstart].append(campaign)
    levels = {one.unit.level_key for course in rounds.values() for one in course}
    living = set(
        session.scalars(select(Unit.id).where(Unit.valid_to.is_(None), Unit.level_key.in_(levels)))
    )
    for day, course in rounds.items():
        units = Counter(campaign.unit_id for campaign in course)
        for unit_id in living - units.keys():
            report.note("half_done", "open", (day, unit_id))
        if max(units.values()) > 1:
            report.note("doubled", "open", day)
        sizes = {(one.unit.level_key, len(one.items)) for one in course}
        if len(sizes) != len({level for level, _size in sizes}) or any(
            not one.items for one in course
        ):
            report.note("half_done", "open", (day, sorted(sizes)))
    for day, known in ledger.of("open").items():
        if known and day not in rounds:
            report.note("lost", "open", day)


def _count_moves(session: Session, work: Work, ledger: Ledger, report: Report) -> None:
    """The round is held on the day that the last move said, in one row for all its campaigns."""
    template, period = work.round_key
    day = func.coalesce(Round.event_date, Round.dtstart)
    query = select(day).where(Round.template_id == template, Round.period == period)
    days = set(session.scalars(query))
    if not days <= _may_stand(ledger, "move", work.day):
        report.note("lost", "move", sorted(days))


def _count_merges(session: Session, ledger: Ledger, report: Report) -> None:
    """A merger has its unit, which follows both, and whatever was open in them is open there."""
    units = {unit.key: unit for unit in session.scalars(select(Unit))}
    begun: dict[str, list[Unit]] = defaultdict(list)
    for unit in units.values():
        begun[unit.full_name].append(unit)
    follow = Counter(
        map(
            tuple,
            session.execute(select(UnitSuccession.predecessor_id, UnitSuccession.successor_id)),
        )
    )
    written = Counter(
        key for detail in session.scalars(select(Reform.detail)) for key in detail["after"]
    )
    for (name, *keys), known in ledger.of("merge").items():
        new, old = begun.get(name, []), [units[key] for key in keys]
        _once("merge", name, known, len(new), report)
        pairs = [follow[one.id, heir.id] for one in old for heir in new]
        ended = {one.valid_to is not None for one in old}
        if ended != {bool(new)} or any(number != 1 for number in pairs):
            report.note("half_done", "merge", name)
        if any(written[heir.key] != 1 for heir in new):
            report.note("half_done", "merge", f"{name}: its line")
        if new:
            _count_what_went_over(session, name, new[0], old, report)


def _count_what_went_over(
    session: Session, name: str, new: Unit, old: list[Unit], report: Report
) -> None:
    ids = [unit.id for unit in old]
    items = select(ChecklistItem).join(ChecklistItem.campaign)
    for left in session.scalars(
        items.where(Campaign.unit_id.in_(ids), ChecklistItem.status.in_(OPEN))
    ):
        report.note("half_done", "merge", f"{name}: item {left.id} is open in a unit that ended")
    went, there = aliased(Campaign), aliased(Campaign)
    names = (went.round_id, ChecklistItem.key)
    moved = session.execute(
        select(*names)
        .join(went, ChecklistItem.campaign_id == went.id)
        .where(went.unit_id.in_(ids), ChecklistItem.not_done == NotDone.MOVED)
        .distinct()
    )
    found = Counter(
        map(
            tuple,
            session.execute(
                select(there.round_id, ChecklistItem.key)
                .join(there, ChecklistItem.campaign_id == there.id)
                .where(there.unit_id == new.id)
            ),
        )
    )
    for row in moved:
        _once("merge", f"{name}: item {tuple(row)}", True, found[tuple(row)], report)


def _count_imports(session: Session, ledger: Ledger, report: Report) -> None:
    """A file has become one version, with all its items, and the title beside them."""
    template = session.scalars(select(Template).where(Template.key == COURSE)).one()
    query = select(TemplateVersion).where(TemplateVersion.template_id == template.id)
    versions = session.scalars(query.order_by(TemplateVersion.number)).all()
    found: Counter[str] = Counter()
    for version in versions:
        marks = {_mark_of(item.title_vi) for item in version.items}
        if len(marks) != 1 or len(version.items) != len(versions[0].items):
            report.note("half_done", "import", (version.number, sorted(marks)))
        found.update(marks)
    for number, known in ledger.of("import").items():
        _once("import", number, known, found[str(number)], report)
    newest = {_mark_of(item.title_vi) for item in versions[-1].items}
    if newest != {_mark_of(template.title_vi)}:
        report.note("half_done", "import", f"{template.title_vi} beside {newest}")


def _count_decisions(session: Session, ledger: Ledger, report: Report) -> None:
    """A decision is written down once; the days of the last one, and no others, hold."""
    found = Counter(session.scalars(select(CalendarDecision.source)))
    told = ledger.of("decide")
    for number, known in told.items():
        _once("decide", number, known, found[f"Bão {number}"], report)
    days = {
        day.day
        for day in session.scalars(select(CalendarDay))
        if day.day in {one for number in told for one in swapped(number)}
    }
    possible = [set(swapped(number)) for number in _may_stand(ledger, "decide", None) if number]
    if told and days and days not in possible:
        kind = "lost" if len(days) == len(swapped(1)) else "half_done"
        report.note(kind, "decide", sorted(days))
    if any(told.values()) and not days:
        report.note("lost", "decide", f"no swap of {DECIDED_YEAR} holds")


def _may_stand(ledger: Ledger, kind: str, before: Any) -> set[Any]:
    sent = ledger.possible(kind)
    first = set() if sent and sent[0][2] else {before}
    return first | {what for _kind, what, _known in sent}


def _once(kind: str, what: object, known: bool, number: int, report: Report) -> None:
    if known and not number:
        report.note("lost", kind, what)
    if number > 1:
        report.note("doubled", kind, what)


def _mark_of(title: str) -> str:
    """Return the number of the file that a title came with, "" for what was there at first."""
    return title.partition("(bản ")[2].rstrip(")")
