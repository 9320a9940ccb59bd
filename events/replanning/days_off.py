"""Yearly decisions on days off: see which open items move, then apply exactly that.

Nothing moves unseen: a preview lists every open item whose date changes, and applying takes the
preview's fingerprint. If something changed in between, it is refused and the person looks again. A
due date that somebody set by hand stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from events.checklist.history import Stamp
from events.days.checks import check_break, check_swaps
from events.days.months import MonthDay, weeks_in
from events.days.reasons import Cause, DayReason
from events.days.recurrence import check_year
from events.days.workdays import Decision, DecisionStatus, WorkCalendar, swap_of
from events.errors import N_, InvalidInputError, NotFoundError
from events.models import CalendarDay, CalendarDecision, DecidedYear, ProposedHoliday
from events.people.rights import Capability, require_for_all
from events.replanning.preview import Group, Line, expect, fingerprint, grouped
from events.replanning.touched_rounds import RoundChange, changed_rounds, write_rounds
from events.words.texts import passage
from events.working_calendar import stamp_what_reads_otherwise, work_calendar

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class YearDecision:
    """The Tết break, swap days and other days of one year, as a person confirmed them.

    ``text`` is what they were read from.
    """

    year: int
    days: tuple[Decision, ...]
    text: str = ""
    source: str | None = None
    # the days entered before for the year; None: if these fix the Tết break, they are the year's
    replaces: bool | None = None
    is_tet_decided: bool = False  # somebody says so, though the days name no Tết break
    # what is said of single days entered before: whether they go
    drops: Mapping[date, bool] = field(default_factory=dict)

    @property
    def tet(self) -> list[date]:
        return [day.day for day in self.days if _is_tet(day)]

    @property
    def takes_over(self) -> bool:
        """Tell whether the days entered before no longer apply.

        One without a Tết break comes beside the year's decision.
        """
        return bool(self.tet) if self.replaces is None else self.replaces


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision would do, with the fingerprint that applying asks for.

    ``is_known``: it is in force already.
    """

    rounds: tuple[RoundChange, ...]
    fingerprint: str
    is_known: bool = False

    @property
    def moved(self) -> list[Line]:
        return [line for one in self.rounds for line in one.moved]

    def groups(self, today: date) -> list[Group]:
        """Return what moves in all rounds together."""
        return grouped(self.moved, today)


@dataclass(frozen=True, slots=True)
class MonthBeforeAndAfter:
    """A month (its first day) that a decision touches, in weeks."""

    month: date
    before: list[list[MonthDay]]
    after: list[list[MonthDay]]


@dataclass(frozen=True, slots=True)
class YearPreview(Preview):
    """What the decision of a year would do, to the calendar and to the items that are open."""

    days: tuple[Decision, ...] = ()  # all that it decides
    # those of them that were guessed to be in the Tết break and are outside it
    working: tuple[date, ...] = ()
    earlier: tuple[Decision, ...] = ()  # entered before for the year, and not named again
    gone: frozenset[date] = frozenset()  # the earlier ones that no longer apply
    # it stands in the place of all earlier ones, except for those of which somebody says otherwise
    takes_over: bool = False
    decides: bool = False  # the year is decided afterwards
    before: WorkCalendar = field(default_factory=WorkCalendar)
    after: WorkCalendar = field(default_factory=WorkCalendar)

    def months(self) -> list[MonthBeforeAndAfter]:
        """Return the months with a day that is named, or that goes."""
        touched = {day.day for day in self.days} | self.gone
        return [
            MonthBeforeAndAfter(
                month, list(weeks_in(month, self.before)), list(weeks_in(month, self.after))
            )
            for month in sorted({day.replace(day=1) for day in touched})
        ]


def preview_decision(session: Session, decision: YearDecision) -> YearPreview:
    """Say what a decision would change. Writes nothing.

    Raises ``InvalidInputError`` for days that cannot be.
    """
    return _of_decision(session, decision, work_calendar(session))


def apply_decision(
    session: Session,
    decision: YearDecision,
    *,
    expected_fingerprint: str,
    stamp: Stamp,
) -> YearPreview:
    """Store the decided days and move the items that the preview showed.

    A decision already in force changes nothing.

    Raises ``ConflictError`` when the preview would look different now.
    """
    require_for_all(session, stamp.by, Capability.DECIDE_DAYS_OFF, stamp.now)
    _lock(session)
    found = _of_decision(session, decision, work_calendar(session), lock=True)
    if found.is_known:
        return found
    expect(expected_fingerprint, found.fingerprint)
    _store(session, decision, found, stamp)
    write_rounds(session, found.rounds, stamp=stamp)
    session.flush()
    stamp_what_reads_otherwise(session, found.before, found.after, now=stamp.now)
    return found


