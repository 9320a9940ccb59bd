"""What this province keeps, for administrators: observances on and off, days of its own, yearly themes."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from events import announcements, kinds, own_observances
from events.models import Observance, ObservanceStatus, Person, Template
from events.models.observances import ANNIVERSARY
from events.own_observances import NewObservance
from web.addresses import safe_next
from web.context import current_person, get_session, now, today
from web.forms import Form, try_form, wanted_state
from web.language import gettext as _
from web.language import lazy_gettext as _l
from web.language import title
from web.mail import administrators_only

bp = Blueprint("keeping", __name__, url_prefix="/ngay-ky-niem")

STATUS = {
    ObservanceStatus.CORE: _l("named in the plan"),
    ObservanceStatus.LINKED: _l("run together with one of the plan"),
    ObservanceStatus.OPTIONAL: _l("example to switch on"),
    ObservanceStatus.OWN: _l("made here"),
}
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


class ObservanceForm(Form):
    """A day of one's own. Which days count depends on the kind of rule."""

    title_vi = StringField(_l("Title in Vietnamese"), [InputRequired(_l("Please enter the Vietnamese title."))])
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
        _l("Anniversaries count from"), [Optional()], description=_l("A year; empty when they are not counted.")
    )
    anniversary = StringField(_l("Wording of anniversaries"), description=_l("N stands for the number. Empty: “Kỷ niệm N năm”."))
    color = RadioField(_l("Colour"), choices=[SelectChoice(*color) for color in COLORS.items()], default="crimson")
    inside = SelectField(_l("Inside another observance"))
    like = SelectField(_l("Checklist"), description=_l("Copied once; changed afterwards as any template."))

    @property
    def rule(self) -> dict[str, Any]:
        """The rule in the form of the catalogue."""
        day, month = self.day.data, self.month.data
        if self.kind.data == "lunar_day":
            return {"kind": "lunar_day", "lunar_month": month, "lunar_day": day}
        if self.kind.data == "fixed_range":
            last = self.last_month.data or month, self.last_day.data or 0
            return {"kind": "fixed_range", "from": f"{month:02}-{day:02}", "to": f"{last[0]:02}-{last[1]:02}"}
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


class ThemeForm(Form):
    """The theme of one year."""

    year = IntegerField(_l("Year"), [InputRequired(_l("Please enter the year."))])
    theme = StringField(_l("Theme"), [InputRequired(_l("Please enter the theme."))])
    slogans = TextAreaField(_l("Slogans"), description=_l("One a line."), render_kw={"rows": 4})
    source = StringField(_l("Source"), description=_l("The letter that announced it."))


class AnniversaryForm(Form):
    """How anniversaries are counted and put."""

    base_year = IntegerField(
        _l("Anniversaries count from"), [Optional()], description=_l("A year; empty when they are not counted.")
    )
    anniversary = StringField(_l("Wording of anniversaries"), description=_l("N stands for the number. Empty: “Kỷ niệm N năm”."))


class ChecklistForm(Form):
    """Whose items an observance takes over."""

    like = SelectField(_l("Checklist"), description=_l("Copied once; changed afterwards as any template."))


@bp.get("/")
@administrators_only
def index() -> ResponseReturnValue:
    """List observances and kinds with their switches."""
    session = get_session()
    return render_template(
        "keeping/index.html",
        observances=own_observances.all_observances(session),
        status=STATUS,
        kinds=kinds.kinds(session),
    )


@bp.post("/<slug>/bat-tat")
@administrators_only
def switch(slug: str) -> ResponseReturnValue:
    """Keep an observance, or keep it no longer."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    own_observances.switch_observance(session, observance, enabled=wanted_state(), now=now())
    session.commit()
    kept = _("“%(title)s” is kept from now on.", title=title(observance))
    flash(kept if observance.enabled else _("“%(title)s” is no longer kept.", title=title(observance)), "success")
    return redirect(safe_next(request.form.get("back"), url_for(".index")), 303)


@bp.get("/moi")
@administrators_only
def new() -> ResponseReturnValue:
    """Show the form for a day of one's own."""
    return _new_page(_observance_form(get_session()))


@bp.post("/moi")
@administrators_only
def add() -> ResponseReturnValue:
    """Make a day of one's own."""
    session = get_session()
    form = _observance_form(session)

    def act() -> ResponseReturnValue:
        like = kinds.get_kind(session, form.like.data) if form.like.data else None
        found = own_observances.add_observance(session, form.wanted, like=like, by=_person(), now=now())
        session.commit()
        flash(_("“%(title)s” is kept from now on.", title=title(found)), "success")
        return redirect(url_for(".edit", slug=found.slug), 303)

    return try_form(form, act, lambda problem: _new_page(form, problem))


@bp.get("/<slug>/sua")
@administrators_only
def edit(slug: str) -> ResponseReturnValue:
    """Show the themes of an observance and how its anniversaries are put; ``?nam=`` fills in that year's theme."""
    return _edit_page(own_observances.find_observance(get_session(), slug))


