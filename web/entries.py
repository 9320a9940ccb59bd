"""What people type into forms: days, hours and numbers."""

from datetime import date, datetime, time

from events.errors import N_, InvalidInputError

_LONGEST_NUMBER = 12  # digits


def day_of(text: str) -> date | None:
    """Return the day in ``yyyy-mm-dd``, as browsers send it, or ``dd/mm/yyyy``, as people type it; None for nothing."""
    if not text.strip():
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a date, never a midnight
        except ValueError:
            continue
    raise InvalidInputError(N_("“%(day)s” is not a date; please enter it as dd/mm/yyyy."), day=text)


def hour_of(text: str) -> time:
    """Return the time of day in ``hh:mm``."""
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - local by definition
    except ValueError:
        raise InvalidInputError(N_("“%(hour)s” is not a time of day; please enter it as 07:30."), hour=text) from None


def number_of(text: str) -> int | None:
    """Return a whole number, with or without its thousands marked; None for nothing."""
    digits = text.strip().replace(".", "").replace(" ", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        raise InvalidInputError(N_("“%(number)s” is not a whole number."), number=text)
    return int(digits)
