"""What this province keeps, for officers: observances on and off, their themes, legal bases,
anniversaries and checklists.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from events.campaigns import other_kinds
from events.campaigns.opening import open_campaigns
from events.database.sessions import Session
from events.models import Observance, ObservanceStatus, Person, Template
from events.models.observances import ANNIVERSARY
from events.observances import legal_bases, own, yearly_themes
from events.observances.legal_bases import NewBasis
from events.observances.yearly_themes import Letter
from events.templates.editing import all_templates, template_of
from web.campaigns.late import ask_about_late
from web.kit.addresses import safe_next
from web.kit.context import get_calendar, get_session, now, signed_in_person, today, writing
from web.kit.entries import id_of
from web.kit.fields import DateField, IntegerField, SelectField
from web.kit.forms import ChangingForm, Form, send_form, wanted_state
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title

bp = Blueprint("keeping", __name__, url_prefix="/ngay-ky-niem")

STATUS = {
    ObservanceStatus.CORE: _l("named in the plan"),
    ObservanceStatus.LINKED: _l("run together with one of the plan"),
    ObservanceStatus.OPTIONAL: _l("example to switch on"),
    ObservanceStatus.OWN: _l("made here"),
}


class ThemeForm(ChangingForm):
    """The theme of one year."""

    year = IntegerField(_l("Year"), [InputRequired(_l("Please enter the year."))])
    theme = StringField(_l("Theme"), [InputRequired(_l("Please enter the theme."))])
    slogans = TextAreaField(_l("Slogans"), description=_l("One a line."), render_kw={"rows": 4})
    letter_number = StringField(_l("Number of the letter"))
    letter_date = DateField(_l("Date of the letter"), [Optional()])
    letter_issuer = StringField(_l("Who issued it"))
    source = StringField(_l("Source"), description=_l("Where it was read."))
    is_second_hand = BooleanField(
        _l("Known from papers of others: the ministry's letter was not seen")
    )

    @property
    def letter(self) -> Letter:
        return Letter(
            self.letter_number.data or "",
            self.letter_date.data,
            self.letter_issuer.data or "",
            is_seen=not self.is_second_hand.data,
        )


class AnniversaryForm(ChangingForm):
    """How anniversaries are counted and put."""

    base_year = IntegerField(
        _l("Anniversaries count from"),
        [Optional()],
        description=_l("A year; empty when they are not counted."),
    )
    anniversary = StringField(
        _l("Wording of anniversaries"),
        description=_l("N stands for the number. Empty: “Kỷ niệm N năm”."),
    )


class BasisForm(ChangingForm):
    """A paper that an observance rests on for a time."""

    kind = StringField(
        _l("Kind of paper"), [InputRequired(_l("Please enter what kind of paper it is."))]
    )
    number = StringField(
        _l("Number of the paper"), [InputRequired(_l("Please enter the number of the paper."))]
    )
    dated = DateField(_l("Date of the paper"), [Optional()])
    title = StringField(_l("Title of the paper"))
    from_year = IntegerField(
        _l("First year"), [Optional()], description=_l("Empty: it was always in force.")
    )
    to_year = IntegerField(
        _l("Last year"), [Optional()], description=_l("Empty: it is in force until further notice.")
    )

    @property
    def wanted(self) -> NewBasis:
        return NewBasis(
            self.kind.data,
            self.number.data,
            self.dated.data,
            self.title.data or "",
            self.from_year.data,
            self.to_year.data,
        )


class ChecklistForm(Form):
    """Whose items an observance takes over."""

    like = SelectField(
        _l("Checklist"), description=_l("Copied once; changed afterwards as any template.")
    )


@bp.get("/")
def index() -> ResponseReturnValue:
    """List observances and kinds with their switches."""
    session = get_session()
    return render_template(
        "keeping/index.html",
        observances=own.all_observances(session),
        status=STATUS,
        kinds=other_kinds.kinds(session),
    )


@bp.post("/<slug>/bat-tat")
def switch(slug: str) -> ResponseReturnValue:
    """Keep an observance, or keep it no longer."""
    session = get_session()
    observance = own.find_observance(session, slug)
    back = safe_next(request.form.get("back"), url_for(".index"))
    if wanted_state():
        late = ask_about_late(lambda: _keep(session, observance), back)
        if late is not None:
            return late
    with writing() as session:
        own.switch_observance(
            session, observance, enabled=wanted_state(), by=signed_in_person(), now=now()
        )
        session.commit()
    kept = _("“%(title)s” is kept from now on.", title=title(observance))
    flash(
        kept
        if observance.enabled
        else _("“%(title)s” is no longer kept.", title=title(observance)),
        "success",
    )
    return redirect(back, 303)


@bp.get("/<slug>/sua")
def edit(slug: str) -> ResponseReturnValue:
    """Show the themes and legal bases of an observance and how its anniversaries are put; ``?nam=``
    fills in that year's theme, ``?so=`` the paper with that number.
    """
    return _edit_page(own.find_observance(get_session(), slug))


@bp.post("/<slug>/chu-de")
def announce(slug: str) -> ResponseReturnValue:
    """Store a year's theme and slogans."""
    session = get_session()
    observance = own.find_observance(session, slug)
    form = ThemeForm()

    def use(session: Session, person: Person, at: datetime) -> None:
        year, theme, slogans = (
            form.year.data,
            form.theme.data,
            (form.slogans.data or "").splitlines(),
        )
        known: dict[str, Any] = {"source": form.source.data or "", "letter": form.letter}
        yearly_themes.announce_theme(
            session,
            observance,
            year,
            theme,
            slogans,
            **known,
            shown=form.shown.data or None,
            by=person,
            now=at,
        )

    sentence = _(
        "The theme of %(year)s is stored. Drafts follow it, issued documents do not.",
        year=form.year.data,
    )
    return send_form(
        form,
        use,
        address_of(observance),
        sentence,
        lambda problem: _edit_page(observance, theme_form=form, problem=problem),
    )


