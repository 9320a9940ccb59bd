"""Activities: what takes place when and where, for people to attend; planned, changed and called
off by the unit.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.activities.evenings import call_off_time, move_time, restore_time, times_of
from events.activities.planned import (
    Plan,
    add_activity,
    cancel_activity,
    change_activity,
    credit_activity,
    credited_campaigns,
    get_activity,
    remove_activity_credit,
    restore_activity,
)
from events.activities.times import Happening, exceptions_of, overlapping
from events.campaigns.lookup import get_campaign
from events.checklist.integration import beside
from events.database.sessions import Session
from events.days.recurrence import check_year
from events.errors import N_, ConflictError, DomainError, NotFoundError
from events.localtime import at_local, local_day
from events.models import Activity, Campaign, CampaignStatus, Person
from events.people.rights import Capability, require
from events.people.visibility import Fact
from events.units.tree import ancestors
from web.kit.context import current_person, get_config, get_session, today
from web.kit.entries import Entries, number_of
from web.kit.forms import for_people, said, send, wanted_campaign, wrong_fields
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.visibility import allowed, sees

bp = Blueprint("activities", __name__)

_LABELS = {
    "summary": _l("What takes place"),
    "day": _l("Day"),
    "from": _l("From (hour)"),
    "until_day": _l("Last day, if it is another one"),
    "until": _l("Until (hour)"),
    "weekly_until": _l("Every week until"),
    "location": _l("Place"),
    "organizer": _l("Organised by"),
    "expected": _l("People expected"),
    "attended": _l("People who came"),
}


@bp.get("/hoat-dong/<uid>")
def show(uid: str) -> str:
    """Show one activity.

    An internal one is for people with a post in its unit or above, and not found by others.
    """
    session, person = get_session(), current_person()
    activity = get_activity(session, uid)
    if not _may_see(activity):
        raise NotFoundError(kind="activity", key=uid)
    return _page(activity, person)


@bp.get("/chien-dich/<uid>/hoat-dong/moi")
def new(uid: str) -> ResponseReturnValue:
    """Show the form for a new activity of a campaign."""
    first = {"day": get_campaign(get_session(), uid).dtstart.isoformat(), "public": "1"}
    return for_people(
        lambda person: _form_page(get_campaign(get_session(), uid), None, first, person)
    )


@bp.post("/chien-dich/<uid>/hoat-dong/moi")
def add(uid: str) -> ResponseReturnValue:
    """Plan an activity in a campaign."""

    def use(session: Session, person: Person, at: datetime) -> Activity:
        return add_activity(session, get_campaign(session, uid), _plan(), by=person, now=at)

    def again(person: Person, error: DomainError) -> str:
        return _form_page(get_campaign(get_session(), uid), None, request.form, person, error)

    return send(use, _address, _("The activity was planned."), again)


@bp.get("/hoat-dong/<uid>/sua")
def edit(uid: str) -> ResponseReturnValue:
    """Show the form with what is planned."""
    activity = get_activity(get_session(), uid)
    return for_people(
        lambda person: _form_page(activity.campaign, activity, _entered(activity), person)
    )


@bp.post("/hoat-dong/<uid>/sua")
def change(uid: str) -> ResponseReturnValue:
    """Change an activity."""

    def use(session: Session, person: Person, at: datetime) -> Activity:
        sequence = number_of(request.form.get("sequence", ""))
        return change_activity(session, uid, _plan(), sequence=sequence, by=person, now=at)

    def again(person: Person, error: DomainError) -> str:
        activity = get_activity(get_session(), uid)
        return _form_page(activity.campaign, activity, request.form, person, error)

    return send(use, _address, _("The activity was changed."), again)


@bp.post("/hoat-dong/<uid>/huy")
def cancel(uid: str) -> ResponseReturnValue:
    """Call an activity off."""

    def use(session: Session, person: Person, at: datetime) -> Activity:
        return cancel_activity(session, uid, by=person, now=at)

    return send(use, _address, _("The activity was called off."))


@bp.post("/hoat-dong/<uid>/khoi-phuc")
def restore(uid: str) -> ResponseReturnValue:
    """Let an activity take place after all."""

    def use(session: Session, person: Person, at: datetime) -> Activity:
        return restore_activity(session, uid, by=person, now=at)

    return send(use, _address, _("The activity takes place after all."))


@bp.post("/hoat-dong/<uid>/long-ghep")
def credit(uid: str) -> ResponseReturnValue:
    """Let an activity count for another campaign too, or no longer."""
    use_case = remove_activity_credit if request.form.get("remove") else credit_activity

    def use(session: Session, person: Person, at: datetime) -> Activity:
        return use_case(session, uid, get_campaign(session, wanted_campaign()), by=person, now=at)

    def again(person: Person, error: DomainError) -> str:
        activity = get_activity(get_session(), uid)
        require(get_session(), person, Capability.DO_WORK, activity.campaign.unit, today())
        return _page(activity, person, error)

    return send(use, _address, _("It was recorded what this activity counts for."), again)


@bp.get("/hoat-dong/<uid>/buoi")
def times(uid: str) -> ResponseReturnValue:
    """Show the times of a weekly activity that are still to come, to call off or move one."""
    return for_people(lambda person: _times_page(uid, person))


@bp.post("/hoat-dong/<uid>/buoi")
def change_time(uid: str) -> ResponseReturnValue:
    """Call one time off, move it, or let it take place by the rule again."""

    def use(session: Session, person: Person, at: datetime) -> Activity:
        entries = Entries(request.form)
        day = entries.needed_day("day", missing=N_("Please enter the day."))
        if "restore" in request.form:
            entries.check()
            return restore_time(session, uid, day, by=person, now=at)
        if "call_off" in request.form:
            entries.check()
            return call_off_time(session, uid, day, by=person, now=at)
        to = entries.needed_day("to", missing=N_("Please enter the day."))
        start = entries.needed_hour("from", missing=N_("Please enter the hour it begins."))
        end = entries.needed_hour("until", missing=N_("Please enter the hour it ends."))
        entries.check()
        check_year(to.year)
        zone = get_config().zone
        moved = at_local(to, start, zone), at_local(to, end, zone)
        return move_time(session, uid, day, *moved, by=person, now=at)

    return send(
        use,
        lambda activity: url_for(".times", uid=activity.uid),
        _("The time is changed. Calendars show it when they look next."),
        lambda person, error: _times_page(uid, person, error),
    )


def _times_page(uid: str, person: Person, error: DomainError | None = None) -> str:
    session, zone = get_session(), get_config().zone
    activity = get_activity(session, uid)
    require(session, person, Capability.DO_WORK, activity.campaign.unit, today())
    exceptions = exceptions_of(activity)
    return render_template(
        "activities/times.html",
        activity=activity,
        times=[
            (day, start, end, day in exceptions, exceptions.get(day))
            for day, start, end in times_of(activity, zone)
            if day >= today()
        ],
        error=said(error),
    )


def _address(activity: Activity) -> str:
    return url_for(".show", uid=activity.uid)


def _page(activity: Activity, person: Person | None, error: DomainError | None = None) -> str:
    session = get_session()
    may_change = allowed(Capability.DO_WORK, activity.campaign.unit)
    return render_template(
        "activities/show.html",
        activity=activity,
        campaign=activity.campaign,
        unit_path=[*ancestors(activity.campaign.unit)[::-1], activity.campaign.unit],
        overlapping=_overlapping(session, activity, person, may_change),
        credited=credited_campaigns(session, activity),
        candidates=_candidates(session, activity) if may_change else [],
        may_change=may_change and activity.campaign.status is not CampaignStatus.CANCELLED,
        exceptions=sorted(exceptions_of(activity).items()),
        error=said(error),
    )


def _form_page(
    campaign: Campaign,
    activity: Activity | None,
    entered: Any,
    person: Person,
    error: DomainError | None = None,
) -> str:
    require(get_session(), person, Capability.DO_WORK, campaign.unit, today())
    return render_template(
        "activities/form.html",
        campaign=campaign,
        activity=activity,
        unit_path=[*ancestors(campaign.unit)[::-1], campaign.unit],
        entered=entered,
        error=said(error),
        wrong=wrong_fields(error, _LABELS),
        labels=_LABELS,
        shows_stored=activity is not None and isinstance(error, ConflictError),
        there_already=error.facts.get("uid") if error else None,
    )


def _candidates(session: Session, activity: Activity) -> list[Campaign]:
    """Return the campaigns that the activity may count for too and does not yet, the nearest
    first.
    """
    days = [
        local_day(activity.dtstart, get_config().zone),
        local_day(activity.dtend, get_config().zone),
    ]
    taken = credited_campaigns(session, activity)
    return [other for other in beside(session, activity.campaign, days=days) if other not in taken]


def _overlapping(
    session: Session, activity: Activity, person: Person | None, may_change: bool
) -> list[tuple[Happening, bool]]:
    """Return what overlaps, and whether its title and place may be shown.

    Of another unit's internal activity, those who plan this one learn that there is something at
    that time, others nothing.
    """
    if activity.is_cancelled:
        return []
    shown = [(other, _may_see(other.activity)) for other in overlapping(session, activity)]
    return [(other, open_to) for other, open_to in shown if open_to or may_change]


def _may_see(activity: Activity) -> bool:
    """Tell whether an activity is public, or the person's post lets them see an internal one."""
    fact = Fact.PUBLIC_ACTIVITY if activity.public else Fact.INTERNAL_ACTIVITY
    return sees(fact, activity.campaign.unit)


