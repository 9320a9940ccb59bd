"""Campaigns that no observance calls for: courses and inspections on a chosen day, reports and
quarters by their cut-off.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import chain, count

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from events.campaigns.opening import Opened, open_round
from events.campaigns.rounds import ComingRound, chosen_round, title_of
from events.days.recurrence import check_year
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import lock_templates
from events.models import CampaignStatus, Person, Round, Template
from events.people.rights import Capability, require_by, require_for_all
from events.templates.editing import find_template
from events.units.tree import load_tree
from events.words.texts import short

_LONGEST_AHEAD = 730  # days
_LONGEST_WAIT = 60  # working days
_A_WORKING_YEAR = 260  # days
_LONGEST_TITLE = 300  # characters


def kinds(session: Session) -> Sequence[Template]:
    """Return the templates of no observance, in their order."""
    return session.scalars(
        select(Template)
        .where(Template.observance_id.is_(None))
        .order_by(Template.position, Template.id)
    ).all()


def get_kind(session: Session, key: str) -> Template:
    """Return the template with this key. Raises ``NotFoundError``."""
    template = find_template(session, key)
    if template is None:
        raise NotFoundError(kind="template", key=key)
    return template


def open_on(
    session: Session,
    template: Template,
    day: date,
    *,
    now: datetime,
    calendar: WorkCalendar,
    unit_ids: Collection[int] | None = None,
    title: str = "",
    by: Person | None,
) -> Opened:
    """Open a template's campaign on ``day`` in all units that it names, or in those of ``unit_ids``
    and above.

    ``title`` tells two courses on one day apart; empty is the template's. What is held on that day
    under that title, also after it was moved there, is one campaign: opening it again only adds
    units that were not there. Raises ``ConflictError`` for a template that opens by itself or a day
    of a closed year, ``YearOutOfRangeError``, and ``InvalidInputError`` for units that do not exist
    on the day.
    """
    require_for_all(session, by, Capability.OPEN_ROUNDS, now)
    _require_open_year(day, day_here(session, now))
    require_chosen_day(template)
    found = _round_on(session, template, short(title, _LONGEST_TITLE) or template.title_vi, day)
    if unit_ids is not None:
        _require_units(session, unit_ids, found.belongs_on(day_here(session, now)))
    return open_round(session, found, now=now, calendar=calendar, unit_ids=unit_ids)


def require_chosen_day(template: Template) -> None:
    """Raise ``ConflictError`` for a template that opens by itself."""
    if template.observance_id is not None:
        raise ConflictError(
            N_("“%(template)s” opens with its observance."), template=template.title_vi
        )
    if template.cutoffs:
        raise ConflictError(
            N_("“%(template)s” opens by its reporting periods; switch it on instead."),
            template=template.title_vi,
        )


def switch_on(session: Session, template: Template, *, on: date, by: Person | None) -> None:
    """Let a template open by itself at its reporting periods, from the one that runs on the day
    ``on``.

    Raises ``ConflictError`` for a template without any.
    """
    require_by(session, by, Capability.OPEN_ROUNDS, None, on)
    if not template.enabled:
        template.opens_from = on
    _switch(template, enabled=True)


def switch_off(session: Session, template: Template, *, by: Person | None, on: date) -> None:
    """Stop a template from opening by itself; what is open stays."""
    require_by(session, by, Capability.OPEN_ROUNDS, None, on)
    _switch(template, enabled=False)


def set_lead_times(
    session: Session,
    template: Template,
    *,
    ahead_days: int,
    late_plan_workdays: int,
    record_within_workdays: int | None = None,
    by: Person | None,
    on: date,
) -> None:
    """Choose how many days ahead campaigns open, how many working days a late plan of a unit above
    leaves those below, and within how many what is done is to be recorded; None leaves the last.

    Raises ``InvalidInputError`` for numbers that cannot be.
    """
    require_by(session, by, Capability.KEEP_TEMPLATES, None, on)
    if not (0 <= ahead_days <= _LONGEST_AHEAD and 0 <= late_plan_workdays <= _LONGEST_WAIT):
        facts = {"ahead": _LONGEST_AHEAD, "late": _LONGEST_WAIT}
        raise InvalidInputError(
            N_(
                "At most %(ahead)s days ahead and %(late)s working days after a late plan are "
                "possible."
            ),
            **facts,
        )
    within = record_within_workdays
    if within is not None and not 0 <= within <= _A_WORKING_YEAR:
        raise InvalidInputError(
            N_("What is done is to be recorded within at most %(most)s working days."),
            most=_A_WORKING_YEAR,
        )
    template.generate_ahead_days, template.late_plan_workdays = ahead_days, late_plan_workdays
    if within is not None:
        template.record_within_workdays = within


def _round_on(session: Session, template: Template, title: str, day: date) -> ComingRound:
    """Return the round of this title that is held on ``day``, for whichever day it was opened, else
    a new one.
    """
    lock_templates(session, [template.id])  # one opener at a time
    held_on = func.coalesce(Round.event_date, Round.dtstart)
    near = or_(held_on == day, Round.period.startswith(day.isoformat()))
    columns = (Round.period, Round.summary, held_on.label("held_on"), Round.status)
    known = session.execute(
        select(*columns).where(Round.template_id == template.id, near).order_by(*columns)
    ).all()
    held = (
        row for row in known if row.held_on == day and row.status is not CampaignStatus.CANCELLED
    )
    same = next((row.period for row in held if title_of(row.summary) == title), None)
    return chosen_round(
        template, day, title, same or _free_period(day, {row.period for row in known})
    )


def _free_period(day: date, taken: Collection[str]) -> str:
    """Return "2026-10-12", or "2026-10-12-2" for the second round that was opened for the day."""
    numbered = (f"{day.isoformat()}-{number}" for number in count(2))
    return next(period for period in chain([day.isoformat()], numbered) if period not in taken)


def _switch(template: Template, *, enabled: bool) -> None:
    if template.observance_id is not None:
        raise ConflictError(
            N_("“%(template)s” opens with its observance."), template=template.title_vi
        )
    if not template.cutoffs:
        raise ConflictError(
            N_("“%(template)s” has no reporting periods; open it on a chosen day."),
            template=template.title_vi,
        )
    template.enabled = enabled


def _require_open_year(day: date, today: date) -> None:
    check_year(day.year)
    if day.year < today.year:
        raise ConflictError(
            N_("The year %(year)s is closed: nothing is opened in it any more."), year=day.year
        )


def _require_units(session: Session, unit_ids: Collection[int], day: date) -> None:
    if not unit_ids:
        raise InvalidInputError(N_("Please choose at least one unit."))
    if not set(unit_ids) <= load_tree(session, day).nodes.keys():
        raise InvalidInputError(
            N_("A chosen unit does not exist on %(day)s."), day=f"{day:%d/%m/%Y}"
        )
