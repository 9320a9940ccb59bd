"""Fields of forms that take what people type as every other page does, and say in words what is
wrong with it.

Those of WTForms read a date only as browsers send it, and speak English to everybody who reads
Vietnamese.
"""

from collections.abc import Callable
from typing import Any

import wtforms

from events.errors import InvalidInputError
from events.words.language import say
from web.kit.entries import day_of, id_of, number_of
from web.kit.language import current
from web.kit.language import lazy_gettext as _l

_NOT_LISTED = _l("What was chosen is not in this list, or no longer. Please choose again.")


class _Typed(wtforms.Field):
    """A field whose text one of the functions in ``web.entries`` reads.

    Blanks alone are nothing typed.
    """

    read: Callable[[str], Any]
    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.raw_data, self.data = [valuelist[0].strip()], None
        try:
            self.data = self.read(valuelist[0])
        except InvalidInputError as error:
            raise ValueError(say(error, current())) from error


class DateField(_Typed, wtforms.DateField):
    """A day, chosen or typed as dd/mm/yyyy."""

    read = staticmethod(day_of)


class IntegerField(_Typed, wtforms.IntegerField):
    """A whole number."""

    read = staticmethod(number_of)


class _Chosen(wtforms.Field):
    """A field with a list to choose from.

    A page that was opened before the list changed may send what is gone.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, invalid_value_message=_NOT_LISTED, invalid_choice_message=_NOT_LISTED, **kwargs
        )


class SelectField(_Chosen, wtforms.SelectField):
    """One of a list that folds out."""


class RadioField(_Chosen, wtforms.RadioField):
    """One of a list that is all to be seen."""


def chosen_id(value: object) -> int | None:
    """Return what was chosen from a list of ids, as the list or a form has it; None for no id."""
    return id_of(str(value))


class SelectMultipleField(_Chosen, wtforms.SelectMultipleField):
    """Some of a list."""