@bp.post("/<slug>/chu-de/bo")
def withdraw(slug: str) -> ResponseReturnValue:
    """Take the theme of a wrong year away."""
    session = get_session()
    observance, year = own.find_observance(session, slug), id_of(request.form.get("year", "")) or 0
    with writing() as session:
        yearly_themes.withdraw_theme(session, observance, year, by=signed_in_person(), now=now())
        session.commit()
    flash(
        _(
            "The theme of %(year)s was taken away. Drafts follow, issued documents do not.",
            year=year,
        ),
        "success",
    )
    return redirect(url_for(".edit", slug=slug), 303)


@bp.post("/<slug>/can-cu")
def keep_basis(slug: str) -> ResponseReturnValue:
    """Store a paper that the observance rests on, or correct the years of one."""
    session = get_session()
    observance = own.find_observance(session, slug)
    form = BasisForm()

    def use(session: Session, person: Person, at: datetime) -> None:
        shown = form.shown.data or None
        legal_bases.keep_basis(session, observance, form.wanted, shown=shown, by=person, now=at)

    return send_form(
        form,
        use,
        url_for(".edit", slug=slug, _anchor="can-cu"),
        _("Stored. Calendars, pages and drafts of those years name it; issued documents stay."),
        lambda problem: _edit_page(observance, basis_form=form, problem=problem),
    )


@bp.post("/<slug>/can-cu/bo")
def drop_basis(slug: str) -> ResponseReturnValue:
    """Take a paper away that was entered by mistake."""
    session = get_session()
    observance = own.find_observance(session, slug)
    number = request.form.get("number", "")
    with writing() as session:
        legal_bases.drop_basis(session, observance, number, by=signed_in_person(), now=now())
        session.commit()
    flash(_("%(number)s was taken away.", number=number), "success")
    return redirect(url_for(".edit", slug=slug, _anchor="can-cu"), 303)


