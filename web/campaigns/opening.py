"""Kinds of campaigns that no observance calls for, for administrators: switched on, or opened on a
chosen day.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from events.campaigns import other_kinds
from events.campaigns.lookup import uid_at_the_top
from events.campaigns.opening import Opened, open_campaigns
from events.campaigns.rounds import chosen_round
from events.database.sessions import Session
from events.days.recurrence import FIRST_YEAR, LAST_YEAR
from events.models import Person, Template
from events.units.tree import load_tree
from web.campaigns.late import ask_about_late
from web.kit.context import get_calendar, get_session, now, signed_in_person, today, writing
from web.kit.fields import DateField, RadioField, SelectMultipleField, chosen_id
from web.kit.forms import Form, send_form, wanted_state
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title

bp = Blueprint("opening", __name__, url_prefix="/ngay-ky-niem/loai")


class OpenForm(Form):
    """A campaign on a chosen day."""

    title = StringField(_l("Title"), description=_l("It tells two courses on one day apart."))
    day = DateField(_l("Day"), [InputRequired(_l("Please enter the day."))])
    who = RadioField(
        _l("Units"),
        choices=[
            SelectChoice("all", _l("all units")),
            SelectChoice("some", _l("only those chosen here")),
        ],
        default="all",
    )
    units = SelectMultipleField(
        _l("Chosen units"),
        coerce=chosen_id,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )


@bp.post("/<key>/bat-tat")
def switch(key: str) -> ResponseReturnValue:
    """Let a kind open by itself, or no longer."""
    session = get_session()
    template = other_kinds.get_kind(session, key)
    who: dict[str, Any] = {"by": signed_in_person(), "on": today()}
    if wanted_state():
        late = ask_about_late(lambda: _switch_on(template), url_for("keeping.index"))
        if late is not None:
            return late
    switch_it = other_kinds.switch_on if wanted_state() else other_kinds.switch_off
    with writing() as session:
        switch_it(session, template, **who)
        session.commit()
    opens = _("“%(title)s” opens by itself from now on.", title=title(template))
    flash(
        opens
        if template.enabled
        else _("“%(title)s” no longer opens by itself.", title=title(template)),
        "success",
    )
    return redirect(url_for("keeping.index"), 303)


@bp.get("/<key>/mo")
def choose_day(key: str) -> ResponseReturnValue:
    """Show the form to open a kind on a chosen day."""
    session = get_session()
    template = other_kinds.get_kind(session, key)
    other_kinds.require_chosen_day(template)
    return _open_page(template, _open_form(session, template, day=today(), title=template.title_vi))


@bp.post("/<key>/mo")
def open_kind(key: str) -> ResponseReturnValue:
    """Open a kind on a chosen day and go to its topmost campaign."""
    session = get_session()
    template = other_kinds.get_kind(session, key)
    form = _open_form(session, template)

    def use(session: Session, person: Person, at: datetime) -> Opened:
        units = set(form.units.data or []) if form.who.data == "some" else None
        title, calendar = form.title.data or "", get_calendar()
        return other_kinds.open_on(
            session,
            template,
            form.day.data,
            by=person,
            now=at,
            calendar=calendar,
            unit_ids=units,
            title=title,
        )

    def would_open() -> Opened | None:
        return use(session, signed_in_person(), now()) if form.validate() else None

    late = ask_about_late(would_open, url_for(".choose_day", key=key))
    if late is not None:
        return late

    def sentence(opened: Opened) -> str:
        if not opened.campaigns:
            return _("This campaign was open already; nothing was added.")
        return _(
            "Opened in %(campaigns)s units, %(items)s items.",
            campaigns=opened.campaigns,
            items=opened.items,
        )

    def address(opened: Opened) -> str:
        return _address_of(session, template, opened.period)

    return send_form(
        form, use, address, sentence, lambda problem: _open_page(template, form, problem)
    )


def _switch_on(template: Template) -> None:
    other_kinds.switch_on(get_session(), template, by=signed_in_person(), on=today())
    open_campaigns(get_session(), now=now(), calendar=get_calendar())


def _open_page(template: Template, form: OpenForm, problem: str | None = None) -> str:
    return render_template("opening/open.html", template=template, form=form, problem=problem)


def _open_form(session: Session, template: Template, **values: object) -> OpenForm:
    """Return the form with the units that the campaign of the day in it would belong to."""
    form = OpenForm(**values)
    day = form.day.data
    sensible = day if day and FIRST_YEAR <= day.year <= LAST_YEAR else today()
    tree = load_tree(session, chosen_round(template, sensible).belongs_on(today()))
    form.units.choices = [
        SelectChoice(node.id, node.full_name) for root in tree.roots for node in tree.below(root)
    ]
    return form


def _address_of(session: Session, template: Template, period: str) -> str:
    uid = uid_at_the_top(session, template, period)
    return url_for("campaigns.show", uid=uid) if uid else url_for("keeping.index")
