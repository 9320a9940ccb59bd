"""The first run, and the same questions later: which province, followed from when, what the
committee is called, who sends the mail, with what opens then shown first.

The preview does it all and takes it back, so that it cannot show anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from events.catalog.choosing import has_worked
from events.catalog.country import Province, find_province, provinces
from events.catalog.reading import read_catalog
from events.database.sessions import Session
from events.errors import DomainError, InvalidInputError, NotNowError
from events.first_run import (
    Answers,
    Begun,
    Coming,
    begun_rounds,
    closed_rounds,
    coming_rounds,
    committee_proposed,
    set_up,
)
from events.units.office import office_of
from events.units.start_lines import start_line
from events.units.tree import number_by_level, roots
from events.words.language import say
from events.words.texts import folded
from notifications.addresses import checked_address
from notifications.trial import Outcome, TrialMail, WayOut, send_trial, write_trial
from web.kit.context import get_config, get_session, now, signed_in_person, today, writing
from web.kit.fields import DateField
from web.kit.forms import Form, said
from web.kit.language import current, title
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("first_run", __name__, url_prefix="/bat-dau")

_UNPROCESSABLE = 422
_SHOWN = 5  # rounds to come; a year has dozens


class FirstRunForm(Form):
    """The questions, in the order in which they change what opens."""

    province = StringField(
        _l("Province or city"),
        [InputRequired(_l("Please choose the province or city."))],
        description=_l("Name or code, accents or not; also the name that it had before July 2025."),
        render_kw={"list": "cac-tinh", "autocomplete": "off", "spellcheck": "false"},
    )
    day = DateField(
        _l("Followed from"),
        [InputRequired(_l("Please enter the day."))],
        description=_l("The day from which the work here is followed; by itself today."),
    )
    committee = TextAreaField(
        _l("Full name of the steering committee"),
        [Length(max=500, message=_l("This name is too long."))],
        description=_l("Stands on every page and at the foot of mails. Empty: as proposed."),
        render_kw={"rows": 2},  # a phone shows all of it
    )
    name = StringField(
        _l("Name of this installation"),
        [Length(max=120, message=_l("This name is too long."))],
        description=_l(
            "Stands beside the mark instead of the committee's, and as the sender's name in mails."
        ),
    )
    sender = EmailField(
        _l("Address that mails come from"),
        [Optional(), Length(max=255, message=_l("This address is too long."))],
    )

    def validate_province(self, field: StringField) -> None:
        """Refuse what names no province."""
        _check(field, find_province)

    def validate_sender(self, field: EmailField) -> None:
        """Refuse what no mail can come from."""
        _check(field, checked_address)


def _check(field: StringField, check: Callable[[str], object]) -> None:
    try:
        check(field.data or "")
    except InvalidInputError as error:
        raise ValidationError(say(error, current())) from error


@dataclass(frozen=True, slots=True)
class Preview:
    """What there is once it has begun: units by level, rounds that are open, rounds to come, and
    what does not open.
    """

    units: list[tuple[str, int]]
    begun: list[Begun]
    coming: list[Coming]
    closed: list[str]

    @property
    def ahead(self) -> int:
        return sum(one.ahead for one in self.begun)


@bp.get("/")
def show() -> ResponseReturnValue:
    """Ask the questions, answered as the installation stands, with what is open now."""
    session, office = get_session(), office_of(get_session())
    form = FirstRunForm(formdata=None)
    form.province.data = _top_name()
    form.day.data = start_line(session) or today()
    form.committee.data = office.committee or committee_proposed(session, today())
    form.name.data = office.name
    form.sender.data = office.sender
    return _page(form, _preview(form.day.data))


@bp.post("/")
def answer() -> ResponseReturnValue:
    """Show what would open, or, with the second button, begin."""
    form, wanted = FirstRunForm(), request.form.get("lam")
    if not form.validate_on_submit():
        return _page(form, None), _UNPROCESSABLE
    answers = _answers(form, committee_proposed(get_session(), today()))
    catalog, mail = read_catalog(get_config().catalog), None
    try:
        with writing() as session:
            set_up(session, catalog, answers, by=signed_in_person(), now=now())
            if wanted == "bat-dau":
                session.commit()
                flash(_("Begun: %(province)s.", province=answers.province.full_name), "success")
                return redirect(url_for("home.show"), 303)
            if wanted == "thu":
                mail = _trial(session)
            preview = _seen(form, answers)
    except NotNowError:
        raise
    except DomainError as error:
        return _page(form, None, error), 409
    # nobody waits for the mail server's answer but who asked for it
    return _page(form, preview, trial=send_trial(*mail) if mail else None)


def _trial(session: Session) -> tuple[WayOut, TrialMail]:
    """Return a test mail to whoever asks, as the answers that were just carried out say, and its
    way out; nothing stays of it.
    """
    way_out = get_config().way_out
    if way_out is None:
        abort(404)
    person = signed_in_person()
    return way_out, write_trial(session, way_out, person, language=current(), now=now())


def _seen(form: FirstRunForm, answers: Answers) -> Preview:
    """Return what opens with the answers that were just carried out and are about to be undone."""
    form.province.data = answers.province.full_name
    form.committee.data = office_of(get_session()).committee
    return _preview(answers.follow_from)


def _answers(form: FirstRunForm, proposed: str | None) -> Answers:
    """Return what was entered; a name that was only proposed is not, so that another province has
    its own.
    """
    committee = form.committee.data
    return Answers(
        province=find_province(form.province.data),
        follow_from=form.day.data,
        name=form.name.data,
        committee=None if committee == proposed else committee,
        sender=form.sender.data,
    )


def _preview(since: date) -> Preview:
    """Return what there is now, in the request's session."""
    session = get_session()
    return Preview(
        units=[
            (title(level), number)
            for level, number in number_by_level(session, today())
            if level.rank > 1
        ],
        begun=begun_rounds(session, since, today()),
        coming=coming_rounds(session, today()),
        closed=closed_rounds(session, today()),
    )


def _top_name() -> str:
    return ", ".join(unit.full_name for unit in roots(get_session(), today()))


def _page(
    form: FirstRunForm,
    preview: Preview | None,
    error: DomainError | None = None,
    *,
    trial: Outcome | None = None,
) -> str:
    session = get_session()
    return render_template(
        "first_run/show.html",
        form=form,
        preview=preview,
        problem=said(error),
        provinces=[(each, _found_by(each)) for each in provinces()],
        is_fixed=has_worked(session, today()),
        is_set_up=office_of(session).is_set_up,
        sender=get_config().sender,
        may_try_mail=get_config().way_out is not None,
        trial=trial and (trial.has_left, trial.said.words(current())),
        folder=get_config().maildir is not None,
        shown=_SHOWN,
    )


def _found_by(province: Province) -> str:
    """Return what else a province is found by in the list: its code, and names without accents."""
    names = dict.fromkeys(folded(name) for name in (province.full_name, *province.made_from))
    return f"{province.code}: {', '.join(names)}"