@dataclass(frozen=True, slots=True)
class HolidayFact:
    """What somebody records of a proposed holiday: how firm it is, or, with ``is_compensation``,
    how firm it is that one on a weekend is made up for.
    """

    name: str
    status: DecisionStatus
    is_compensation: bool = False


def preview_holiday(session: Session, fact: HolidayFact) -> Preview:
    """Say what moves when a proposed holiday, or its compensation, is made law or given up. Writes
    nothing.
    """
    return _of_holiday(session, _holiday(session, fact.name), fact)


def apply_holiday(
    session: Session,
    fact: HolidayFact,
    *,
    source: str | None = None,
    expected_fingerprint: str,
    stamp: Stamp,
) -> Preview:
    """Record a fact of a proposed holiday, and move the items that the preview showed."""
    require_for_all(session, stamp.by, Capability.DECIDE_DAYS_OFF, stamp.now)
    _lock(session)
    holiday, before = _holiday(session, fact.name), work_calendar(session)
    found = _of_holiday(session, holiday, fact, lock=True)
    if found.is_known:
        return found
    expect(expected_fingerprint, found.fingerprint)
    if fact.is_compensation:
        holiday.compensation = fact.status
    else:
        holiday.status = fact.status
    holiday.source = passage(source) or holiday.source
    write_rounds(session, found.rounds, stamp=stamp)
    session.flush()
    stamp_what_reads_otherwise(session, before, work_calendar(session), now=stamp.now)
    return found


def decisions(session: Session) -> Sequence[CalendarDecision]:
    """Return the decisions entered here, the newest first."""
    query = select(CalendarDecision).options(joinedload(CalendarDecision.by))
    return session.scalars(query.order_by(CalendarDecision.id.desc())).all()


def decided_days(session: Session, first: date, last: date) -> Sequence[CalendarDay]:
    """Return the days from ``first`` to ``last`` that were decided to be off or worked."""
    query = select(CalendarDay).where(CalendarDay.day.between(first, last))
    return session.scalars(query.order_by(CalendarDay.day)).all()


def proposed_holidays(session: Session) -> Sequence[ProposedHoliday]:
    return session.scalars(select(ProposedHoliday).order_by(ProposedHoliday.name)).all()


def _check(decision: YearDecision) -> None:
    check_year(decision.year)
    if not (decision.days or decision.replaces or decision.is_tet_decided):
        raise InvalidInputError(N_("The decision names no day."))
    stranger = next(
        (day.day for day in decision.days if abs(day.day.year - decision.year) > 1), None
    )
    if stranger is not None:
        raise InvalidInputError(
            N_("%(day)s is not near the year %(year)s."),
            day=f"{stranger:%d/%m/%Y}",
            year=decision.year,
        )
    check_break(decision.year, decision.tet)


def _lock(session: Session) -> None:
    """Let one decision be applied at a time; SQLite's writers already are."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_DECISIONS)))


_DECISIONS = 7_240_531  # any number, the same for every process


def _is_tet(day: Decision) -> bool:
    return day.off and day.reason.cause is Cause.TET


def _entered(session: Session, year: int) -> dict[date, Decision]:
    """Return the days that earlier decisions of the year stored and that are still people's own."""
    texts = session.scalars(select(CalendarDecision.days).where(CalendarDecision.year == year))
    named = {date.fromisoformat(day) for days in texts for day in days}
    rows = session.scalars(
        select(CalendarDay).where(CalendarDay.day.in_(named)).order_by(CalendarDay.day)
    )
    return {
        row.day: Decision(row.day, row.off, row.reason) for row in rows if row.catalog_base is None
    }


def _guessed_tet(year: int) -> list[date]:
    """Return the weekdays that the package of public holidays takes for the Tết break of
    ``year``.
    """
    undecided = WorkCalendar.of(decided_years=[year - 1])
    january = date(year, 1, 1)
    days = (january + n * _A_DAY for n in range(90))
    return [day for day in days if day.weekday() < 5 and _is_in_tet(undecided.day_off(day))]


def _is_in_tet(off: DayReason | None) -> bool:
    return off is not None and off.cause is Cause.TET


def _store(session: Session, decision: YearDecision, found: YearPreview, stamp: Stamp) -> None:
    """Keep the decision as it was entered, and its days instead of those that no longer apply."""
    source = passage(decision.source)
    for gone in found.gone:
        session.delete(session.get_one(CalendarDay, gone))
    for day in found.days:
        _store_day(session, day, source)
    _store_year(session, decision.year, found.decides, source)
    stored = {
        day.day.isoformat(): {"off": day.off, "reason": day.reason.plain} for day in found.days
    }
    session.add(
        CalendarDecision(
            year=decision.year,
            text=decision.text,
            source=source,
            days=stored,
            at=stamp.now,
            by=stamp.by,
        )
    )


