"""Calendars of others that a unit looks at: added, fetched by the clock, shown beside its own days.

What is in them is nobody's work here: it never becomes an item, a campaign or part of a feed. A
file or an answer that is refused leaves what was taken in before as it is, and says why.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session, contains_eager

from events.calendars.fetching import Answer, checked_address, fetch
from events.calendars.refusals import SENTENCES, CalendarRefusedError, Refused
from events.calendars.taking_in import TakenIn, Time, take_in
from events.database.sessions import SessionFactory, reading
from events.errors import N_, ConflictError, NotFoundError
from events.installation import day_here, zone_of
from events.locks import FOR_CHANGE
from events.models import ImportedCalendar, ImportedEvent, Person, Unit
from events.people.rights import Capability, require
from events.words.language import Said
from events.words.texts import short

MOST_OF_A_UNIT = 10  # calendars
_REFRESH = timedelta(hours=6)
_FIRST_DELAY, _LONGEST_DELAY = timedelta(hours=1), timedelta(days=1)
_KEPT_SPREAD = timedelta(days=7)  # after which the window of what is shown has moved enough
_AT_ONCE = 20.0  # seconds in which one tick of the clock begins to fetch; others wait for it
_FOUND, _UNCHANGED = 200, 304

Fetch = Callable[[str, Mapping[str, str]], Answer]


def add_address(
    session: Session, unit: Unit, name: str, url: str, *, by: Person, now: datetime
) -> ImportedCalendar:
    """Let the clock fetch a calendar for ``unit`` from now on. Without a name it takes that of the
    calendar.

    Raises ``CalendarRefusedError`` for an address that cannot be one, ``ConflictError`` for one
    that is there already or one too many.
    """
    _require_room(session, unit, by, now)
    address = checked_address(url)
    there = select(ImportedCalendar.id).where(
        ImportedCalendar.unit_id == unit.id, ImportedCalendar.url == address
    )
    if session.scalar(there) is not None:
        raise ConflictError(N_("This calendar is there already."))
    calendar = ImportedCalendar(
        unit=unit, name=short(name) or "", url=address, added=now, next_try=now
    )
    session.add(calendar)
    session.flush()
    return calendar


def add_file(
    session: Session, unit: Unit, name: str, taken: TakenIn, *, by: Person, now: datetime
) -> ImportedCalendar:
    """Show an uploaded calendar beside the days of ``unit``."""
    _require_room(session, unit, by, now)
    calendar = ImportedCalendar(unit=unit, name=short(name) or "", added=now)
    session.add(calendar)
    session.flush()
    _store(session, calendar, taken, now)
    return calendar


def replace_file(
    session: Session, unit: Unit, calendar_id: int, taken: TakenIn, *, by: Person, now: datetime
) -> ImportedCalendar:
    """Put a newer file in the place of an uploaded one."""
    calendar = _to_change(session, unit, calendar_id, by, now)
    if calendar.url is not None:
        raise ConflictError(N_("This calendar is fetched from its address."))
    _store(session, calendar, taken, now)
    return calendar


def ask_again(
    session: Session, unit: Unit, calendar_id: int, *, by: Person, now: datetime
) -> ImportedCalendar:
    """Let the clock fetch a calendar at its next tick, however often that failed."""
    calendar = _to_change(session, unit, calendar_id, by, now)
    if calendar.url is None:
        raise ConflictError(N_("This calendar was uploaded as a file."))
    calendar.next_try = now
    return calendar


def remove(session: Session, unit: Unit, calendar_id: int, *, by: Person, now: datetime) -> str:
    """Take a calendar away with all that it shows; return what it was called."""
    calendar = _to_change(session, unit, calendar_id, by, now)
    name = called(calendar)
    session.execute(delete(ImportedEvent).where(ImportedEvent.calendar_id == calendar.id))
    session.delete(calendar)
    session.flush()
    return name


def require_change(session: Session, unit: Unit, by: Person, now: datetime) -> None:
    """Raise ``NotAllowedError`` unless ``by`` works in ``unit``: what stands beside its days is for
    those to choose who plan them.
    """
    require(session, by, Capability.DO_WORK, unit, day_here(session, now))


def calendars_of(session: Session, unit: Unit) -> Sequence[ImportedCalendar]:
    """Return what a unit looks at, in the order in which it was added."""
    query = select(ImportedCalendar).where(ImportedCalendar.unit_id == unit.id)
    return session.scalars(query.order_by(ImportedCalendar.id)).all()


def called(calendar: ImportedCalendar) -> str:
    """Return what a calendar is called: by whoever added it, else by its address."""
    return calendar.name or (calendar.url or "").partition("://")[2].partition("/")[0] or "…"


def problem_of(calendar: ImportedCalendar) -> Said | None:
    """Return why the last try failed, to be said in the reader's language."""
    if calendar.problem is None:
        return None
    return Said(SENTENCES[Refused(calendar.problem)], calendar.problem_facts or {})


