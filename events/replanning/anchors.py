"""Move the dates that a round counts from: the main event, the campaign's own days, or an upper
plan that came late.

A preview lists every item of the round with its old and new date; applying does exactly that, or
refuses because something changed in between. A lower unit's deadline is never earlier than the
upper plan's real issue date and so many working days (``Template.late_plan_workdays``): provinces
issue late in most years, and the communes below are not late because of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from events.campaigns.issued_plans import Issues, issue_dates, paper_of
from events.campaigns.late import LateRule
from events.campaigns.lifetime import require_running
from events.campaigns.rounds import Anchors, summary_on
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists, made_from
from events.campaigns.wanted_dates import wanted_dates
from events.checklist.history import Stamp
from events.days.recurrence import Occurrence, check_year
from events.days.workdays import WorkCalendar
from events.documents.lookup import likely_issuer
from events.documents.register import Paper, add_document, issue_document
from events.errors import N_, ConflictError, InvalidInputError, PlanIssuedError
from events.installation import day_here
from events.locks import lock_round
from events.models import (
    Anchor,
    Campaign,
    DocumentKind,
    Person,
)
from events.people.rights import Capability, require
from events.replanning.date_lines import lines_of
from events.replanning.preview import (
    Fate,
    Line,
    expect,
    fingerprint,
    write,
)

_A_DAY = timedelta(days=1)
_LONGEST = timedelta(days=366)  # of a campaign, and from its days to its main event


@dataclass(frozen=True, slots=True)
class NewAnchor:
    """What moves; None stays.

    Without anything, deadlines only follow the upper plans that were issued meanwhile.

    ``plan`` is the key of an item of the root campaign, such as "plan_province", and ``issued`` the
    day its plan really went out.
    """

    event_date: date | None = None
    first: date | None = None
    last: date | None = None
    plan: str | None = None
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What re-anchoring would do, with the fingerprint that applying asks for.

    ``paper`` is the plan that it enters as issued.
    """

    change: NewAnchor
    dates: Occurrence
    event_date: date | None
    lines: tuple[Line, ...]
    fingerprint: str
    round_moves: bool
    paper: Paper | None

    @property
    def is_empty(self) -> bool:
        return not (any(line.is_change for line in self.lines) or self.round_moves or self.paper)

    @property
    def moved(self) -> list[Line]:
        return self.of(Fate.MOVED)

    @property
    def told(self) -> int:
        """How many of the moved items somebody was already reminded of; they are reminded again of
        the new date.
        """
        return sum(line.told for line in self.moved)

    def of(self, fate: Fate) -> list[Line]:
        return [line for line in self.lines if line.fate is fate]


def preview(
    session: Session,
    root: Campaign,
    change: NewAnchor,
    calendar: WorkCalendar,
    *,
    now: datetime,
    told: Collection[int] = (),
) -> Preview:
    """Say what a new anchor would move, for the root campaign and all below it. Writes nothing.

    ``told`` are the ids of items that somebody was reminded of. Raises ``ConflictError`` for a
    campaign that is over or cancelled, ``InvalidInputError`` and ``YearOutOfRangeError`` for dates
    that cannot be.
    """
    _require_running(session, root, day_here(session, now))
    return _look(
        load_unit_checklists(session, root), session, change, calendar, day_here(session, now), told
    )