def _store_day(session: Session, day: Decision, source: str | None) -> None:
    """Store a day as people's own, unless it is known: without a catalogue base an import leaves it
    alone.
    """
    row = session.get(CalendarDay, day.day)
    if row is None:
        row = CalendarDay(day=day.day)
        session.add(row)
    elif (row.off, row.reason) == (day.off, day.reason):
        return
    row.off, row.reason, row.source, row.catalog_base = day.off, day.reason, source, None


def _store_year(session: Session, year: int, decides: bool, source: str | None) -> None:
    row = session.get(DecidedYear, year)
    if decides and row is None:
        session.add(DecidedYear(year=year, source=source))
    elif row is not None and not decides:
        session.delete(row)


def _holiday(session: Session, name: str) -> ProposedHoliday:
    holiday = session.get(ProposedHoliday, name)
    if holiday is None:
        raise NotFoundError(N_("There is no proposed holiday “%(name)s”."), name=name)
    return holiday


def _of_decision(
    session: Session, decision: YearDecision, old: WorkCalendar, *, lock: bool = False
) -> YearPreview:
    _check(decision)
    named, entered = {day.day: day for day in decision.days}, _entered(session, decision.year)
    gone = {day for day, known in entered.items() if _is_gone(known, decision)}
    stay = {day: known for day, known in old.decisions.items() if day not in gone}
    check_swaps(decision.days, stay)
    guessed = (
        [day for day in _guessed_tet(decision.year) if day not in named | stay]
        if decision.tet
        else []
    )
    named |= {day: Decision(day, False, DayReason(Cause.OUTSIDE_TET)) for day in guessed}
    decides = decision.is_tet_decided or _is_decided(
        session, decision, stay | named, [entered[day] for day in gone]
    )
    years = old.decided_years | {decision.year} if decides else old.decided_years - {decision.year}
    earlier = tuple(known for day, known in entered.items() if day not in named)
    gone &= {known.day for known in earlier}
    asked = (
        decision.year,
        decision.days,
        decision.text,
        decision.source,
        earlier,
        sorted(gone),
        decides,
    )
    new = replace(old, decisions=stay | named, decided_years=years)
    found = _preview(session, old, new, *asked, lock=lock)
    days = tuple(named[day] for day in sorted(named))
    return YearPreview(
        found.rounds,
        found.fingerprint,
        found.is_known,
        days,
        tuple(guessed),
        earlier,
        frozenset(gone),
        decision.takes_over,
        decides,
        old,
        new,
    )


def _is_gone(known: Decision, decision: YearDecision) -> bool:
    """Tell whether a day entered before no longer applies: as somebody says, else a day of a swap
    goes with the other one.
    """
    return decision.drops.get(
        known.day, decision.takes_over or _is_traded_otherwise(known, decision.days)
    )


def _is_traded_otherwise(known: Decision, days: Collection[Decision]) -> bool:
    """Tell whether a day of a swap has lost the other one, which is now traded for another day or
    not at all.
    """
    swap, swaps = swap_of(known), [swap_of(day) for day in days]
    if swap is None or swap in swaps:
        return False
    lost = any(other is not None and set(other) & set(swap) for other in swaps)
    return lost or any(
        day.day in swap and day.day != known.day and day.off == known.off for day in days
    )


def _is_decided(
    session: Session,
    decision: YearDecision,
    days: Mapping[date, Decision],
    gone: Collection[Decision],
) -> bool:
    """Tell whether a Tết break is in force for the year, or the year was said to be decided and
    that still holds.
    """
    row = session.get(DecidedYear, decision.year)
    taken_back = decision.takes_over or any(map(_is_tet, gone))
    stands = row is not None and (row.catalog_base is not None or not taken_back)
    return stands or any(_is_tet(day) and day.day.year == decision.year for day in days.values())


def _of_holiday(
    session: Session, holiday: ProposedHoliday, fact: HolidayFact, *, lock: bool = False
) -> Preview:
    old, name = work_calendar(session), frozenset([holiday.name])

    def among(names: frozenset[str], status: DecisionStatus) -> frozenset[str]:
        return names | name if fact.status is status else names - name

    if fact.is_compensation:
        new = replace(
            old,
            lieu_announced=among(old.lieu_announced, DecisionStatus.ANNOUNCED),
            lieu_dropped=among(old.lieu_dropped, DecisionStatus.DROPPED),
        )
    else:
        new = replace(
            old,
            announced=among(old.announced, DecisionStatus.ANNOUNCED),
            dropped=among(old.dropped, DecisionStatus.DROPPED),
        )
    asked = holiday.name, fact.status, fact.is_compensation
    return _preview(session, old, new, *asked, lock=lock)


def _preview(
    session: Session, old: WorkCalendar, new: WorkCalendar, *asked: object, lock: bool
) -> Preview:
    if new == old:
        return Preview((), fingerprint((), asked), is_known=True)
    rounds = tuple(changed_rounds(session, old, new, lock=lock))
    return Preview(rounds, fingerprint((line for one in rounds for line in one.lines), asked))
