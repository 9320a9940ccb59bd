"""Observances from last year to the end of the horizon, with what the province invites to: one, all
core ones together, or all that the province keeps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session, joinedload

from events.activities.times import at_the_top, counts_for
from events.calendars.ical import CalendarEvent, CalendarHead
from events.calendars.parts import activities, main_events, recent_campaigns, to_attend
from events.calendars.view import View
from events.errors import N_
from events.localtime import VIETNAM, at_local
from events.models import (
    Activity,
    Observance,
    ObservanceOccurrence,
    ObservanceStatus,
    Round,
)
from events.models.campaigns import of_rounds
from events.words.colors import HEX_OF

CORE, ALL = "chung/ngay-trong-tam", "chung/cac-ngay-trong-nam"
COMMON = (CORE, ALL)  # the keys of the calendars of several observances
_COLOR = "crimson"


@dataclass(frozen=True, slots=True)
class ObservanceFeed:
    """One observance through the years."""

    observance: Observance
    view: View

    @property
    def head(self) -> CalendarHead:
        color, name = self.observance.color, self.view.titled(self.observance)
        about = N_("%(observance)s. The day of every year, with the theme of each.")
        return CalendarHead(
            name=name,
            description=self.view.say(about, observance=name),
            color=color,
            color_hex=HEX_OF.get(color, "#B22222"),
            url=self.view.at(f"/ngay/{self.observance.slug}"),
            source=self.view.feed_at(self.observance.slug),
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        return list(_events(session, [self.observance.id], self.view))


@dataclass(frozen=True, slots=True)
class CommonFeed:
    """All core observances, or all that are kept: most people want one subscription."""

    key: str
    view: View

    @property
    def head(self) -> CalendarHead:
        names = {CORE: N_("Main days of the work for families"), ALL: N_("Days kept every year")}
        about = N_("The days kept by the committee, with the themes and what everybody may attend.")
        return CalendarHead(
            name=self.view.word(names[self.key]),
            description=self.view.say(about),
            color=_COLOR,
            color_hex=HEX_OF[_COLOR],
            url=self.view.at("/"),
            source=self.view.feed_at(self.key),
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        kept = select(Observance.id).where(Observance.enabled)
        if self.key == CORE:
            kept = kept.where(Observance.status == ObservanceStatus.CORE)
        return list(_events(session, session.scalars(kept).all(), self.view))


def occurrence_event(row: ObservanceOccurrence, view: View) -> CalendarEvent:
    """Return an observance in one year as it stands in a calendar."""
    observance, english = row.observance, view.language == "en"
    return CalendarEvent(
        uid=row.uid,
        summary=observance.title_en if english else row.summary,
        dtstart=row.dtstart,
        dtend=row.dtend,
        created=row.created,
        last_modified=row.last_modified,
        sequence=row.sequence,
        # what is announced is announced in Vietnamese, under the name that it has there
        description="\n".join(filter(None, [row.summary, row.description]))
        if english
        else row.description,
        url=view.at(f"/ngay/{observance.slug}"),
        categories=(view.word(N_("Observance")),),
    )


def _events(session: Session, ids: Sequence[int], view: View) -> Iterator[CalendarEvent]:
    """Yield the days of observances, their main events and public activities in the province; those
    of all units would be hundreds on one day.
    """
    row, today = ObservanceOccurrence, view.today
    shown = row.observance_id.in_(ids) & (row.year >= today.year - 1)
    query = select(row).where(shown).options(joinedload(row.observance))
    for one in session.scalars(query.order_by(row.dtstart, row.id)):
        yield occurrence_event(one, view)
    moved = at_the_top() & of_rounds(Round.observance_id.in_(ids)) & recent_campaigns(today)
    yield from main_events(session, moved, view)
    counted = or_(false(), *(counts_for(one) for one in ids))
    yield from activities(session, at_the_top() & counted & _lately_attended(today), view)


def _lately_attended(today: date) -> ColumnElement[bool]:
    """Return the condition that people may attend an activity of last year or later."""
    recent = Activity.dtstart >= at_local(date(today.year - 1, 1, 1), time.min, VIETNAM)
    return recent & to_attend(today)