@bp.get("/<slug>/thong-tin")
@administrators_only
def facts(slug: str) -> ResponseReturnValue:
    """Show the form to correct an observance that was made here."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    return _facts_page(observance, _facts_form(session, observance, **ObservanceForm.typed(observance)))


@bp.post("/<slug>/thong-tin")
@administrators_only
def correct(slug: str) -> ResponseReturnValue:
    """Correct an observance that was made here; open campaigns keep their days."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    form = _facts_form(session, observance)

    def act() -> ResponseReturnValue:
        own_observances.correct_observance(session, observance, form.wanted, now=now())
        session.commit()
        flash(_("Stored. Campaigns that are open already keep their days; they are moved with “Move dates”."), "success")
        return redirect(url_for(".edit", slug=slug), 303)

    return try_form(form, act, lambda problem: _facts_page(observance, form, problem))


@bp.post("/<slug>/chu-de")
@administrators_only
def announce(slug: str) -> ResponseReturnValue:
    """Store a year's theme and slogans."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    form = ThemeForm()

    def act() -> ResponseReturnValue:
        slogans, source = (form.slogans.data or "").splitlines(), form.source.data or ""
        announcements.announce_theme(session, observance, form.year.data, form.theme.data, slogans, source=source, now=now())
        session.commit()
        flash(_("The theme of %(year)s is stored. Drafts follow it, issued documents do not.", year=form.year.data), "success")
        return redirect(url_for(".edit", slug=slug), 303)

    return try_form(form, act, lambda problem: _edit_page(observance, theme_form=form, problem=problem))


@bp.post("/<slug>/chu-de/bo")
@administrators_only
def withdraw(slug: str) -> ResponseReturnValue:
    """Take the theme of a wrong year away."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    announcements.withdraw_theme(session, observance, request.form.get("year", 0, int), now=now())
    session.commit()
    flash(_("The theme of %(year)s was taken away. Drafts follow, issued documents do not.", year=request.form["year"]), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.post("/<slug>/ky-niem")
@administrators_only
def number(slug: str) -> ResponseReturnValue:
    """Store how anniversaries are counted and put."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    form = AnniversaryForm()

    def act() -> ResponseReturnValue:
        wording = form.anniversary.data or ""
        announcements.number_anniversaries(session, observance, form.base_year.data, wording, now=now())
        session.commit()
        flash(_("Stored."), "success")
        return redirect(url_for(".edit", slug=slug), 303)

    return try_form(form, act, lambda problem: _edit_page(observance, anniversary_form=form, problem=problem))


@bp.post("/<slug>/danh-muc")
@administrators_only
def give_checklist(slug: str) -> ResponseReturnValue:
    """Let an observance open campaigns, with the items of a template."""
    session = get_session()
    observance = own_observances.find_observance(session, slug)
    form = ChecklistForm()
    form.like.choices = _templates(session)

    def act() -> ResponseReturnValue:
        like = kinds.get_kind(session, form.like.data)
        template = own_observances.give_checklist(session, observance, like, by=_person(), now=now())
        session.commit()
        flash(_("“%(title)s” opens its campaigns from now on.", title=title(observance)), "success")
        return redirect(url_for("templates.show", key=template.key), 303)

    return try_form(form, act, lambda problem: _edit_page(observance, problem=problem))


def _person() -> Person:
    person = current_person()
    assert person is not None  # an administrator is signed in
    return person


def _facts_page(observance: Observance, form: ObservanceForm, problem: str | None = None) -> str:
    return render_template("keeping/facts.html", observance=observance, form=form, problem=problem)


def _facts_form(session: Session, observance: Observance, **values: Any) -> ObservanceForm:
    """Return the form of an observance that is there: its anniversaries and checklist have forms of their own."""
    form = _observance_form(session, **values)
    form.inside.choices = [choice for choice in form.inside.choices if choice.value != observance.key]
    del form.base_year, form.anniversary, form.like
    return form


def _new_page(form: ObservanceForm, problem: str | None = None) -> str:
    return render_template("keeping/new.html", form=form, problem=problem)


def _edit_page(
    observance: Observance,
    theme_form: ThemeForm | None = None,
    anniversary_form: AnniversaryForm | None = None,
    problem: str | None = None,
) -> str:
    session = get_session()
    template = session.scalar(select(Template).where(Template.observance_id == observance.id))
    checklist_form = ChecklistForm(formdata=None)
    checklist_form.like.choices = _templates(session)
    return render_template(
        "keeping/edit.html",
        observance=observance,
        template=template,
        checklist_form=checklist_form,
        themes=sorted(observance.themes, key=lambda theme: -theme.year),
        theme_form=theme_form or _theme_form(observance),
        anniversary_form=anniversary_form or AnniversaryForm(formdata=None, obj=observance),
        default_wording=ANNIVERSARY,
        problem=problem,
    )


def _theme_form(observance: Observance) -> ThemeForm:
    text = request.args.get("nam", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else today().year
    theme = observance.theme_in(year)
    if theme is None:
        return ThemeForm(formdata=None, year=year)
    return ThemeForm(formdata=None, year=year, theme=theme.theme_vi, slogans="\n".join(theme.slogans), source=theme.source)


def _observance_form(session: Session, **values: Any) -> ObservanceForm:
    form = ObservanceForm(**values)
    outer = own_observances.all_observances(session)
    form.inside.choices = [SelectChoice(_NONE, _("none")), *(SelectChoice(o.key, title(o)) for o in outer if o.enabled)]
    form.like.choices = [SelectChoice(_NONE, _("no checklist: only in the calendar")), *_templates(session)]
    return form


def _templates(session: Session) -> list[SelectChoice]:
    return [SelectChoice(t.key, title(t)) for t in session.scalars(select(Template).order_by(Template.position, Template.id))]
