"""What people type into forms: days, hours and numbers."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import NoReturn, TypeVar

from events.days.recurrence import FIRST_YEAR, LAST_YEAR
from events.errors import N_, InvalidInputError
from events.words.texts import nfc

_HOUR = re.compile(r"([0-9]{1,2})\s*(?::|\.|h|g|giờ)\s*([0-9]{2})?(?:\s*(?:p|phút))?")
_DAY_AND_MONTH = re.compile(r"([0-9]{1,2})\s*[/.-]\s*([0-9]{1,2})")
_A_LEAP_YEAR = 2024
LARGEST = 2**31 - 1  # what a column of whole numbers holds in every database
_LAST_PAGE = 10_000
_LONGEST_NUMBER = 12  # digits
_FIRST_DAY, _LAST_DAY = date(1800, 1, 1), date(2200, 1, 1)  # others are slips of the finger
_LONGEST_SHOWN = 40  # characters of what was typed, said again in a sentence
_T = TypeVar("_T")


class WrongEntriesError(InvalidInputError):
    """Raised when fields of a form are wrong; ``fields`` tells of each by its name why."""

    msgid = N_("Please check what was entered")

    def __init__(self, fields: Mapping[str, InvalidInputError]) -> None:
        super().__init__()
        self.fields = fields


class Entries:
    """The fields of a form.

    One that is wrong is read as some value that is of no use; ``check`` tells of all of them at
    once.

    ``missing`` is what is said of a field that is needed and empty.
    """

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self._wrong: dict[str, InvalidInputError] = {}

    def needed_text(self, name: str, *, missing: str) -> str:
        return self._read(name, str, missing) or ""

    def needed_day(self, name: str, *, missing: str) -> date:
        return self._read(name, day_of, missing) or date.min

    def needed_hour(self, name: str, *, missing: str) -> time:
        return self._read(name, hour_of, missing) or time.min

    def day(self, name: str) -> date | None:
        return self._read(name, day_of)

    def number(self, name: str) -> int | None:
        return self._read(name, number_of)

    def check(self) -> None:
        """Raise ``WrongEntriesError`` if a field was wrong."""
        if self._wrong:
            raise WrongEntriesError(self._wrong)

    def _read(
        self, name: str, read: Callable[[str], _T | None], missing: str | None = None
    ) -> _T | None:
        text = self._form.get(name, "")
        try:
            if missing is not None and not nfc(text):
                raise InvalidInputError(missing)
            return read(text)
        except InvalidInputError as error:
            self._wrong[name] = error
            return None


def day_of(text: str) -> date | None:
    """Return the day in ``yyyy-mm-dd``, as browsers send it, or ``dd/mm/yyyy``, as people type it;
    None for nothing.
    """
    if not text.strip():
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a date, never a midnight
            if _FIRST_DAY <= day < _LAST_DAY:
                return day
        except ValueError:
            continue
    raise InvalidInputError(
        N_("“%(day)s” is not a date; please enter it as dd/mm/yyyy."), day=_shown(text)
    )


def day_of_every_year(text: str) -> str:
    """Return a day typed as ``dd/mm`` in the form of the catalogue, MM-DD.

    Raises ``InvalidInputError``.
    """
    found = _DAY_AND_MONTH.fullmatch(text.strip())
    try:
        return (
            f"{date(_A_LEAP_YEAR, int(found[2]), int(found[1])):%m-%d}"
            if found
            else _no_such_day(text)
        )
    except ValueError:
        return _no_such_day(text)


def _no_such_day(text: str) -> NoReturn:
    raise InvalidInputError(
        N_("“%(day)s” is no day of a year; please enter it as dd/mm."), day=_shown(text)
    )


def hour_of(text: str) -> time:
    """Return the time of day, as a field of a browser sends it or as people write it: 07:30, 7h30,
    8h, 7 giờ 30.
    """
    found = _HOUR.fullmatch(text.strip().lower())
    if found and (hour := int(found[1])) < 24 and (minute := int(found[2] or 0)) < 60:
        return time(hour, minute)
    raise InvalidInputError(
        N_("“%(hour)s” is not a time of day; please enter it as 07:30."), hour=_shown(text)
    )


def number_of(text: str) -> int | None:
    """Return a whole number up to ``LARGEST``, with or without its thousands marked; None for
    nothing.
    """
    digits = text.strip().replace(".", "").replace(" ", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise InvalidInputError(N_("“%(number)s” is not a whole number."), number=_shown(text))
    if int(digits) > LARGEST:
        raise InvalidInputError(N_("%(number)s is too large a number."), number=_shown(text))
    return int(digits)


def id_of(text: str) -> int | None:
    """Return a number that a page wrote into an address or a form: plain digits, up to
    ``LARGEST``. None for anything else, which names nothing.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        return None
    return number if (number := int(text)) <= LARGEST else None


def page_of(text: str) -> int:
    """Return which page of a long list an address asks for; the first for what is none."""
    return min(max(id_of(text) or 1, 1), _LAST_PAGE)


def year_of(text: str) -> int | None:
    """Return the year in an address; None for nothing. Raises ``InvalidInputError``."""
    if not text:
        return None
    if (year := id_of(text)) is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInputError(N_("“%(year)s” is not a year."), year=_shown(text))
    return year


def _shown(text: str) -> str:
    return nfc(text)[:_LONGEST_SHOWN]
