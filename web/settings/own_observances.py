"""Observances of this province's own, for officers: made here, and corrected; the rest is as
for any other.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from events.campaigns import other_kinds
from events.database.sessions import Session
from events.models import Observance, Person
from events.observances import own
from events.observances.own import NewObservance
from web.campaigns.late import ask_about_late
from web.kit.context import get_session, now
from web.kit.fields import IntegerField, RadioField, SelectField
from web.kit.forms import ChangingForm, send_form
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title
from web.settings.keeping import address_of, checklists_to_copy, open_after

bp = Blueprint("own_observances", __name__, url_prefix="/ngay-ky-niem")

COLORS = {
    "crimson": _l("crimson"),
    "darkorange": _l("dark orange"),
    "deepskyblue": _l("sky blue"),
    "dodgerblue": _l("blue"),
    "firebrick": _l("brick red"),
    "gold": _l("yellow"),
    "goldenrod": _l("ochre"),
    "hotpink": _l("pink"),
    "mediumvioletred": _l("magenta"),
    "olive": _l("olive"),
    "olivedrab": _l("moss green"),
    "orange": _l("orange"),
    "orangered": _l("orange red"),
    "peru": _l("brown"),
    "purple": _l("purple"),
    "red": _l("red"),
    "seagreen": _l("sea green"),
    "slategray": _l("slate grey"),
    "steelblue": _l("steel blue"),
    "tomato": _l("tomato red"),
}
_NONE = ""


class ObservanceForm(ChangingForm):
    """A day of one's own. Which days count depends on the kind of rule."""

    title_vi = StringField(
        _l("Title in Vietnamese"), [InputRequired(_l("Please enter the Vietnamese title."))]
    )
    title_en = StringField(_l("Title in English"), description=_l("Empty: the Vietnamese one."))
    kind = RadioField(
        _l("When it comes round"),
        choices=[
            SelectChoice("fixed_day", _l("the same day every year")),
            SelectChoice("fixed_range", _l("several days, from the first day to the last")),
            SelectChoice("lunar_day", _l("a day of the lunar year")),
        ],
        default="fixed_day",
    )
    day = IntegerField(_l("Day, or first day"), [InputRequired(_l("Please enter the day."))])
    month = IntegerField(_l("Month"), [InputRequired(_l("Please enter the month."))])
    last_day = IntegerField(_l("Last day"), [Optional()], description=_l("Only for several days."))
    last_month = IntegerField(_l("Month of the last day"), [Optional()])
    basis = StringField(_l("Legal basis"))
    base_year = IntegerField(
        _l("Anniversaries count from"),
        [Optional()],
        description=_l("A year; empty when they are not counted."),
    )
    anniversary = StringField(
        _l("Wording of anniversaries"),
        description=_l("N stands for the number. Empty: “Kỷ niệm N năm”."),
    )
    color = RadioField(
        _l("Colour"), choices=[SelectChoice(*color) for color in COLORS.items()], default="crimson"
    )
    inside = SelectField(_l("Inside another observance"))
    like = SelectField(
        _l("Checklist"), description=_l("Copied once; changed afterwards as any template.")
    )

    @property
    def rule(self) -> dict[str, Any]:
        """The rule in the form of the catalogue."""
        day, month = self.day.data, self.month.data
        if self.kind.data == "lunar_day":
            return {"kind": "lunar_day", "lunar_month": month, "lunar_day": day}
        if self.kind.data == "fixed_range":
            last = self.last_month.data or month, self.last_day.data or 0
            return {
                "kind": "fixed_range",
                "from": f"{month:02}-{day:02}",
                "to": f"{last[0]:02}-{last[1]:02}",
            }
        return {"kind": "fixed_day", "month": month, "day": day}

    @staticmethod
    def typed(observance: Observance) -> dict[str, Any]:
        """Return the values of the fields for an observance that is there."""
        rule = observance.rule
        first, last = (rule.get(end, "-").split("-") for end in ("from", "to"))
        return {
            "title_vi": observance.title_vi,
            "title_en": observance.title_en,
            "kind": rule["kind"],
            "day": rule.get("day") or rule.get("lunar_day") or int(first[1]),
            "month": rule.get("month") or rule.get("lunar_month") or int(first[0]),
            "last_day": int(last[1]) if last[1] else None,
            "last_month": int(last[0]) if last[0] else None,
            "basis": observance.basis,
            "color": observance.color,
            "inside": observance.inside_key or _NONE,
            "shown": own.facts_shown(observance),
        }

    @property
    def wanted(self) -> NewObservance:
        return NewObservance(
            self.title_vi.data,
            self.title_en.data or "",
            self.rule,
            self.color.data,
            self.basis.data or "",
            self.base_year.data if self.base_year else None,
            (self.anniversary.data or "") if self.anniversary else "",
            self.inside.data or None,
        )


