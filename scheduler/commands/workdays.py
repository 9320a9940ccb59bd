"""The working calendar: calendar decide."""

import json
import sys
from datetime import date
from typing import BinaryIO

import click

from events.catalog.reading import SHIPPED, read_catalog
from events.checklist.history import Stamp
from events.database.sessions import SessionFactory
from events.days.decision_text import ReadText, read_decision
from events.days.months import MonthDay
from events.days.recurrence import check_year
from events.days.workdays import Decision
from events.errors import N_
from events.installation import day_here
from events.models.history import Door
from events.replanning.days_off import YearDecision, YearPreview, apply_decision, preview_decision
from events.replanning.preview import Fate, Group, Lateness
from events.words.language import in_words
from events.words.texts import decoded
from scheduler import migrate
from scheduler.commands import NewService, pass_service
from scheduler.console import Voice, _, out, show_table, tell
from scheduler.memory import copy_of_catalog
from scheduler.service import Service, utc_now

_LATE = {
    Lateness.AT_ONCE: N_(
        "%(count)s items will be overdue at once, because their new day has passed."
    ),
    Lateness.MORE_DAYS: N_("%(count)s items that are overdue already will be so by more days."),
}
_WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")  # as Vietnamese calendars print them
_BETWEEN = "   "  # two months that stand side by side
_NOT_APPLIED = 2  # exit code, so that no script takes what was only shown for done


@click.group()
def calendar() -> None:
    """The working calendar: decisions on Tết and swap days."""


@calendar.command("decide")
@click.argument("file", type=click.File("rb"))
@click.option("--year", type=int, required=True, help="The year the decision is for.")
@click.option("--source", help="Number and date of the paper.")
@click.option(
    "--replace/--keep",
    default=None,
    help="Whether it takes the place of the days entered before; with a Tết break it does.",
)
@click.option(
    "--tet-decided",
    is_flag=True,
    help="The Tết break is decided as guessed, though the text names none.",
)
@click.option("--preview", is_flag=True, help="Say what would move and change nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json: print what was read, for a preview.",
)
@click.option("--yes", is_flag=True, help="Apply it without asking.")
@pass_service
@click.pass_context
def decide(
    context: click.Context,
    new_service: NewService,
    file: BinaryIO,
    year: int,
    source: str | None,
    replace: bool | None,
    tet_decided: bool,
    preview: bool,
    form: str,
    yes: bool,
) -> None:
    """Read a decision from a text file (- for standard input), show what moves, and apply it when
    you agree.

    Where nobody can be asked it only shows, and ends with exit code 2; --yes applies it.

    \b
    sumvay calendar decide quyet-dinh.txt --year 2027 --yes
    sumvay calendar decide quyet-dinh.txt --year 2027 --preview --format json
    """
    check_year(year)
    if form == "json" and not preview:
        raise click.UsageError(_("--format json goes with --preview."))
    text = decoded(file.read())
    read = read_decision(text, year)
    days = tuple(day.decision for day in read.days)
    service = new_service()
    decision = YearDecision(year, days, text, source, replace, tet_decided)
    if form == "json":
        if days:
            _refuse_what_cannot_be(_sessions(service, preview), decision)
        click.echo(json.dumps(_as_json(read), ensure_ascii=False))
        return
    _tell_read(read, year)
    with _sessions(service, preview)() as session:
        found = preview_decision(session, decision)
        _show(found, day_here(session, utc_now()))
        session.rollback()
        if preview or not (yes or _agrees()):
            tell(N_("This was a preview: nothing was changed."))
            context.exit(0 if preview or sys.stdin.isatty() else _NOT_APPLIED)
        mark = found.fingerprint
        done = apply_decision(
            session, decision, stamp=Stamp(None, utc_now(), Door.COMMAND), expected_fingerprint=mark
        )
        session.commit()
    tell(
        N_("The decision for %(year)s applies. Items moved: %(count)s."),
        year=year,
        count=len(done.moved),
    )


def _sessions(service: Service, preview: bool) -> SessionFactory:
    """Return the sessions of the database; to look before there is one, of the catalogue alone.

    Raises ``CannotRunError`` for a database that is not ready.
    """
    if preview and not service.has_database:
        catalog = read_catalog(service.settings.events.catalog or SHIPPED)
        return copy_of_catalog(catalog, utc_now(), service.settings.installation)
    migrate.require_current(service.engine)
    return service.session_factory


