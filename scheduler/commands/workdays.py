"""The working calendar: calendar decide."""

from typing import TextIO

import click

from events.decision_text import read_decision
from events.decisions import YearDecision, apply_decision, fingerprint, preview_decision
from events.errors import N_
from events.models.history import Door
from events.recurrence import check_year
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
        moved = preview_decision(session, decision, count_announced=counted)
        rows = [[f"{m.old_due:%d/%m/%Y}", f"{m.new_due:%d/%m/%Y}", m.item.campaign.unit.full_name, m.item.summary] for m in moved]
        show_table(_("Open items that move"), [_("Old due date"), _("New due date"), _("Unit"), _("Item")], rows)
        if preview:
            session.rollback()
            tell(N_("This was a preview: nothing was changed."))
            return
        seen = fingerprint(moved, decision)
        who = {"by": None, "now": utc_now(), "door": Door.COMMAND, "count_announced": counted}
        done = apply_decision(session, decision, expected_fingerprint=seen, **who)  # type: ignore[arg-type]
        session.commit()
    tell(N_("The decision for %(year)s applies. Items moved: %(count)s."), year=year, count=len(done))


COMMANDS = [calendar]
