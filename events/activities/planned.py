"""Activities: launch ceremonies, contests, talks and classes, with a time and a place, once or
every week.

When each of them takes place, and what overlaps, is for `happenings`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from events.activities.times import A_WEEK
from events.database.sessions import new_uid
from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here, domain_of, zone_of
from events.localtime import local_day
from events.locks import FOR_CHANGE
from events.models import Activity, ActivityCredit, Campaign, CampaignStatus, Person, Round
from events.models.campaigns import takes_place
from events.people.rights import Capability, require
from events.words.texts import one_line

_LONGEST = timedelta(days=31)  # what lasts longer is a campaign
_FAR = timedelta(days=365)  # from the campaign; what lies farther off belongs to another one
_AFTERWARDS = 12 * A_WEEK  # in which a weekly broadcast or class may go on
_LONGEST_TEXT = 300
_LARGEST_CROWD = 10_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """An activity as it is entered. ``dtend`` is the instant it ends; both are aware.

    ``weekly_until`` is a local day.
    """

    summary: str
    dtstart: datetime
    dtend: datetime
    location: str = ""
    organizer: str = ""
    weekly_until: date | None = None
    expected: int | None = None  # head count
    attended: int | None = None
    public: bool = True


def add_activity(
    session: Session, campaign: Campaign, plan: Plan, *, by: Person, now: datetime
) -> Activity:
    """Add an activity to a campaign. Adding the same one twice changes nothing.

    Raises ``NotAllowedError``, ``ConflictError`` in a cancelled campaign and when it is there
    already with other facts, such as another place (then its ``uid`` is a fact of the error),
    ``InvalidInputError`` and ``YearOutOfRangeError``.
    """
    _may_change(session, campaign, by, now)
    columns = _checked(plan, zone_of(session))
    _check_window(campaign, plan, zone_of(session))
    session.execute(
        select(Campaign.id).where(Campaign.id == campaign.id).with_for_update(**FOR_CHANGE)
    )
    known = _planned(session, campaign, columns)
    if known is not None:
        if any(getattr(known, name) != value for name, value in columns.items()):
            sentence = N_(
                "“%(activity)s” is planned at that time already, but not with the same facts. "
                "Please change it there."
            )
            raise ConflictError(sentence, activity=known.summary, uid=known.uid)
        return known
    activity = Activity(
        uid=new_uid(domain_of(session)),
        campaign=campaign,
        status=CampaignStatus.CONFIRMED,
        created=now,
        last_modified=now,
        **columns,
    )
    session.add(activity)
    session.flush()
    return activity


def change_activity(
    session: Session,
    uid: str,
    plan: Plan,
    *,
    sequence: int | None = None,
    by: Person,
    now: datetime,
) -> Activity:
    """Change an activity; what was entered replaces what was there.

    ``sequence`` is the activity's when it was shown. Raises ``ConflictError`` for a cancelled one
    and one that was changed since.
    """
    activity = open_for_change(session, uid, by, now)
    if activity.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("“%(activity)s” was cancelled."), activity=activity.summary)
    changed = {
        name: value
        for name, value in _checked(plan, zone_of(session)).items()
        if getattr(activity, name) != value
    }
    if changed and sequence is not None and activity.sequence != sequence:
        raise ConflictError(
            N_("“%(item)s” was changed since. Please look at it again."), item=activity.summary
        )
    if {"dtstart", "weekly_until"} & changed.keys():
        _check_window(activity.campaign, plan, zone_of(session))
    for name, value in changed.items():
        setattr(activity, name, value)
    if changed:
        activity.touch(now)
    return activity


def cancel_activity(session: Session, uid: str, *, by: Person, now: datetime) -> Activity:
    """Call an activity off; calendars go on showing it as cancelled.

    Cancelling it twice changes nothing.
    """
    activity = open_for_change(session, uid, by, now)
    if activity.status is not CampaignStatus.CANCELLED:
        activity.status = CampaignStatus.CANCELLED
        activity.touch(now)
    return activity


def restore_activity(session: Session, uid: str, *, by: Person, now: datetime) -> Activity:
    """Let an activity take place after all that was called off. Asking twice changes nothing.

    Raises ``ConflictError`` when the same one was planned anew since.
    """
    activity = open_for_change(session, uid, by, now)
    if activity.status is CampaignStatus.CANCELLED:
        anew = _planned(
            session, activity.campaign, {"dtstart": activity.dtstart, "summary": activity.summary}
        )
        if anew is not None:
            raise ConflictError(
                N_("“%(activity)s” was planned anew since it was called off."),
                activity=activity.summary,
            )
        activity.status = CampaignStatus.CONFIRMED
        activity.touch(now)
    return activity


def credit_activity(
    session: Session, uid: str, campaign: Campaign, *, by: Person, now: datetime
) -> Activity:
    """Let an activity, such as a shared launch, count for another campaign of its unit too.

    Asking twice changes nothing.

    Raises the errors of ``change_activity``, also ``ConflictError`` when that campaign was
    cancelled.
    """
    activity = open_for_change(session, uid, by, now)
    if campaign.unit_id != activity.campaign.unit_id or campaign.id == activity.campaign_id:
        raise InvalidInputError(N_("An activity can count for another campaign of the same unit."))
    _require_running(campaign)
    if _credit(session, activity, campaign) is None:
        session.add(ActivityCredit(activity=activity, campaign=campaign))
        activity.touch(now)
    return activity


def remove_activity_credit(
    session: Session, uid: str, campaign: Campaign, *, by: Person, now: datetime
) -> Activity:
    """Let an activity no longer count for another campaign. Asking twice changes nothing."""
    activity = open_for_change(session, uid, by, now)
    credit = _credit(session, activity, campaign)
    if credit is not None:
        session.delete(credit)
        activity.touch(now)
    return activity


def get_activity(session: Session, uid: str) -> Activity:
    """Return the activity with this UID. Raises ``NotFoundError``."""
    activity = session.scalar(select(Activity).where(Activity.uid == uid))
    if activity is None:
        raise NotFoundError(kind="activity", key=uid)
    return activity


def activities_of(
    session: Session, campaign: Campaign, *, with_internal: bool
) -> Sequence[Activity]:
    """Return a campaign's activities, its inner campaigns' and those that count for it too, by
    time.

    Internal ones are for the unit's people.
    """
    inner = select(Campaign.id).where(Campaign.outer_id == campaign.id, takes_place())
    credited = select(ActivityCredit.activity_id).where(ActivityCredit.campaign_id == campaign.id)
    here = or_(
        Activity.campaign_id == campaign.id,
        Activity.campaign_id.in_(inner),
        Activity.id.in_(credited),
    )
    query = select(Activity).where(here)
    if not with_internal:
        query = query.where(Activity.public)
    return session.scalars(
        query.options(joinedload(Activity.campaign)).order_by(Activity.dtstart, Activity.id)
    ).all()


def credited_campaigns(session: Session, activity: Activity) -> Sequence[Campaign]:
    """Return the other campaigns that an activity counts for."""
    query = select(Campaign).join(ActivityCredit, ActivityCredit.campaign_id == Campaign.id)
    query = query.join(Campaign.round)
    return session.scalars(
        query.where(ActivityCredit.activity_id == activity.id).order_by(Round.dtstart, Campaign.id)
    ).all()


def _may_change(session: Session, campaign: Campaign, by: Person, now: datetime) -> None:
    require(session, by, Capability.DO_WORK, campaign.unit, day_here(session, now))
    _require_running(campaign)


def _require_running(campaign: Campaign) -> None:
    if campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(
            N_("The campaign “%(campaign)s” was cancelled."), campaign=campaign.summary
        )


def open_for_change(session: Session, uid: str, by: Person, now: datetime) -> Activity:
    """Return an activity that nobody else changes meanwhile.

    Raises ``NotAllowedError``, and ``ConflictError`` in a cancelled campaign.
    """
    activity = session.get(
        Activity, get_activity(session, uid).id, with_for_update=FOR_CHANGE, populate_existing=True
    )
    assert activity is not None
    _may_change(session, activity.campaign, by, now)
    return activity


def _credit(session: Session, activity: Activity, campaign: Campaign) -> ActivityCredit | None:
    link = ActivityCredit
    return session.scalar(
        select(link).where(link.activity_id == activity.id, link.campaign_id == campaign.id)
    )


def _planned(
    session: Session, campaign: Campaign, columns: Mapping[str, object]
) -> Activity | None:
    """Return the activity of a campaign that takes place at the same time under the same name, if
    it was not called off.
    """
    query = select(Activity).where(
        Activity.campaign_id == campaign.id, Activity.status != CampaignStatus.CANCELLED
    )
    return session.scalars(
        query.filter_by(dtstart=columns["dtstart"], summary=columns["summary"])
    ).first()


def _checked(plan: Plan, zone: ZoneInfo) -> dict[str, object]:
    """Return an activity's columns.

    Raises ``InvalidInputError`` for what cannot be stored, and ``YearOutOfRangeError``.
    """
    for day in (plan.dtstart, plan.dtend, plan.weekly_until):
        if day is not None:
            check_year(day.year)
    texts = {name: one_line(getattr(plan, name)) for name in ("summary", "location", "organizer")}
    if not texts["summary"] or max(map(len, texts.values())) > _LONGEST_TEXT:
        raise InvalidInputError(
            N_("Please enter what takes place, in at most %(longest)s letters."),
            longest=_LONGEST_TEXT,
        )
    if not plan.dtstart < plan.dtend <= plan.dtstart + _LONGEST:
        raise InvalidInputError(N_("The end must be after the start, and at most a month later."))
    _check_weeks(plan, local_day(plan.dtstart, zone))
    for number in (plan.expected, plan.attended):
        if number is not None and not 0 <= number <= _LARGEST_CROWD:
            raise InvalidInputError(
                N_("%(number)s is not a number that can be stored here."), number=number
            )
    rest = ("dtstart", "dtend", "weekly_until", "expected", "attended", "public")
    return {**texts, **{name: getattr(plan, name) for name in rest}}


def _check_weeks(plan: Plan, first: date) -> None:
    if plan.weekly_until is None:
        return
    if plan.weekly_until < first:
        raise InvalidInputError(N_("The last week must be after the first time."))
    if plan.dtend - plan.dtstart > A_WEEK:
        raise InvalidInputError(N_("What takes place every week lasts less than a week."))


def _check_window(campaign: Campaign, plan: Plan, zone: ZoneInfo) -> None:
    """Refuse days that have nothing to do with the campaign: a slip of the finger, or another
    year's campaign.
    """
    if plan.weekly_until is None:
        first, last = campaign.dtstart - _FAR, campaign.dtend + _FAR
        days, sentence = (
            [local_day(plan.dtstart, zone)],
            N_("An activity lies within a year of its campaign: %(first)s to %(last)s."),
        )
    else:
        first, last = min(campaign.opens, campaign.dtstart), campaign.dtend + _AFTERWARDS
        days = [local_day(plan.dtstart, zone), plan.weekly_until]
        sentence = N_(
            "What takes place every week lies within its campaign and the weeks after it: "
            "%(first)s to %(last)s."
        )
    if not all(first <= day <= last for day in days):
        raise InvalidInputError(sentence, first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}")