def _refuse_what_cannot_be(sessions: SessionFactory, decision: YearDecision) -> None:
    with sessions() as session:
        preview_decision(session, decision)
        session.rollback()


def _as_json(read: ReadText) -> dict[str, list[str]]:
    """Return what was read as other programs take it: ISO dates, and lines as they stand."""
    return {
        "off": [day.day.isoformat() for day in read.days if day.off],
        "work": [day.day.isoformat() for day in read.days if not day.off],
        "unread": list(read.unread),
        "doubtful": [day.day.isoformat() for day in read.days if day.doubtful],
    }


def _tell_read(read: ReadText, year: int) -> None:
    """Say what was read and what was not."""
    for line in read.unread:
        tell(N_("Not understood: %(line)s"), line=line)
    if read.years and year not in read.years:
        years = ", ".join(map(str, sorted(read.years)))
        tell(
            N_(
                "The text names dates of %(years)s, and the decision is entered for %(year)s. "
                "Please check the year."
            ),
            years=years,
            year=year,
        )
    for day in read.days:
        _tell_day(day.decision)
        for doubt in sorted(day.doubts):
            why = doubt.words(Voice.language)
            tell(N_("Doubtful: %(why)s %(line)s"), why=why, line=day.line)


def _tell_day(day: Decision) -> None:
    sentence = (
        N_("Closed: %(day)s %(reason)s") if day.off else N_("Working day: %(day)s %(reason)s")
    )
    tell(sentence, day=f"{day.day:%d/%m/%Y}", reason=day.reason.words(Voice.language))


def _agrees() -> bool:
    """Ask on the terminal; where nobody sits there the answer is no."""
    if not sys.stdin.isatty():
        tell(N_("Nobody can be asked here. Please run it again with --yes to apply it."))
        return False
    return click.confirm(_("Apply the decision?"))


def _show(found: YearPreview, today: date) -> None:
    """Show what changes as the page does: the same change in many units in one row."""
    for day in found.days:
        if day.day in found.working:
            _tell_day(day)
    for day in found.earlier:
        if day.day in found.gone:
            tell(
                N_("No longer applies: %(day)s %(reason)s"),
                day=f"{day.day:%d/%m/%Y}",
                reason=day.reason.words(Voice.language),
            )
    _show_months(found)
    tell(N_("Open items whose due date moves: %(count)s."), count=len(found.moved))
    for lateness, sentence in _LATE.items():
        if count := sum(
            len(group.units) for group in found.groups(today) if group.lateness is lateness
        ):
            tell(sentence, count=count)
    columns = [_("Old due date"), _("New due date"), _("Item"), _("Units"), _("Reason")]
    for one in found.rounds:
        show_table(one.root.summary, columns, [_row(group) for group in one.groups(today)])


def _show_months(found: YearPreview) -> None:
    """Show the months that the decision touches, before beside after, days off in brackets."""
    week = "".join(f" {name} " for name in _WEEKDAYS)
    sides = f"{_('Before'):{len(week)}}{_BETWEEN}{_('After')}"
    for one in found.months():
        tell(N_("Month %(month)s, days off in brackets"), month=f"{one.month:%m/%Y}")
        lines = [sides, week + _BETWEEN + week]
        lines += [
            _week(before) + _BETWEEN + _week(after)
            for before, after in zip(one.before, one.after, strict=True)
        ]
        for line in lines:
            out.print(line.rstrip(), markup=False, soft_wrap=True)


def _week(days: list[MonthDay]) -> str:
    return "".join(map(_cell, days))


def _cell(cell: MonthDay) -> str:
    if not cell.in_month:
        return " " * 4
    return f"[{cell.day:%d}]" if cell.off else f" {cell.day:%d} "


def _row(group: Group) -> list[str]:
    old, new = ("–" if day is None else f"{day:%d/%m/%Y}" for day in (group.old_due, group.new_due))
    units = (
        group.units[0]
        if len(group.units) == 1
        else _("%(count)s units") % {"count": len(group.units)}
    )
    why = {
        Fate.KEPT_DONE: _("stays: closed already"),
        Fate.KEPT_BY_HAND: _("stays: edited by hand or begun"),
    }.get(group.fate)
    late = {Lateness.AT_ONCE: _("overdue at once"), Lateness.MORE_DAYS: _("more days overdue")}
    reason = in_words(group.reason, Voice.language)
    said = why or reason, late[group.lateness] if group.lateness else None
    return [old, new, group.summary, units, "; ".join(filter(None, said)) or "–"]


COMMANDS = [calendar]