def _plan() -> Plan:
    """Return what was entered. Days and hours are local ones."""
    form, entries, zone = request.form, Entries(request.form), get_config().zone
    summary = entries.needed_text("summary", missing=N_("Please enter what takes place."))
    day = entries.needed_day("day", missing=N_("Please enter the day."))
    start = entries.needed_hour("from", missing=N_("Please enter the hour it begins."))
    last_day = entries.day("until_day") or day
    end = entries.needed_hour("until", missing=N_("Please enter the hour it ends."))
    weekly_until = entries.day("weekly_until")
    expected, attended = entries.number("expected"), entries.number("attended")
    entries.check()
    for year in (day.year, last_day.year):
        check_year(year)  # in UTC the first hours of the year 1 lie before all years
    return Plan(
        summary=summary,
        dtstart=at_local(day, start, zone),
        dtend=at_local(last_day, end, zone),
        location=form.get("location", ""),
        organizer=form.get("organizer", ""),
        weekly_until=weekly_until,
        expected=expected,
        attended=attended,
        public=bool(form.get("public")),
    )


def _entered(activity: Activity) -> dict[str, str]:
    """Return an activity as its form shows it."""
    zone = get_config().zone
    start, end = activity.dtstart.astimezone(zone), activity.dtend.astimezone(zone)
    return {
        "summary": activity.summary,
        "day": start.date().isoformat(),
        "from": f"{start:%H:%M}",
        "until_day": end.date().isoformat() if end.date() != start.date() else "",
        "until": f"{end:%H:%M}",
        "weekly_until": activity.weekly_until.isoformat() if activity.weekly_until else "",
        "location": activity.location,
        "organizer": activity.organizer,
        "expected": "" if activity.expected is None else str(activity.expected),
        "attended": "" if activity.attended is None else str(activity.attended),
        "public": "1" if activity.public else "",
    }
