"""How the service stands: a table for people, JSON for what watches it."""

import json
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from events.errors import N_
from scheduler.commands import NewService, pass_service
from scheduler.console import _, show_table
from scheduler.service import utc_now
from scheduler.status import Status, as_json, status_of
from scheduler.watch.heartbeats import Beat

_Line = tuple[str, str]


@click.command("status")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json is for programs; its keys stay.",
)
@pass_service
def status_(new_service: NewService, style: str) -> None:
    """Show rounds, items, silent units, people, mail, the next deadline and the jobs of the clock.

    \b
    sumvay status --format json
    """
    service = new_service()
    status = status_of(service, now=utc_now())
    if style == "json":
        click.echo(json.dumps(as_json(status), ensure_ascii=False, indent=1))
        return
    zone = service.settings.zone
    lines = [*_work(status), *_mail(status), *_backup(status, zone), *_jobs(status, zone)]
    title = _(N_("Status on %(day)s")) % {"day": f"{status.day:%d/%m/%Y}"}
    show_table(title, [_(N_("What")), _(N_("State"))], [[_(what), said] for what, said in lines])


COMMANDS = [status_]


def _work(status: Status) -> Iterator[_Line]:
    done, ahead = status.work.progress, status.work.next_deadline
    yield N_("Open rounds"), str(status.work.open_rounds)
    yield N_("Items expected"), str(done.expected)
    yield N_("Items done"), str(done.done)
    yield N_("Of these late"), str(done.late)
    yield N_("Items overdue"), str(done.overdue)
    yield N_("Items before the start line"), str(done.for_reference)
    yield N_("Silent units"), str(status.work.silent_units)
    yield N_("People with a post"), str(status.people)
    yield (
        N_("Next deadline"),
        _(N_("%(day)s (%(count)s items)")) % {"day": f"{ahead.day:%d/%m/%Y}", "count": ahead.items}
        if ahead
        else "–",
    )


def _mail(status: Status) -> Iterator[_Line]:
    yield N_("Mail waiting"), str(status.mail.waiting)
    yield N_("Mail failed"), str(status.mail.failed)
    yield N_("Mail held back"), str(status.mail.suppressed)
    if status.mail.paused:
        yield N_("Mail leaves"), _(N_("no: this is a copy"))


def _backup(status: Status, zone: ZoneInfo) -> Iterator[_Line]:
    yield N_("Newest backup"), _moment(status.backup, zone) if status.backup else "–"


def _jobs(status: Status, zone: ZoneInfo) -> Iterator[_Line]:
    for name, beat in status.jobs.items():
        yield _(N_("Job %(job)s last ran")) % {"job": name}, _beat(beat, zone)


def _beat(beat: Beat | None, zone: ZoneInfo) -> str:
    if beat is None:
        return _(N_("not yet"))
    at = _moment(beat.at, zone)
    return f"{at} – {beat.error}" if beat.error else at


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M}"
