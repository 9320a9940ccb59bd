"""Activities: what takes place, who comes, what overlaps, and a launch that two campaigns share."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select

from events.activities.planned import Plan, add_activity, change_activity, credit_activity
from events.activities.times import Slot, overlapping
from events.errors import N_, NotFoundError
from events.models import Activity
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Stage, Told, Word, as_text


class _OfActivities(Act):
    @property
    def rule(self) -> Rule:
        return Rule.ACTIVITIES


class AddActivity(_OfActivities):
    """A unit plans an activity; times are local.

    ``also_for`` is another campaign of the unit that it counts for.
    """

    tries = N_("%(actor)s plans “%(summary)s”")
    do: Literal["activity"] = "activity"
    campaign: str
    unit: str
    summary: str
    start: datetime
    end: datetime
    place: str
    organizer: str = ""
    weekly_until: date | None = None
    expected: int | None = None
    public: bool = True
    also_for: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        campaign = stage.campaign(self.campaign, self.unit)
        who = stage.who(campaign.unit)
        start, end = (instant.replace(tzinfo=stage.zone) for instant in (self.start, self.end))
        plan = Plan(
            self.summary,
            start,
            end,
            self.place,
            self.organizer,
            self.weekly_until,
            expected=self.expected,
            public=self.public,
        )
        activity = add_activity(stage.session, campaign, plan, **who)
        yield self._planned(campaign.unit.full_name, activity, stage)
        for other in (overlap.activity for overlap in overlapping(stage.session, activity)):
            facts = {
                "other": other.summary,
                "place": other.location or "–",
                "unit": other.campaign.unit.full_name,
            }
            yield self.told(
                N_("… overlaps “%(other)s” (%(unit)s, %(place)s): a warning, not a lock"), **facts
            )
        if self.also_for:
            also = stage.campaign(self.also_for, self.unit)
            credit_activity(stage.session, activity.uid, also, **who)
            yield Told(
                Rule.NESTING,
                N_("“%(activity)s” is shared with “%(campaign)s”"),
                _shared(activity, also.summary),
            )

    def _planned(self, unit: str, activity: Activity, stage: Stage) -> Told:
        times = len(list(activity_times(activity, stage)))
        kind = Word(N_("in the public calendar") if self.public else N_("internal"))
        facts = {
            "unit": unit,
            "activity": self.summary,
            "place": self.place,
            "times": times,
            "kind": kind,
        }
        facts["start"] = f"{self.start:%d/%m/%Y %H:%M}"
        if self.expected is None:
            return self.told(
                N_(
                    "%(unit)s plans “%(activity)s”, %(start)s, %(place)s, %(times)s times, %(kind)s"
                ),
                **facts,
            )
        sentence = N_(
            "%(unit)s plans “%(activity)s”, %(start)s, %(place)s, %(times)s times, %(people)s "
            "people expected, %(kind)s"
        )
        return self.told(sentence, people=self.expected, **facts)


class Attended(_OfActivities):
    """An activity took place; so many people came."""

    tries = N_("the number of people at “%(summary)s” is entered")
    do: Literal["attended"] = "attended"
    summary: str
    people: int

    def happen(self, stage: Stage) -> Iterator[Told]:
        activity = stage.session.scalars(
            select(Activity).where(Activity.summary == self.summary)
        ).first()
        if activity is None:
            raise NotFoundError(kind="activity", key=self.summary)
        names = (
            "summary",
            "dtstart",
            "dtend",
            "location",
            "organizer",
            "weekly_until",
            "expected",
            "public",
        )
        plan = replace(
            Plan(**{name: getattr(activity, name) for name in names}), attended=self.people
        )
        change_activity(stage.session, activity.uid, plan, **stage.who(activity.campaign.unit))
        facts = {
            "activity": activity.summary,
            "day": as_text(activity.dtstart.astimezone(stage.zone).date()),
            "people": self.people,
        }
        yield self.told(
            N_("“%(activity)s” of %(day)s: %(people)s people came, %(expected)s were expected"),
            expected=plan.expected,
            **facts,
        )


def activity_times(activity: Activity, stage: Stage) -> Iterator[datetime]:
    """Yield the start of each time an activity takes place."""
    slot = Slot(
        activity.campaign.unit_id,
        activity.location,
        activity.dtstart,
        activity.dtend,
        activity.weekly_until,
    )
    yield from (start for start, _ in slot.occurrences(stage.zone))


def _shared(activity: Activity, campaign: str) -> dict[str, str]:
    return {"activity": activity.summary, "campaign": campaign}
