"""The working calendar, for officers: enter the yearly decision in fields or as text, see
what moves, then apply it.

Fields become sentences and go the same way as pasted text, so that there is one reader and the
person sees what was understood.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.provisional import provisional_items
from events.checklist.history import Stamp
from events.days.decision_text import ReadDay, ReadText, read_decision
from events.days.recurrence import check_year
from events.days.workdays import DecisionStatus
from events.errors import N_, ConflictError, DomainError, InvalidInputError, YearOutOfRangeError
from events.replanning.days_off import (
    HolidayFact,
    YearDecision,
    apply_decision,
    apply_holiday,
    decided_days,
    decisions,
    preview_decision,
    preview_holiday,
    proposed_holidays,
)
from events.words.language import say
from events.words.texts import nfc
from web.campaigns.differences import Words
from web.kit.context import get_calendar, get_session, now, signed_in_person, today, writing
from web.kit.entries import day_of, id_of
from web.kit.language import current
from web.kit.language import gettext as _

bp = Blueprint("decisions", __name__, url_prefix="/lich-lam-viec")

_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422
_STATUS: dict[type, int] = {ConflictError: _CONFLICT, InvalidInputError: _UNPROCESSABLE}
_GUESSED_SHOWN = 20
_LONGEST_TEXT = 20_000
# of a year that is over: an example that somebody could take for this year's would be entered
_AN_EXAMPLE = "Nghỉ Tết từ ngày 10/02/2021 đến hết ngày 16/02/2021"
_YEARS_SHOWN = 3
_LOOK_AHEAD = 10  # years, in which the first without a decision is looked for
# with one of these a decision may come without any text
_LISTED = {"listed", "replaces", "tet_decided"}


@dataclass(frozen=True, slots=True)
class Entered:
    """What was typed, kept to be shown again.

    ``ticked`` is None and ``drops`` empty until the days they are about were listed.
    """

    year: int
    text: str
    source: str
    ticked: frozenset[str] | None
    replaces: bool | None = None
    is_tet_decided: bool = False
    drops: Mapping[date, bool] = field(default_factory=dict)

    def read(self) -> ReadText:
        return read_decision(self.text, self.year)

    def is_ticked(self, day: ReadDay) -> bool:
        return self.ticked is None or day.day.isoformat() in self.ticked

    def decision(self, read: ReadText) -> YearDecision:
        days = tuple(day.decision for day in read.days if self.is_ticked(day))
        return YearDecision(
            self.year,
            days,
            self.text,
            self.source or None,
            self.replaces,
            self.is_tet_decided,
            self.drops,
        )


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show which years are decided, the days that were, the proposed holidays, and the form."""
    return _index()


@bp.post("/xem-truoc")
def preview() -> ResponseReturnValue:
    """Show what was read and every item that would move. Writes nothing."""
    try:
        entered = _entered()
    except (InvalidInputError, YearOutOfRangeError) as error:
        return _index(error), _UNPROCESSABLE
    return _preview(entered)


@bp.post("/ap-dung")
def apply() -> ResponseReturnValue:
    """Apply what the preview showed; if something changed since, show the preview again."""
    entered = _entered()
    decision = entered.decision(entered.read())
    expected = request.form.get("fingerprint", "")
    try:
        with writing() as session:
            stamp = Stamp(signed_in_person(), now())
            done = apply_decision(session, decision, stamp=stamp, expected_fingerprint=expected)
            session.commit()
    except ConflictError as error:
        return _preview(entered, error)
    except InvalidInputError:
        return _preview(entered)
    flash(
        _(
            "The decision for %(year)s applies. Items moved: %(count)s.",
            year=decision.year,
            count=len(done.moved),
        ),
        "success",
    )
    return redirect(url_for(".index"), 303)


@bp.post("/ngay-du-kien")
def holiday() -> ResponseReturnValue:
    """Record a fact of a proposed holiday, that it is law or is made up for, or that it is not: the
    preview first, then, with its fingerprint, the change.
    """
    form = request.form
    is_dropped = form.get("status") == "dropped"
    fact = HolidayFact(
        form.get("name", ""),
        DecisionStatus.DROPPED if is_dropped else DecisionStatus.ENACTED,
        is_compensation="compensation" in form,
    )
    expected = form.get("fingerprint")
    if expected is None:
        return _holiday_preview(fact)
    try:
        with writing() as session:
            done = apply_holiday(
                session,
                fact,
                stamp=Stamp(signed_in_person(), now()),
                source=form.get("source", "")[:500],
                expected_fingerprint=expected,
            )
            session.commit()
    except ConflictError as error:
        return _holiday_preview(fact, error), _CONFLICT
    flash(
        _("Recorded: %(name)s. Items moved: %(count)s.", name=fact.name, count=len(done.moved)),
        "success",
    )
    return redirect(url_for(".index"), 303)