def apply(
    session: Session,
    root: Campaign,
    change: NewAnchor,
    *,
    expected_fingerprint: str,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> Preview:
    """Move what the preview showed and return it. Applying it twice changes nothing.

    Raises ``NotAllowedError`` without a post in the root's unit or above, ``ConflictError`` when
    the preview would differ now.
    """
    today = day_here(session, now)
    require(session, by, Capability.STEER_ROUNDS, root.unit, today)
    lock_round(session, root)
    checklists = load_unit_checklists(session, root, lock=True)
    _require_running(session, root, today)
    found = _look(checklists, session, change, calendar, today, ())
    if found.is_empty:
        return found
    expect(expected_fingerprint, found.fingerprint)
    if found.round_moves:
        _move_round(root, found, now)
    write(session, found.lines, stamp=Stamp(by, now))
    if found.paper:  # last: what counts from it stands there already
        _enter_plan(session, checklists[0], change, found.paper, by, now)
    session.flush()
    return found


def _require_running(session: Session, root: Campaign, today: date) -> None:
    if root.parent_id is not None:
        raise ConflictError(
            N_("Dates are moved in the campaign at the top, for all units together.")
        )
    require_running(session, root, today)


def _look(
    checklists: list[UnitChecklist],
    session: Session,
    change: NewAnchor,
    calendar: WorkCalendar,
    today: date,
    told: Collection[int],
) -> Preview:
    root = checklists[0].campaign
    dates, event = _checked(root, change, today)
    issued = issue_dates(session, root)
    paper = _new_paper(session, checklists[0], change, issued)
    if paper and change.issued:
        issued = issued.with_paper(root.unit_id, change.plan or "", change.issued)
    lines = _lines(session, checklists, Anchors(dates, event), calendar, issued, told)
    moves = (root.dtstart, root.dtend, root.event_date) != (dates.dtstart, dates.dtend, event)
    mark = fingerprint(
        lines, root.id, change, root.round.sequence, [s.campaign.id for s in checklists]
    )
    return Preview(change, dates, event, tuple(lines), mark, moves, paper)


def _checked(root: Campaign, change: NewAnchor, today: date) -> tuple[Occurrence, date | None]:
    """Return the campaign's new days and event date. Raises for days that cannot be."""
    for day in (change.event_date, change.first, change.last, change.issued):
        if day is not None:
            check_year(day.year)
    if change.issued is not None and not root.opens - _LONGEST <= change.issued <= today:
        raise InvalidInputError(
            N_(
                "A plan that was issued has a date of today or before, and at most a year before "
                "the campaign opens."
            )
        )
    for day in (change.event_date, change.first, change.last):
        if day is not None and day.year < today.year:
            raise ConflictError(
                N_("The year %(year)s is closed; nothing moves into it."), year=day.year
            )
    if root.template.anchor is Anchor.CUTOFF:
        return _with_cutoff(root, change), root.event_date
    first = change.first or root.dtstart
    last = change.last or first + (root.dtend - root.dtstart) - _A_DAY
    if not first <= last <= first + _LONGEST:
        raise InvalidInputError(
            N_("The last day lies before the first, or more than a year after it.")
        )
    return Occurrence(first, last + _A_DAY), _event(root, change, first, last)


def _with_cutoff(root: Campaign, change: NewAnchor) -> Occurrence:
    """Return a reporting period up to its new cut-off, which is all that a report counts from: in
    its year, or the next.
    """
    if change.event_date or change.first:
        raise InvalidInputError(
            N_("“%(campaign)s” counts from its cut-off day alone."), campaign=root.summary
        )
    last = change.last or root.dtend - _A_DAY
    latest = date(root.year + 1, 12, 31)
    if not root.dtstart <= last <= latest:
        days = {"first": f"{root.dtstart:%d/%m/%Y}", "last": f"{latest:%d/%m/%Y}"}
        raise InvalidInputError(N_("This cut-off day lies between %(first)s and %(last)s."), **days)
    return Occurrence(root.dtstart, last + _A_DAY)


def _event(root: Campaign, change: NewAnchor, first: date, last: date) -> date | None:
    """Return the day of the main event, near the campaign; None where it goes with the first day.

    One that was chosen stays as chosen when the campaign's days come to lie on it, and move on.
    """
    event = change.event_date or root.event_date
    if event is not None and not first - _LONGEST <= event <= last + _LONGEST:
        days = {"first": f"{first:%d/%m/%Y}", "last": f"{last:%d/%m/%Y}"}
        raise InvalidInputError(
            N_(
                "The main event lies more than a year from the campaign's days (%(first)s to "
                "%(last)s)."
            ),
            **days,
        )
    return None if change.event_date == first else event


def _new_paper(
    session: Session, top: UnitChecklist, change: NewAnchor, issued: Issues
) -> Paper | None:
    """Return the plan to be entered where the issue date is new; its number follows when the clerk
    gave one.

    Raises ``InvalidInputError`` for no such item, ``PlanIssuedError`` for another date.
    """
    if change.issued is None:
        return None
    item = top.items.get(change.plan or "")
    if item is None:
        raise InvalidInputError(N_("Please choose the item whose plan was issued late."))
    known = issued.papers.get((top.campaign.unit_id, item.key))
    if known is None:
        return Paper(
            DocumentKind.PLAN, item.summary, dated=change.issued, issuer=likely_issuer(top.campaign)
        )
    if known != change.issued:
        found = paper_of(session, item, known)
        where = {"document": found.uid, "campaign": found.campaign.uid} if found else {}
        raise PlanIssuedError(item=item.summary, day=f"{known:%d/%m/%Y}", **where)
    return None


def _lines(
    session: Session,
    checklists: list[UnitChecklist],
    anchors: Anchors,
    calendar: WorkCalendar,
    issued: Issues,
    told: Collection[int],
) -> list[Line]:
    origins = made_from(session, checklists)
    workdays = checklists[0].campaign.template.late_plan_workdays
    late = LateRule.load(session, anchors, calendar)
    dates = wanted_dates(
        checklists, origins, anchors, calendar, issued=issued, late_workdays=workdays, late=late
    )
    return lines_of(checklists, dates, told)


def _move_round(root: Campaign, found: Preview, now: datetime) -> None:
    """Write the new days into the round, for all its campaigns."""
    moving = root.round
    moving.summary = summary_on(root, found.event_date or found.dates.dtstart)
    moving.dtstart, moving.dtend = found.dates.dtstart, found.dates.dtend
    moving.event_date = found.event_date
    moving.anchor_version += 1
    moving.touch(now)


def _enter_plan(
    session: Session, top: UnitChecklist, change: NewAnchor, paper: Paper, by: Person, now: datetime
) -> None:
    assert change.issued is not None
    document = add_document(
        session, top.campaign, paper, item=top.items[change.plan or ""], by=by, now=now
    )
    issue_document(session, document, change.issued, by=by, now=now)
