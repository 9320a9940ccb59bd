"""Yearly decisions on days off: see which open items move, then apply exactly that.

Nothing moves unseen: a preview lists every open item whose date changes, and applying takes the preview's fingerprint. If something
changed in between, it is refused and the person looks again. A due date that somebody set by hand stays.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.database import nfc
from events.decision_text import TET
from events.duedates import WAITS, due_dates, later_ones
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.models import (
    Anchor,
    CalendarDay,
    CalendarDecision,
    Campaign,
    CampaignStatus,
    Change,
    ChecklistItem,
    DecidedYear,
    Person,
    ProposedHoliday,
    TemplateItem,
)
from events.models.campaigns import OPEN
from events.models.history import Door
from events.observances import work_calendar
from events.recurrence import Occurrence, check_year
from events.rounds import Anchors
from events.workdays import Decision, DecisionStatus, Shift, WorkCalendar

_A_DAY = timedelta(days=1)
_BY_HAND = {"due", "nominal_due"}


@dataclass(frozen=True, slots=True)
class YearDecision:
    """The Tết break, swap days and other days of one year, as a person confirmed them. ``text`` is what they were read from."""

    year: int
    days: tuple[Decision, ...]
    text: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class MovedItem:
    """An open item before and after. ``why`` completes "hạn rơi …"; None when its nominal day is a working day again."""

    item: ChecklistItem
    old_due: date
    new_due: date
    old_dtstart: date | None
    new_dtstart: date | None
    why: str | None

    @property
    def is_moved(self) -> bool:
        """Tell whether a date changes, and not only the words of the reason."""
        return (self.old_due, self.old_dtstart) != (self.new_due, self.new_dtstart)


def preview_decision(session: Session, decision: YearDecision, *, count_announced: bool = True) -> list[MovedItem]:
    """Return every open item whose date the decision changes, in the order of the new dates. Writes nothing."""
    return [moved for moved in _of_decision(session, decision, count_announced) if moved.is_moved]


def apply_decision(
    session: Session,
    decision: YearDecision,
    *,
    expected_fingerprint: str,
    by: Person | None,
    now: datetime,
    door: Door = Door.PAGE,
    count_announced: bool = True,
) -> list[MovedItem]:
    """Store the decided days and move the items that the preview showed. A decision already in force changes nothing.

    Raises ``ConflictError`` when the preview would look different now.
    """
    _check(decision)
    _lock(session)
    days = _with_working_days(decision)
    if _in_force(session, decision.year, days):
        return []
    moved = _of_decision(session, decision, count_announced)
    _expect(expected_fingerprint, fingerprint(moved, decision))
    source = nfc(decision.source) or None if decision.source else None
    for day in days:
        _store_day(session, day, source)
    if session.get(DecidedYear, decision.year) is None:
        session.add(DecidedYear(year=decision.year, source=source))
    stored = {day.day.isoformat(): {"off": day.off, "reason": day.reason} for day in days}
    session.add(CalendarDecision(year=decision.year, text=decision.text, source=source, days=stored, at=now, by=by))
    _move(session, moved, by, now, door)
    return [one for one in moved if one.is_moved]


def preview_holiday(session: Session, name: str, status: DecisionStatus, *, count_announced: bool = True) -> list[MovedItem]:
    """Return every open item that moves when a proposed holiday is made law or given up. Writes nothing."""
    return [moved for moved in _of_holiday(session, _holiday(session, name), status, count_announced) if moved.is_moved]


def apply_holiday(
    session: Session,
    name: str,
    status: DecisionStatus,
    *,
    source: str | None = None,
    expected_fingerprint: str,
    by: Person | None,
    now: datetime,
    door: Door = Door.PAGE,
    count_announced: bool = True,
) -> list[MovedItem]:
    """Make a proposed holiday law, or give it up, and move the items that the preview showed."""
    _lock(session)
    holiday = _holiday(session, name)
    if holiday.status is status:
        return []
    moved = _of_holiday(session, holiday, status, count_announced)
    _expect(expected_fingerprint, fingerprint(moved, name, status))
    holiday.status = status
    holiday.source = nfc(source or "") or holiday.source
    _move(session, moved, by, now, door)
    return [one for one in moved if one.is_moved]


def fingerprint(moved: Iterable[MovedItem], *decided: object) -> str:
    """Return what tells two previews apart: the items that move, from where to where, and what was decided."""
    lines = sorted((one.item.id, one.item.sequence, str(one.old_due), str(one.new_due)) for one in moved if one.is_moved)
    return hashlib.sha256(repr((lines, decided)).encode()).hexdigest()


def is_provisional(item: ChecklistItem, calendar: WorkCalendar) -> bool:
    """Tell whether an item's date rests on a day off that is not decided yet ("dự kiến")."""
    if _BY_HAND & set(item.edited):
        return False
    first, last = sorted((item.nominal_due, item.due))
    days = (first + n * _A_DAY for n in range((last - first).days + 1))
    return any(off is not None and off.provisional for off in map(calendar.day_off, days))


