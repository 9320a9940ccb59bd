"""What is public, decided for each kind of fact in this one place.

In this field a reason or a file name names a victim one day: what somebody wrote about work is for
those who answer for it, and never for whoever knows an address. Public is what is meant to be
known: the days, their themes, what people may come to, and what was marked public.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy.orm import Session

from events.models import Unit
from events.people.rights import Capability, Held, allowed_by


class Fact(StrEnum):
    """A kind of fact that pages show."""

    OBSERVANCE = "observance"  # with its theme, slogans, legal bases and anniversaries
    UNIT_NAME = "unit name"  # with its level, what it was made from and what became of it
    PUBLIC_ACTIVITY = "activity open to the public"
    PUBLIC_DOCUMENT = "document marked public"
    CAMPAIGN = "campaign"  # that a unit has one, its days, what it prints
    ISSUED_DOCUMENT = "issued document"
    IMPORTED_CALENDAR = "imported calendar"  # what others plan, beside the unit's own days
    INTERNAL_ACTIVITY = "internal activity"
    CHECKLIST = "checklist"  # items, their states and dates
    NOTE = "note"  # what stands in the way, reasons
    HISTORY = "history"  # who did what and when
    EVIDENCE = "evidence"  # and its file names
    PEOPLE = "people"  # who holds a post
    FIGURES = "figures"  # how much of it is done, without saying by whom
    LATE_UNITS = "late units"  # which units are silent or late, and what each has done


NEEDS: Mapping[Fact, Capability | None] = MappingProxyType(
    {
        Fact.OBSERVANCE: None,
        Fact.UNIT_NAME: None,
        Fact.PUBLIC_ACTIVITY: None,
        Fact.PUBLIC_DOCUMENT: None,
        Fact.CAMPAIGN: Capability.READ_CAMPAIGNS,
        Fact.ISSUED_DOCUMENT: Capability.READ_CAMPAIGNS,
        Fact.IMPORTED_CALENDAR: Capability.READ_CAMPAIGNS,
        Fact.INTERNAL_ACTIVITY: Capability.READ_WORK,
        Fact.CHECKLIST: Capability.READ_WORK,
        Fact.NOTE: Capability.READ_WORK,
        Fact.HISTORY: Capability.READ_WORK,
        Fact.EVIDENCE: Capability.READ_WORK,
        Fact.PEOPLE: Capability.READ_WORK,
        Fact.FIGURES: Capability.READ_PROGRESS,
        Fact.LATE_UNITS: Capability.READ_PROGRESS,
    }
)


def may_see(
    session: Session,
    held: Held | None,
    fact: Fact,
    unit: Unit,
    on: date,
    *,
    public_progress: bool = False,
) -> bool:
    """Tell whether somebody who holds ``held`` may see a kind of fact of ``unit``; None is whoever
    is not signed in.

    ``public_progress`` is the setting that makes figures public, without names.
    """
    needed = NEEDS[fact]
    if needed is None or (public_progress and fact is Fact.FIGURES):
        return True
    return held is not None and allowed_by(session, held, needed, unit, on)