def events_between(
    session: Session, units: Collection[int], first: date, last: date, *, limit: int = 500
) -> Sequence[ImportedEvent]:
    """Return what the calendars of ``units`` (ids) have on the days ``first`` to ``last``."""
    query = (
        select(ImportedEvent)
        .join(ImportedEvent.calendar)
        .where(ImportedCalendar.unit_id.in_(units))
        .where(ImportedEvent.first <= last, ImportedEvent.last >= first)
        .options(contains_eager(ImportedEvent.calendar))
        .order_by(ImportedEvent.first, ImportedEvent.starts, ImportedEvent.id)
    )
    return session.scalars(query.limit(limit)).all()


def read_file(session: Session, body: bytes, *, now: datetime) -> TakenIn:
    """Return an uploaded calendar as it would be stored; takes its time and writes nothing.

    Raises ``CalendarRefusedError``.
    """
    return take_in(body, day_here(session, now), zone_of(session))


def fetch_due(session_factory: SessionFactory, *, now: datetime, ask: Fetch | None = None) -> int:
    """Fetch the calendars whose time has come, as many as fit in one tick; return how many.

    Those whose view of the coming two years has grown old are spread anew from what was taken in.
    """
    end = time.monotonic() + _AT_ONCE
    with reading(session_factory)() as session:
        view = _View(session_factory, now, day_here(session, now), zone_of(session))
        due, old = _due(session, view), _grown_old(session, view)
    done = 0
    for calendar_id in due:
        if time.monotonic() > end:
            break
        view.fetch(calendar_id, ask or _ask)
        done += 1
    for calendar_id in old:
        if time.monotonic() > end:
            break
        view.spread(calendar_id)
    return done


def _ask(url: str, headers: Mapping[str, str]) -> Answer:
    return fetch(url, headers=headers)


def _due(session: Session, view: "_View") -> list[int]:
    """Return those to fetch, the longest waiting first; for a unit that has ended none."""
    query = (
        select(ImportedCalendar.id)
        .join(ImportedCalendar.unit)
        .where(ImportedCalendar.url.is_not(None), ImportedCalendar.next_try <= view.now)
        .where(Unit.on(view.day))
        .order_by(ImportedCalendar.next_try, ImportedCalendar.id)
    )
    return list(session.scalars(query))


def _grown_old(session: Session, view: "_View") -> list[int]:
    query = select(ImportedCalendar.id).where(
        ImportedCalendar.spread < view.day - _KEPT_SPREAD,
        or_(ImportedCalendar.next_try.is_(None), ImportedCalendar.next_try > view.now),
    )
    return list(session.scalars(query.order_by(ImportedCalendar.id)))


@dataclass(frozen=True, slots=True)
class _View:
    """One tick: nothing is held open while a server or a large calendar takes its time."""

    session_factory: SessionFactory
    now: datetime
    day: date
    zone: ZoneInfo

    def fetch(self, calendar_id: int, ask: Fetch) -> None:
        with reading(self.session_factory)() as session:
            calendar = session.get(ImportedCalendar, calendar_id)
            if calendar is None or calendar.url is None:
                return  # taken away since
            url, headers = calendar.url, _conditions(calendar)
        try:
            answer = ask(url, headers)
            taken = self._read(answer)
        except CalendarRefusedError as error:
            self._note(calendar_id, error)
            return
        with self.session_factory.begin() as session:
            if calendar := _locked(session, calendar_id):
                _succeed(session, calendar, answer, taken, self.now)

    def _read(self, answer: Answer) -> TakenIn | None:
        """Return what came; None for what is as it was."""
        if answer.status == _UNCHANGED:
            return None
        if answer.status != _FOUND:
            host = answer.url.partition("://")[2].partition("/")[0]
            raise CalendarRefusedError(Refused.STATUS, host=host, status=answer.status)
        return take_in(answer.body, self.day, self.zone)

    def _note(self, calendar_id: int, error: CalendarRefusedError) -> None:
        """Keep what went wrong, and wait twice as long as the time before, at most a day."""
        with self.session_factory.begin() as session:
            if calendar := _locked(session, calendar_id):
                delay = _FIRST_DELAY * 2 ** min(calendar.failures, 5)
                calendar.failures += 1
                calendar.next_try = self.now + min(delay, _LONGEST_DELAY)
                calendar.problem, calendar.problem_facts = error.why.value, error.facts

    def spread(self, calendar_id: int) -> None:
        with reading(self.session_factory)() as session:
            calendar = session.get(ImportedCalendar, calendar_id)
            body = calendar.body if calendar else None
        if body is None:
            return
        try:
            taken = take_in(body, self.day, self.zone)
        except CalendarRefusedError as error:
            self._note(calendar_id, error)
            return
        with self.session_factory.begin() as session:
            calendar = _locked(session, calendar_id)
            if calendar and calendar.body == body:
                _spread(session, calendar, taken)


