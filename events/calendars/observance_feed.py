"""An observance from last year to the end of the horizon, with what the province invites to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from events.activities.times import at_the_top, counts_for
from events.calendars.ical import CalendarEvent, CalendarHead
from events.calendars.parts import activities, to_attend
from events.calendars.view import PATH, View
from events.colors import HEX_OF
from events.errors import N_
from events.localtime import VIETNAM, at_local
from events.models import Activity, Observance, ObservanceOccurrence


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
            source=self.view.at(PATH.format(key=self.observance.slug)),
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        row = ObservanceOccurrence
        shown = (row.observance_id == self.observance.id) & (row.year >= self.view.today.year - 1)
        query = select(row).where(shown).order_by(row.dtstart)
        days = [occurrence_event(one, self.observance, self.view) for one in session.scalars(query)]
        return [*days, *activities(session, self._attended, self.view)]

    @property
    def _attended(self) -> ColumnElement[bool]:
        """The province's public activities for this observance; those of all units would be
        hundreds on one day.
        """
        return at_the_top() & counts_for(self.observance.id) & lately_attended(self.view.today)


def occurrence_event(
    row: ObservanceOccurrence, observance: Observance, view: View
) -> CalendarEvent:
    """Return an observance in one year as it stands in a calendar."""
    return CalendarEvent(
        uid=row.uid,
        summary=row.summary,
        dtstart=row.dtstart,
        dtend=row.dtend,
        created=row.created,
        last_modified=row.last_modified,
        sequence=row.sequence,
        description=row.description,
        url=view.at(f"/ngay/{observance.slug}"),
        categories=(view.word(N_("Observance")),),
    )


def lately_attended(today: date) -> ColumnElement[bool]:
    """Return the condition that people may attend an activity of last year or later."""
    recent = Activity.dtstart >= at_local(date(today.year - 1, 1, 1), time.min, VIETNAM)
    return recent & to_attend(today)