def _index(error: DomainError | None = None) -> str:
    session, year = get_session(), today().year
    calendar = get_calendar()
    first, last = date(year, 1, 1), date(year + _YEARS_SHOWN - 1, 12, 31)
    guessed = provisional_items(session, calendar, today())
    return render_template(
        "decisions/index.html",
        example=_AN_EXAMPLE,
        error=say(error, current()) if error else None,
        typed=request.form,
        next_year=next(
            (one for one in range(year, year + _LOOK_AHEAD) if not calendar.is_decided(one)),
            year + 1,
        ),
        years=[(one, calendar.is_decided(one)) for one in range(year, year + _YEARS_SHOWN)],
        guessed=guessed[:_GUESSED_SHOWN],
        guesses=len(guessed),
        days=decided_days(session, first, last),
        holidays=proposed_holidays(session),
        entered=decisions(session),
    )


def _preview(entered: Entered, error: DomainError | None = None) -> ResponseReturnValue:
    """Show what was read and what it does; days that cannot be are said above what was read."""
    session, read, found = get_session(), entered.read(), None
    try:
        found = preview_decision(session, entered.decision(read))
    except InvalidInputError as problem:
        error = problem
    page = render_template(
        "decisions/preview.html",
        error=say(error, current()) if error else None,
        entered=entered,
        read=read,
        other_years=sorted(read.years) if entered.year not in read.years else [],
        found=found,
        months=found.months() if found else [],
        words=Words.load(session),
    )
    session.rollback()
    return page, _STATUS.get(type(error), _OK)


def _holiday_preview(fact: HolidayFact, error: DomainError | None = None) -> str:
    session = get_session()
    found = preview_holiday(session, fact)
    return render_template(
        "decisions/holiday.html",
        error=say(error, current()) if error else None,
        fact=fact,
        source=request.form.get("source", ""),
        found=found,
        words=Words.load(session),
    )


def _entered() -> Entered:
    """Return what was typed.

    Raises ``InvalidInputError`` for a year, a date or a text that cannot be used.
    """
    form = request.form
    typed = nfc(form.get("year", ""))
    if (year := id_of(typed)) is None:
        raise InvalidInputError(N_("“%(year)s” is not a year."), year=typed[:20])
    check_year(year)
    text = "\n".join(part for part in (nfc(form.get("text", "")), *_sentences()) if part)
    if not (text or _LISTED & form.keys()):
        raise InvalidInputError(N_("Please fill in the days, or paste the text of the decision."))
    if len(text) > _LONGEST_TEXT:
        raise InvalidInputError(
            N_("The text is too long; please paste only the sentences about days off.")
        )
    ticked = frozenset(form.getlist("day")) if "listed" in form else None
    drops = {
        day: iso in form.getlist("gone") for iso in form.getlist("earlier") if (day := day_of(iso))
    }
    source = nfc(form.get("source", ""))[:500]
    replaces, tet_decided = "replaces" in form or None, "tet_decided" in form
    return Entered(year, text.replace("\r\n", "\n"), source, ticked, replaces, tet_decided, drops)


def _sentences() -> list[str]:
    """Return the fields as the sentences of a decision."""
    found = []
    for first, second, sentence in (
        ("tet_first", "tet_last", "Nghỉ Tết từ ngày {:%d/%m/%Y} đến hết ngày {:%d/%m/%Y}"),
        ("swap_off", "swap_on", "Hoán đổi ngày làm việc từ ngày {:%d/%m/%Y} sang ngày {:%d/%m/%Y}"),
        ("more_first", "more_last", "Nghỉ từ ngày {:%d/%m/%Y} đến hết ngày {:%d/%m/%Y}"),
    ):
        days = day_of(request.form.get(first, "")), day_of(request.form.get(second, ""))
        if days[0] and days[1]:
            found.append(sentence.format(*days))
        elif days[0] or days[1]:
            raise InvalidInputError(N_("Please fill in both days, or neither."))
    return found