def _conditions(calendar: ImportedCalendar) -> dict[str, str]:
    """Return what spares a server an answer that is here already."""
    said = {"If-None-Match": calendar.etag, "If-Modified-Since": calendar.modified}
    return {name: value for name, value in said.items() if value and calendar.body is not None}


def _succeed(
    session: Session,
    calendar: ImportedCalendar,
    answer: Answer,
    taken: TakenIn | None,
    now: datetime,
) -> None:
    calendar.next_try, calendar.taken = now + _REFRESH, now
    if taken is None:
        calendar.failures, calendar.problem, calendar.problem_facts = 0, None, None
        return
    _store(session, calendar, taken, now)
    calendar.etag = _header(answer, "etag")
    calendar.modified = _header(answer, "last-modified")


def _header(answer: Answer, name: str) -> str | None:
    """Return a header as it can be sent back; one that is too long or odd is not sent back."""
    value = answer.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and 0 < len(value) < 255 else None


def _store(session: Session, calendar: ImportedCalendar, taken: TakenIn, now: datetime) -> None:
    calendar.body, calendar.taken = taken.body, now
    calendar.name = calendar.name or taken.name
    calendar.failures, calendar.problem, calendar.problem_facts = 0, None, None
    _spread(session, calendar, taken)


def _spread(session: Session, calendar: ImportedCalendar, taken: TakenIn) -> None:
    """Put the times that were read in the place of those that were shown."""
    calendar.spread, calendar.skipped = taken.day, taken.skipped
    session.flush()
    session.execute(delete(ImportedEvent).where(ImportedEvent.calendar_id == calendar.id))
    if rows := list(_rows(calendar.id, taken.times)):
        session.execute(insert(ImportedEvent), rows)


def _rows(calendar_id: int, times: Iterable[Time]) -> Iterable[dict[str, object]]:
    for one in times:
        yield {
            "calendar_id": calendar_id,
            "summary": one.summary,
            "location": one.location,
            "first": one.first,
            "last": one.last,
            "starts": one.starts,
            "ends": one.ends,
        }


def _require_room(session: Session, unit: Unit, by: Person, now: datetime) -> None:
    require_change(session, unit, by, now)
    if not unit.is_valid(day_here(session, now)):
        raise ConflictError(N_("%(unit)s no longer exists."), unit=unit.full_name)
    held = select(func.count()).where(ImportedCalendar.unit_id == unit.id)
    if (session.scalar(held) or 0) >= MOST_OF_A_UNIT:
        raise ConflictError(
            N_("A unit can look at %(count)s calendars at most. Please remove one first."),
            count=MOST_OF_A_UNIT,
        )


def _to_change(
    session: Session, unit: Unit, calendar_id: int, by: Person, now: datetime
) -> ImportedCalendar:
    """Return a calendar of ``unit`` to be changed. Raises ``NotFoundError``."""
    require_change(session, unit, by, now)
    calendar = _locked(session, calendar_id)
    if calendar is None or calendar.unit_id != unit.id:
        raise NotFoundError(kind="calendar", key=calendar_id)
    return calendar


def _locked(session: Session, calendar_id: int) -> ImportedCalendar | None:
    return session.get(ImportedCalendar, calendar_id, with_for_update=FOR_CHANGE)
