"""The forms that concern accounts. Every sentence is ours, so that each has its translation."""

from collections.abc import Iterable
from typing import Any

from wtforms import (
    EmailField,
    HiddenField,
    PasswordField,
    StringField,
    SubmitField,
    ValidationError,
)
from wtforms.validators import Email, EqualTo, InputRequired, Length

from events.people.persons import normal_email
from web.accounts import passwords, stolen_passwords
from web.kit.context import get_config, get_session
from web.kit.fields import SelectField, chosen_id
from web.kit.forms import Form
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

_EMAIL = [
    InputRequired(_l("Please enter the e-mail address.")),
    Length(max=255, message=_l("This address is too long.")),
    Email(_l("This is not an e-mail address, for example ten@example.org.")),
]


class SignInForm(Form):
    """E-mail and password."""

    email = EmailField(
        _l("E-mail"), _EMAIL, filters=[normal_email], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Please enter the password."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    submit = SubmitField(_l("Sign in"))


class LinkForm(Form):
    """Only an address: the rest comes by mail."""

    email = EmailField(
        _l("E-mail"), _EMAIL, filters=[normal_email], render_kw={"autocomplete": "username"}
    )
    next = HiddenField()
    submit = SubmitField(_l("Send me a link"))


class ConfirmForm(Form):
    """One button."""

    submit = SubmitField(_l("Sign in"))


def _new_password() -> PasswordField:
    return PasswordField(
        _l("Password"),
        [
            InputRequired(_l("Please choose a password.")),
            Length(
                passwords.SHORTEST,
                passwords.LONGEST,
                _l("The password needs at least %(min)d characters."),
            ),
        ],
        description=_l("At least 12 characters; several words are easy to remember."),
        render_kw={"autocomplete": "new-password"},
    )


def _once_more() -> PasswordField:
    return PasswordField(
        _l("Password once more"),
        [EqualTo("password", _l("The two passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


def _refuse_easy(password: str, known: Iterable[str]) -> None:
    """Refuse what others guess first: what is common, the service, a place here, or oneself."""
    places = passwords.names_of_places(get_session())
    if passwords.is_easy(password, [*places, *known]):
        raise ValidationError(_("This password is easy to guess. Please choose another one."))
    if stolen_passwords.is_in(get_config().stolen_passwords, password):
        raise ValidationError(
            _("This password was stolen elsewhere and is in the lists of those who try them out.")
        )


class NewPasswordForm(Form):
    """A new password for whoever opened a link; ``known`` is what others know of them."""

    known: Iterable[str] = ()
    password = _new_password()
    again = _once_more()
    submit = SubmitField(_l("Change the password"))

    def validate_password(self, field: Any) -> None:
        _refuse_easy(field.data, self.known)


class PasswordForm(NewPasswordForm):
    """A new password for whoever is signed in."""

    current = PasswordField(_l("Present password"), render_kw={"autocomplete": "current-password"})


class CodeForm(Form):
    """A code from a telephone, or a spare one."""

    code = StringField(
        _l("Code"),
        [
            InputRequired(_l("Please enter the code.")),
            Length(max=40, message=_l("This code is too long.")),
        ],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"},
    )
    submit = SubmitField(_l("Sign in"))


class SetupForm(Form):
    """The first administrator."""

    code = StringField(
        _l("One-time code"),
        [InputRequired(_l("Please enter the code that the console shows."))],
        description=_l("Printed where the service was started, for example ABCD-EFGH-2345."),
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "characters",
            "spellcheck": "false",
        },
    )
    full_name = StringField(
        _l("Full name"),
        [
            InputRequired(_l("Please enter the full name.")),
            Length(max=200, message=_l("This name is too long.")),
        ],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        _l("E-mail"), _EMAIL, filters=[normal_email], render_kw={"autocomplete": "username"}
    )
    unit = SelectField(_l("Unit"), coerce=chosen_id, validate_choice=True)
    role = SelectField(_l("Post"), validate_choice=True)
    password = _new_password()
    again = _once_more()
    submit = SubmitField(_l("Create the administrator"))

    def validate_password(self, field: Any) -> None:
        _refuse_easy(field.data, (self.email.data or "", self.full_name.data or ""))