def provisional_items(session: Session, calendar: WorkCalendar, today: date) -> list[ChecklistItem]:
    """Return the open items from ``today`` on whose date rests on a guess, the first due first."""
    moved = (ChecklistItem.status.in_(OPEN), ChecklistItem.due >= today, ChecklistItem.due_reason.is_not(None))
    query = select(ChecklistItem).where(*moved).options(joinedload(ChecklistItem.campaign).joinedload(Campaign.unit))
    items = session.scalars(query.order_by(ChecklistItem.due, ChecklistItem.id))
    return [item for item in items if is_provisional(item, calendar)]


def decisions(session: Session) -> Sequence[CalendarDecision]:
    """Return the decisions entered here, the newest first."""
    query = select(CalendarDecision).options(joinedload(CalendarDecision.by))
    return session.scalars(query.order_by(CalendarDecision.id.desc())).all()


def _check(decision: YearDecision) -> None:
    check_year(decision.year)
    if not any(day.off for day in decision.days):
        raise InvalidInputError(N_("The decision names no day off."))
    stranger = next((day.day for day in decision.days if abs(day.day.year - decision.year) > 1), None)
    if stranger is not None:
        raise InvalidInputError(N_("%(day)s is not near the year %(year)s."), day=f"{stranger:%d/%m/%Y}", year=decision.year)


def _lock(session: Session) -> None:
    """Let one decision be applied at a time; SQLite's writers already are."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_DECISIONS)))


_DECISIONS = 7_240_531  # any number, the same for every process


def _expect(expected: str, found: str) -> None:
    if expected != found:
        raise ConflictError(N_("Something changed since this was shown. Please look at what moves once more, then apply it."))


def _with_working_days(decision: YearDecision) -> list[Decision]:
    """Return the days, and with a decided Tết break the guessed days outside it as working days."""
    days = {day.day: day for day in decision.days}
    if any(day.off and day.reason == TET for day in decision.days):
        for guess in _guessed_tet(decision.year):
            days.setdefault(guess, Decision(guess, False, "ngoài kỳ nghỉ Tết đã quyết định"))
    return [days[day] for day in sorted(days)]


def _guessed_tet(year: int) -> list[date]:
    """Return the weekdays that the package of public holidays takes for the Tết break of ``year``."""
    undecided = WorkCalendar.of(decided_years=[year - 1])
    january = date(year, 1, 1)
    days = (january + n * _A_DAY for n in range(90))
    return [day for day in days if day.weekday() < 5 and (off := undecided.day_off(day)) is not None and off.reason == TET]


def _in_force(session: Session, year: int, days: Sequence[Decision]) -> bool:
    rows = {row.day: row for row in session.scalars(select(CalendarDay).where(CalendarDay.day.in_([day.day for day in days])))}
    same = all(day.day in rows and (rows[day.day].off, rows[day.day].reason) == (day.off, day.reason) for day in days)
    return same and session.get(DecidedYear, year) is not None


def _store_day(session: Session, day: Decision, source: str | None) -> None:
    """Store a day as people's own: without a catalogue base an import leaves it alone."""
    row = session.get(CalendarDay, day.day)
    if row is None:
        row = CalendarDay(day=day.day)
        session.add(row)
    row.off, row.reason, row.source, row.catalog_base = day.off, day.reason, source, None


def _holiday(session: Session, name: str) -> ProposedHoliday:
    holiday = session.get(ProposedHoliday, name)
    if holiday is None:
        raise NotFoundError(N_("There is no proposed holiday “%(name)s”."), name=name)
    return holiday


def _of_decision(session: Session, decision: YearDecision, count_announced: bool) -> list[MovedItem]:
    old = work_calendar(session, count_announced=count_announced)
    days = {**old.decisions, **{day.day: day for day in _with_working_days(decision)}}
    return _moves(session, old, replace(old, decisions=days, decided_years=old.decided_years | {decision.year}))


def _of_holiday(session: Session, holiday: ProposedHoliday, status: DecisionStatus, count_announced: bool) -> list[MovedItem]:
    old = work_calendar(session, count_announced=count_announced)
    name = frozenset([holiday.name])
    announced = old.announced | name if status is DecisionStatus.ANNOUNCED else old.announced - name
    dropped = old.dropped | name if status is DecisionStatus.DROPPED else old.dropped - name
    return _moves(session, old, replace(old, announced=announced, dropped=dropped))


def _moves(session: Session, old: WorkCalendar, new: WorkCalendar) -> list[MovedItem]:
    """Compare both calendars over every open item. Only what differs between them moves."""
    items = _open_items(session)
    templates = {(one.version_id, one.key): one for one in session.scalars(select(TemplateItem))}
    origins = _keys_before_splitting(session)
    found = []
    for item in items:
        made_from = templates.get((item.campaign.version_id, origins.get(item.split_from_id, item.key)))
        if made_from is not None:
            found.append(_compare(item, made_from, item.campaign.unit.level_key, old, new))
    moved = {one.item.id: one for one in found if one}
    moved |= {one.item.id: one for one in _pushed(items, moved)}
    return sorted(moved.values(), key=lambda one: (one.new_due, one.item.id))


