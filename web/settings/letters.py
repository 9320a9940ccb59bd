"""The ministry's letter, for officers: pasted once, shown as it was read, stored for every
observance that it speaks of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from events.database.sessions import Session
from events.errors import N_, ChangedMeanwhileError, DomainError, InvalidInputError
from events.models import Observance, Person, Theme
from events.observances import own, yearly_themes
from events.observances.letters import Announcement, understand
from events.observances.yearly_themes import Letter
from web.kit.context import get_session, today
from web.kit.fields import DateField, IntegerField
from web.kit.forms import ChangingForm, Form, said, send
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("letters", __name__, url_prefix="/ngay-ky-niem/cong-van")

_UNPROCESSABLE = 422


class LetterForm(Form):
    """What holds for everything in a letter."""

    year = IntegerField(_l("Year"), [InputRequired(_l("Please enter the year."))])
    number = StringField(_l("Number of the letter"))
    dated = DateField(_l("Date of the letter"), [Optional()])
    issuer = StringField(_l("Who issued it"))
    is_second_hand = BooleanField(
        _l("Known from papers of others: the ministry's letter was not seen")
    )

    @property
    def letter(self) -> Letter:
        return Letter(
            self.number.data or "",
            self.dated.data,
            self.issuer.data or "",
            is_seen=not self.is_second_hand.data,
        )


class ReadForm(ChangingForm):
    """What a letter says of one observance."""

    wanted = BooleanField(_l("Store this"))
    theme = StringField(_l("Theme"))
    slogans = TextAreaField(_l("Slogans"), description=_l("One a line."), render_kw={"rows": 8})


@dataclass(frozen=True, slots=True)
class Row:
    """One observance of a letter, with the fields in which what was read is corrected."""

    observance: Observance
    form: ReadForm
    known: Theme | None


@bp.get("")
def paste() -> ResponseReturnValue:
    """Show where a letter is pasted."""
    return _paste_page()


@bp.post("")
def preview() -> ResponseReturnValue:
    """Show what was read in a letter. Writes nothing."""
    session, text, slug = get_session(), request.form.get("text", ""), request.form.get("ngay")
    otherwise = own.find_observance(session, slug) if slug else None
    try:
        found = understand(session, text, otherwise=otherwise, this_year=today().year)
    except InvalidInputError as error:
        return _paste_page(otherwise, error), _UNPROCESSABLE
    if not found.proposed:
        nothing = InvalidInputError(
            N_("No theme and no slogan of an observance that is kept here was found in this text.")
        )
        return _paste_page(otherwise, nothing), _UNPROCESSABLE
    return _preview_page(_letter_form(found), _rows(found))


@bp.post("/luu")
def store() -> ResponseReturnValue:
    """Store what was read, as it was corrected."""
    form = LetterForm()
    rows = _sent_rows(get_session(), form.year.data)
    if not form.validate():
        return _preview_page(form, rows), 400

    def use(session: Session, person: Person, at: datetime) -> list[Row]:
        return _announce(session, form, rows, person, at)

    def sentence(stored: list[Row]) -> str:
        return _(
            "Themes of %(year)s that are stored: %(count)s. Drafts follow them, issued documents "
            "do not.",
            year=form.year.data,
            count=len(stored),
        )

    def done(stored: list[Row]) -> str:
        if len(stored) > 1:
            return url_for("keeping.index")
        return url_for("keeping.edit", slug=stored[0].observance.slug, nam=form.year.data)

    def again(_person: Person, error: DomainError) -> str:
        return _preview_page(form, rows, error)

    return send(use, done, sentence, again)


def _announce(
    session: Session, form: LetterForm, rows: Sequence[Row], by: Person, at: datetime
) -> list[Row]:
    """Announce what is ticked, and return it. Raises ``InvalidInputError`` if nothing is."""
    wanted = [row for row in rows if row.form.wanted.data]
    if not wanted:
        raise InvalidInputError(N_("Please tick at least one observance."))
    for row in wanted:
        theme, slogans = row.form.theme.data or "", (row.form.slogans.data or "").splitlines()
        how: dict[str, Any] = {"letter": form.letter, "shown": row.form.shown.data or None}
        try:
            yearly_themes.announce_theme(
                session, row.observance, form.year.data, theme, slogans, **how, by=by, now=at
            )
        except ChangedMeanwhileError as error:
            row.form.shown.data = error.now_shown
            raise
    return wanted


def _paste_page(otherwise: Observance | None = None, error: DomainError | None = None) -> str:
    return render_template(
        "letters/paste.html",
        observance=otherwise,
        text=request.form.get("text", ""),
        problem=said(error),
    )


def _preview_page(form: LetterForm, rows: Sequence[Row], error: DomainError | None = None) -> str:
    return render_template("letters/preview.html", form=form, rows=rows, problem=said(error))


def _letter_form(found: Announcement) -> LetterForm:
    letter = found.letter
    return LetterForm(
        formdata=None,
        year=found.year,
        number=letter.number,
        dated=letter.dated,
        issuer=letter.issuer,
    )


def _rows(found: Announcement) -> list[Row]:
    return [
        Row(
            one.observance,
            ReadForm(
                formdata=None,
                prefix=one.observance.slug,
                meta={"csrf": False},
                wanted=bool(one.theme),
                theme=one.theme,
                slogans="\n".join(one.slogans),
                shown=yearly_themes.theme_shown(one.observance, found.year),
            ),
            one.known,
        )
        for one in found.proposed
    ]


def _sent_rows(session: Session, year: int | None) -> list[Row]:
    """Return what was sent back, with one token for all of it."""
    rows = []
    for slug in dict.fromkeys(request.form.getlist("ngay")):
        observance = own.find_observance(session, slug)
        known = observance.theme_in(year) if year else None
        rows.append(Row(observance, ReadForm(prefix=slug, meta={"csrf": False}), known))
    return rows