@bp.post("/<slug>/ky-niem")
def number(slug: str) -> ResponseReturnValue:
    """Store how anniversaries are counted and put."""
    session = get_session()
    observance = own.find_observance(session, slug)
    form = AnniversaryForm()

    def use(session: Session, person: Person, at: datetime) -> None:
        wording, shown = form.anniversary.data or "", form.shown.data or None
        yearly_themes.number_anniversaries(
            session, observance, form.base_year.data, wording, shown=shown, by=person, now=at
        )

    def again(problem: str | None) -> str:
        return _edit_page(observance, anniversary_form=form, problem=problem)

    return send_form(form, use, address_of(observance), _("Stored."), again)


@bp.post("/<slug>/danh-muc")
def give_checklist(slug: str) -> ResponseReturnValue:
    """Let an observance open campaigns, with the items of a template."""
    session = get_session()
    observance = own.find_observance(session, slug)
    form = ChecklistForm()
    form.like.choices = checklists_to_copy(session)

    def use(session: Session, person: Person, at: datetime) -> Template:
        like = other_kinds.get_kind(session, form.like.data)
        return own.give_checklist(session, observance, like, by=person, now=at)

    def address(template: Template) -> str:
        return url_for("templates.show", key=template.key)

    late = ask_about_late(
        lambda: open_after(lambda by: use(session, by, now())), address_of(observance)
    )
    if late is not None:
        return late
    sentence = _("“%(title)s” opens its campaigns from now on.", title=title(observance))
    return send_form(
        form, use, address, sentence, lambda problem: _edit_page(observance, problem=problem)
    )


def open_after(act: Callable[[Person], object]) -> None:
    """Do something and open what opens by it, as the clock will; for a look at what is late."""
    act(signed_in_person())
    open_campaigns(get_session(), now=now(), calendar=get_calendar())


def _keep(session: Session, observance: Observance) -> None:
    own.switch_observance(session, observance, enabled=True, by=signed_in_person(), now=now())
    open_campaigns(session, now=now(), calendar=get_calendar())


def address_of(observance: Observance) -> str:
    return url_for("keeping.edit", slug=observance.slug)


def checklists_to_copy(session: Session) -> list[SelectChoice]:
    """Return the templates as choices."""
    return [SelectChoice(template.key, title(template)) for template in all_templates(session)]


def _edit_page(
    observance: Observance,
    theme_form: ThemeForm | None = None,
    anniversary_form: AnniversaryForm | None = None,
    basis_form: BasisForm | None = None,
    problem: str | None = None,
) -> str:
    session = get_session()
    template = template_of(session, observance)
    checklist_form = ChecklistForm(formdata=None)
    checklist_form.like.choices = checklists_to_copy(session)
    return render_template(
        "keeping/edit.html",
        observance=observance,
        template=template,
        checklist_form=checklist_form,
        themes=sorted(observance.themes, key=lambda theme: -theme.year),
        theme_form=theme_form or _theme_form(observance),
        anniversary_form=anniversary_form or _anniversary_form(observance),
        basis_form=basis_form or _basis_form(observance),
        this_year=today().year,
        default_wording=ANNIVERSARY,
        problem=problem,
    )


def _theme_form(observance: Observance) -> ThemeForm:
    year = id_of(request.args.get("nam", "")) or today().year
    theme, blank = (
        observance.theme_in(year),
        {"year": year, "shown": yearly_themes.theme_shown(observance, year)},
    )
    if theme is None:
        return ThemeForm(formdata=None, **blank)
    return ThemeForm(
        formdata=None,
        **blank,
        theme=theme.theme_vi,
        slogans="\n".join(theme.slogans),
        source=theme.source,
        letter_number=theme.letter_number,
        letter_date=theme.letter_date,
        letter_issuer=theme.letter_issuer,
        is_second_hand=theme.is_second_hand,
    )


def _basis_form(observance: Observance) -> BasisForm:
    number = request.args.get("so", "")
    known = next((basis for basis in observance.bases if basis.number == number), None)
    shown = legal_bases.basis_shown(observance, number if known else "")
    return BasisForm(formdata=None, obj=known, shown=shown)


def _anniversary_form(observance: Observance) -> AnniversaryForm:
    return AnniversaryForm(
        formdata=None, obj=observance, shown=yearly_themes.numbering_shown(observance)
    )