def _pushed(items: Sequence[ChecklistItem], moved: Mapping[int, MovedItem]) -> Iterator[MovedItem]:
    """Yield the items that what they wait for would overtake by moving: they follow it, unless a hand set their date."""
    touched = {one.item.campaign_id for one in moved.values() if one.is_moved}
    by_campaign: dict[int, list[ChecklistItem]] = defaultdict(list)
    for item in items:
        if item.campaign_id in touched:
            by_campaign[item.campaign_id].append(item)
    for siblings in by_campaign.values():
        yield from _pushed_among(siblings, moved)


def _pushed_among(siblings: Sequence[ChecklistItem], moved: Mapping[int, MovedItem]) -> Iterator[MovedItem]:
    waits_for = {item.key: item.depends_on for item in siblings}
    by_hand = {item.key: item.due for item in siblings if _BY_HAND & set(item.edited)}
    before = later_ones({item.key: item.due for item in siblings}, waits_for, by_hand)
    after = later_ones(
        {item.key: moved[item.id].new_due if item.id in moved else item.due for item in siblings}, waits_for, by_hand
    )
    for item in siblings:
        day = after.get(item.key)
        if day is not None and day != before.get(item.key) and item.key not in by_hand:
            start = moved[item.id].new_dtstart if item.id in moved else item.dtstart
            yield MovedItem(item, item.due, day, item.dtstart, start, WAITS)


def _open_items(session: Session) -> Sequence[ChecklistItem]:
    """Return the open items with their campaigns and units; what they were made from is matched in memory, not by a wide join."""
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    query = query.where(ChecklistItem.status.in_(OPEN), ~ChecklistItem.is_own, Campaign.status != CampaignStatus.CANCELLED)
    load = selectinload(ChecklistItem.campaign).selectinload(Campaign.unit)
    return session.scalars(query.options(load).execution_options(populate_existing=True)).all()


def _keys_before_splitting(session: Session) -> dict[int | None, str]:
    """Return by id the keys of the items that were split: their parts have keys of their own."""
    split = select(ChecklistItem.split_from_id).where(ChecklistItem.split_from_id.is_not(None))
    return dict(session.execute(select(ChecklistItem.id, ChecklistItem.key).where(ChecklistItem.id.in_(split))).all())


def _compare(item: ChecklistItem, made_from: TemplateItem, level: str, old: WorkCalendar, new: WorkCalendar) -> MovedItem | None:
    before, after = (calendar.shift(item.nominal_due, made_from.shift) for calendar in (old, new))
    due, why = (item.due, item.due_reason)
    if _BY_HAND & set(item.edited):
        pass
    elif item.due > max(
        item.nominal_due, before.effective
    ):  # later for another reason, such as a late plan: a decision never pulls it back
        due = max(after.effective, new.shift(item.due, Shift.NEXT).effective)
    elif before.effective != after.effective:
        due, why = after.effective, after.reason
    elif item.due == before.effective:  # only the words change: what was a guess is decided
        why = after.reason
    start = _start(item, made_from, level, old, new)
    if (due, why, start) == (item.due, item.due_reason, item.dtstart):
        return None
    return MovedItem(item, item.due, due, item.dtstart, start, why)


def _start(item: ChecklistItem, made_from: TemplateItem, level: str, old: WorkCalendar, new: WorkCalendar) -> date | None:
    """Return the first day of an item that runs over a period; its own where the calendars agree or somebody set it."""
    if item.dtstart is None or "dtstart" in item.edited or made_from.anchor is Anchor.PLAN:
        return item.dtstart
    campaign = item.campaign
    anchors = Anchors(Occurrence(campaign.dtstart, campaign.dtend), campaign.event_date)
    before, after = (due_dates(made_from, level, anchors, calendar).dtstart for calendar in (old, new))
    return item.dtstart if before == after else after


def _move(session: Session, moved: Iterable[MovedItem], by: Person | None, now: datetime, door: Door) -> None:
    for one in moved:
        item = one.item
        before = _state(item)
        item.due, item.dtstart, item.due_reason = one.new_due, one.new_dtstart, one.why
        item.anchor_version += one.is_moved
        item.touch(now)
        state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
        who = {"by": by, "by_name": by.full_name if by else None, "door": door}
        change = Change(at=now, item=item, before=before, after=_state(item), blocked=item.blocked is not None, **who, **state)
        session.add(change)


def _state(item: ChecklistItem) -> dict[str, Any]:
    return {
        "due": item.due.isoformat(),
        "dtstart": item.dtstart.isoformat() if item.dtstart else None,
        "due_reason": item.due_reason,
    }
