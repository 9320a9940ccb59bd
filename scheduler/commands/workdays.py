"""The working calendar: calendar decide."""

from typing import TextIO

import click

from events.decision_text import read_decision
from events.decisions import Preview, YearDecision, apply_decision, preview_decision
from events.errors import N_
from events.models.history import Door
from events.recurrence import check_year
from events.redating import Fate, Group
from scheduler.commands import NewService, pass_service
from scheduler.console import _, show_table, tell
from scheduler.service import utc_now


@click.group()
def calendar() -> None:
    """The working calendar: decisions on Tết and swap days."""


@calendar.command("decide")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--year", type=int, required=True, help="The year the decision is for.")
@click.option("--source", help="Number and date of the paper.")
@click.option("--preview", is_flag=True, help="Say what would move and change nothing.")
@pass_service
def decide(new_service: NewService, file: TextIO, year: int, source: str | None, preview: bool) -> None:
    """Read a decision from a text file (- for standard input), show what moves, and apply it.

    \b
    echo "nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027" | sumvay calendar decide - --year 2027
    """
    check_year(year)
    text = file.read()
    read = read_decision(text, year)
    for line in read.unread:
        tell(N_("Not understood: %(line)s"), line=line)
    for day in read.days:
        sentence = N_("Closed: %(day)s %(reason)s") if day.off else N_("Working day: %(day)s %(reason)s")
        tell(sentence, day=f"{day.day:%d/%m/%Y}", reason=day.reason)
        if day.doubtful:
            tell(N_("The weekday written there is not the date's: %(line)s"), line=day.line)
    service = new_service()
    counted = service.settings.events.count_announced
    decision = YearDecision(year, tuple(day.decision for day in read.days), text, source)
    with service.session_factory() as session:
        found = preview_decision(session, decision, count_announced=counted)
        _show(found)
        if preview:
            session.rollback()
            tell(N_("This was a preview: nothing was changed."))
            return
        who = {"by": None, "now": utc_now(), "door": Door.COMMAND, "count_announced": counted}
        done = apply_decision(session, decision, expected_fingerprint=found.fingerprint, **who)  # type: ignore[arg-type]
        session.commit()
    tell(N_("The decision for %(year)s applies. Items moved: %(count)s."), year=year, count=len(done.moved))


def _show(found: Preview) -> None:
    """Show what moves as the page does: the same change in many units in one row."""
    tell(N_("Open items that move: %(count)s."), count=len(found.moved))
    columns = [_("Old due date"), _("New due date"), _("Item"), _("Units"), _("Reason")]
    for one in found.rounds:
        show_table(one.root.summary, columns, [_row(group) for group in one.groups])


def _row(group: Group) -> list[str]:
    old, new = ("–" if day is None else f"{day:%d/%m/%Y}" for day in (group.old_due, group.new_due))
    units = group.units[0] if len(group.units) == 1 else _("%(count)s units") % {"count": len(group.units)}
    why = {Fate.KEPT_DONE: _("stays: closed already"), Fate.KEPT_BY_HAND: _("stays: edited by hand or begun")}.get(group.fate)
    return [old, new, group.summary, units, why or group.reason or "–"]


COMMANDS = [calendar]