@bp.get("/moi")
def new() -> ResponseReturnValue:
    """Show the form for a day of one's own."""
    return _new_page(_form(get_session()))


@bp.post("/moi")
def add() -> ResponseReturnValue:
    """Make a day of one's own."""
    form = _form(get_session())

    def use(session: Session, person: Person, at: datetime) -> Observance:
        like = other_kinds.get_kind(session, form.like.data) if form.like.data else None
        return own.add_observance(session, form.wanted, like=like, by=person, now=at)

    def sentence(found: Observance) -> str:
        return _("“%(title)s” is kept from now on.", title=title(found))

    if form.validate():
        at = now()
        late = ask_about_late(
            lambda: open_after(lambda person: use(get_session(), person, at)), url_for(".new")
        )
        if late is not None:
            return late
    return send_form(form, use, address_of, sentence, lambda problem: _new_page(form, problem))


@bp.get("/<slug>/thong-tin")
def facts(slug: str) -> ResponseReturnValue:
    """Show the form to correct an observance that was made here."""
    session = get_session()
    observance = own.find_observance(session, slug)
    return _facts_page(
        observance, _facts_form(session, observance, **ObservanceForm.typed(observance))
    )


@bp.post("/<slug>/thong-tin")
def correct(slug: str) -> ResponseReturnValue:
    """Correct an observance that was made here; open campaigns keep their days."""
    session = get_session()
    observance = own.find_observance(session, slug)
    form = _facts_form(session, observance)

    def use(session: Session, person: Person, at: datetime) -> None:
        own.correct_observance(
            session, observance, form.wanted, shown=form.shown.data or None, by=person, now=at
        )

    sentence = _(
        "Stored. Campaigns that are open already keep their days; they are moved with “Move dates”."
    )
    return send_form(
        form,
        use,
        address_of(observance),
        sentence,
        lambda problem: _facts_page(observance, form, problem),
    )


def _facts_page(observance: Observance, form: ObservanceForm, problem: str | None = None) -> str:
    return render_template(
        "own_observances/facts.html", observance=observance, form=form, problem=problem
    )


def _facts_form(session: Session, observance: Observance, **values: Any) -> ObservanceForm:
    """Return the form of an observance that is there: its anniversaries and checklist have forms of
    their own.
    """
    form = _form(session, **values)
    form.inside.choices = [
        choice for choice in form.inside.choices if choice.value != observance.key
    ]
    del form.base_year, form.anniversary, form.like
    return form


def _new_page(form: ObservanceForm, problem: str | None = None) -> str:
    return render_template("own_observances/new.html", form=form, problem=problem)


def _form(session: Session, **values: Any) -> ObservanceForm:
    form = ObservanceForm(**values)
    outer = own.all_observances(session)
    form.inside.choices = [
        SelectChoice(_NONE, _("none")),
        *(SelectChoice(o.key, title(o)) for o in outer if o.enabled),
    ]
    form.like.choices = [
        SelectChoice(_NONE, _("no checklist: only in the calendar")),
        *checklists_to_copy(session),
    ]
    return form
