"""A catalogue in memory, as a whole, and as it was known on a day of the past."""

from dataclasses import dataclass, replace
from datetime import date

from events.catalog.entries import (
    CalendarFile,
    ObservancesFile,
    TemplatesFile,
    UnitsFile,
)
from events.days.workdays import DecisionStatus


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalogue, every reference of which holds."""

    units: UnitsFile
    templates: TemplatesFile
    observances: ObservancesFile
    calendar: CalendarFile

    def as_known_on(self, day: date) -> "Catalog":
        """Return the catalogue without what the authorities announced or put in force after
        ``day``: whoever plays a past year knows no more than people did then.
        """
        known, calendar = {}, self.calendar
        for table in ("swap", "tet_break", "holiday_break"):
            entries = getattr(calendar, table)
            known[table] = [one for one in entries if not one.announced or one.announced <= day]
        known["proposed_holiday"] = [
            one.model_copy(update={"status": DecisionStatus.ANNOUNCED})
            if one.in_force and one.in_force > day
            else one
            for one in calendar.proposed_holiday
        ]
        return replace(self, calendar=calendar.model_copy(update=known))
