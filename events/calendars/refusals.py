"""Why a calendar from elsewhere was not fetched or not taken in: a code, and its sentence."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from events.errors import N_, InvalidInputError


class Refused(StrEnum):
    """What was wrong. The values are stored."""

    ADDRESS = "address"
    PRIVATE = "private"
    UNREACHABLE = "unreachable"
    REDIRECTS = "redirects"
    STATUS = "status"
    TOO_SLOW = "too slow"
    TOO_LARGE = "too large"
    ZIPPED = "zipped"
    NO_CALENDAR = "no calendar"
    NOT_UTF8 = "not UTF-8"
    BROKEN = "broken"
    TOO_MANY = "too many"
    ENDLESS = "endless"


SENTENCES: Mapping[Refused, str] = MappingProxyType(
    {
        Refused.ADDRESS: N_(
            "This is not the address of a calendar. Please copy the whole address, which begins "
            "with https:// or webcal://."
        ),
        Refused.PRIVATE: N_(
            "%(host)s is not on the public internet; calendars are fetched only from there. "
            "Please save the calendar as a file and upload it."
        ),
        Refused.UNREACHABLE: N_("%(host)s cannot be reached."),
        Refused.REDIRECTS: N_("%(host)s sends on from address to address and never answers."),
        Refused.STATUS: N_("%(host)s does not give the calendar away (status %(status)s)."),
        Refused.TOO_SLOW: N_("The calendar took too long."),
        Refused.TOO_LARGE: N_("The calendar is larger than %(size)s MB."),
        Refused.ZIPPED: N_(
            "This is a compressed file. Please unpack it and send the .ics file that is inside."
        ),
        Refused.NO_CALENDAR: N_(
            "This is not a calendar: an .ics file begins with BEGIN:VCALENDAR."
        ),
        Refused.NOT_UTF8: N_("The calendar is not UTF-8 text. Please save it as UTF-8."),
        Refused.BROKEN: N_("The calendar is damaged and cannot be read."),
        Refused.TOO_MANY: N_(
            "The calendar has more than %(count)s events between %(first)s and %(last)s."
        ),
        Refused.ENDLESS: N_(
            "An event of the calendar comes again more often than once a day. Such a calendar "
            "cannot be shown."
        ),
    }
)


class CalendarRefusedError(InvalidInputError):
    """Raised for a calendar that is not taken in; ``why`` and its facts are stored."""

    def __init__(self, why: Refused, **facts: Any) -> None:
        super().__init__(SENTENCES[why], **facts)
        self.why = why
