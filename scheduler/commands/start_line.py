"""The day from which the installation is followed: start-line."""

import sys
from datetime import datetime

import click

from events.checklist.history import Stamp
from events.errors import N_
from events.installation import day_here
from events.models.history import Door
from events.replanning import start_line as lines
from events.units.start_lines import newest_start_line
from scheduler.commands import DAY, NewService, pass_service
from scheduler.console import _, show_table, tell
from scheduler.service import Service, utc_now

_NOT_APPLIED = 2


@click.command("start-line")
@click.argument("day", type=DAY, required=False)
@click.option("--undo", is_flag=True, help="Take the newest start line back.")
@click.option("--preview", is_flag=True, help="Say what would leave the debts; change nothing.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@pass_service
@click.pass_context
def start_line(
    context: click.Context,
    new_service: NewService,
    day: datetime | None,
    undo: bool,
    preview: bool,
    yes: bool,
) -> None:
    """Set the day from which the installation is followed: what was due before leaves the debts.

    Shows what would leave and asks; where nobody can be asked it ends with exit code 2. Without a
    day it says which one counts.

    \b
    sumvay start-line 2026-11-30 --preview
    sumvay start-line 2026-11-30 --yes
    sumvay start-line --undo
    """
    if undo and day is not None:
        raise click.UsageError(_("Please give a day, or --undo."))
    if undo:
        _undo(new_service())
    elif day is None:
        _tell_what_counts(new_service())
    else:
        context.exit(_set(new_service(), day, preview, yes))


COMMANDS = [start_line]


def _tell_what_counts(service: Service) -> None:
    with service.session_factory() as session:
        line = newest_start_line(session)
    if line is None:
        tell(N_("There is no start line: everything is followed."))
    else:
        tell(N_("Followed from %(day)s."), day=f"{line.day:%d/%m/%Y}")


def _set(service: Service, day: datetime, preview: bool, yes: bool) -> int:
    stamp = Stamp(None, utc_now(), Door.COMMAND)
    with service.session_factory() as session:
        found = lines.preview(session, day.date(), today=day_here(session, stamp.now))
        _show(found)
        session.rollback()
        if preview or not (yes or _agrees()):
            tell(N_("This was a preview: nothing was changed."))
            return 0 if preview or sys.stdin.isatty() else _NOT_APPLIED
        mark = found.fingerprint
        lines.apply(session, day.date(), expected_fingerprint=mark, stamp=stamp)
        session.commit()
    tell(N_("Followed from %(day)s."), day=f"{found.day:%d/%m/%Y}")
    return 0


def _undo(service: Service) -> None:
    with service.session_factory.begin() as session:
        line = lines.undo(session, stamp=Stamp(None, utc_now(), Door.COMMAND))
        day = line.day
    tell(N_("The start line of %(day)s was taken back."), day=f"{day:%d/%m/%Y}")


def _show(found: lines.Preview) -> None:
    tell(
        N_("Open items that leave the debts: %(count)s, of which overdue: %(overdue)s."),
        count=found.leave,
        overdue=found.overdue,
    )
    if found.come_back:
        tell(N_("Items that are owed again: %(count)s."), count=found.come_back)
    if found.rounds:
        columns = [_("Campaign"), _("Leave the debts"), _("Overdue"), _("Owed again")]
        rows = [
            [one.campaign, str(one.leave), str(one.overdue), str(one.come_back)]
            for one in found.rounds
        ]
        show_table(_("What leaves the debts"), columns, rows)


def _agrees() -> bool:
    """Ask on the terminal; where nobody sits there the answer is no."""
    if not sys.stdin.isatty():
        tell(N_("Nobody can be asked here. Please run it again with --yes to apply it."))
        return False
    return click.confirm(_("Set this start line?"))
