"""Campaigns that have opened, told to the contact of their unit; activities that people are invited
to: those of the unit that holds them, and the contacts of the units below that take part.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from events.campaigns.lifetime import goes_on
from events.models import Activity, Campaign, Round
from events.models.campaigns import takes_place
from notifications.notices.recipients import Recipient
from notifications.notices.steps import Step
from notifications.notices.table import Notice, NoticeKind
from notifications.notices.tellings import Moment, Telling


def opened_tellings(moment: Moment) -> Iterator[Telling]:
    """Yield the campaigns that opened and go on, those opened for reference aside."""
    until = moment.clockwork.newest_morning(moment.now)
    columns = Campaign.id, Campaign.unit_id, Campaign.owner_role_key, Campaign.created
    query = (
        select(*columns)
        .join(Campaign.round)
        .where(Campaign.created > moment.fresh_since, Campaign.created <= until)
        .where(goes_on(moment.today), takes_place(), Round.for_reference.is_(False))
        .order_by(Round.dtstart, Campaign.id)
    )
    for row in moment.session.execute(query):
        step = Step("opened", moment.clockwork.morning_after(row.created))
        if not moment.is_time(step.at):
            continue
        leads = moment.directory.holders.get((row.unit_id, row.owner_role_key), ())
        contact = _here(moment, row.unit_id)
        for to in dict.fromkeys([*leads, *contact]):
            yield Telling(
                NoticeKind.OPENED, to, f"{row.id}", step, about_id=row.id, unit_id=row.unit_id
            )


def invited_tellings(moment: Moment) -> Iterator[Telling]:
    """Yield the activities to come that were planned, moved or called off since; what changes
    nothing for whoever comes, such as a head count, is not told.
    """
    until = moment.clockwork.newest_morning(moment.now)
    changed = Activity.last_modified > moment.fresh_since, Activity.last_modified <= until
    query = (
        select(Activity)
        .where(*changed)
        .options(joinedload(Activity.campaign))
        .order_by(Activity.dtstart, Activity.id)
    )
    activities = [one for one in moment.session.scalars(query) if is_to_come(one, moment)]
    told = _told(moment, [one.id for one in activities])
    for activity in activities:
        rule = f"invited-{appointment(activity)}"
        step = Step(rule, moment.clockwork.morning_after(activity.last_modified))
        if not moment.is_time(step.at):
            continue
        for to in invited(moment, activity):
            before = told.get((activity.id, to.id))
            if before != rule and not (before is None and activity.is_cancelled):
                yield Telling(
                    NoticeKind.INVITED,
                    to,
                    f"{activity.id}|{activity.sequence}",
                    step,
                    about_id=activity.id,
                    unit_id=activity.campaign.unit_id,
                )


def invited(moment: Moment, activity: Activity) -> Sequence[Recipient]:
    """Return who is invited to an activity."""
    inner = activity.campaign
    below = select(Campaign.unit_id).where(Campaign.parent_id == inner.id, takes_place())
    found = dict.fromkeys(moment.directory.people.get(inner.unit_id, ()))
    for unit_id in moment.session.scalars(below.order_by(Campaign.id)):
        found |= dict.fromkeys(_here(moment, unit_id))
    return list(found)


def is_to_come(activity: Activity, moment: Moment) -> bool:
    """Tell whether an activity takes place after ``moment``, at least once more."""
    if activity.weekly_until is not None:
        return activity.weekly_until >= moment.today
    return activity.dtend > moment.now


def appointment(activity: Activity) -> str:
    """Return a digest of what matters to whoever comes: when and where, or that it does not take
    place.
    """
    facts: Sequence[Any] = (
        activity.summary,
        activity.dtstart.isoformat(),
        activity.dtend.isoformat(),
        activity.weekly_until,
        sorted((activity.exceptions or {}).items()),
        activity.location,
        activity.is_cancelled,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _told(moment: Moment, ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """Return by activity and person as what it was told last."""
    newest = aliased(Notice)
    last = (
        select(func.max(newest.id))
        .where(newest.kind == NoticeKind.INVITED, newest.about_id.in_(ids))
        .group_by(newest.about_id, newest.person_id)
    )
    query = select(Notice.about_id, Notice.person_id, Notice.rule).where(Notice.id.in_(last))
    return {(about or 0, person): rule for about, person, rule in moment.session.execute(query)}


def _here(moment: Moment, unit_id: int) -> Sequence[Recipient]:
    """Return the contact that sits in a unit itself: those above are told of their own."""
    line = moment.directory.units.get(unit_id)
    return moment.directory.holders.get((unit_id, line.usual_role or ""), ()) if line else ()
