"""Calendars of this and of other projects: do they keep the rules that clients need?"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from events.calendars.check.over_http import MOST_READ, check_address
from events.calendars.check.rules import Breach
from events.calendars.check.versions import between
from events.calendars.check.whole import check, events_in
from events.calendars.refusals import CalendarRefusedError, Refused
from events.errors import N_, CannotRunError
from events.words.language import LANGUAGES
from scheduler.commands import NewService, pass_service
from scheduler.commands.campaigns import feed
from scheduler.config import ConfigError
from scheduler.console import Voice, complain, out, tell
from scheduler.refusals import USAGE, FileTroubleError
from scheduler.service import utc_now

_SHOWN = 10  # breaches of one rule; a file with other line ends would fill the screen
_ADDRESSES = ("http://", "https://", "webcal://")


@feed.command("check")
@click.argument("source", metavar="FILE|URL")
@click.option(
    "--previous",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An earlier version; asks also what holds between the two.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is for programs; its keys stay.",
)
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: as configured.")
@pass_service
def check_(
    new_service: NewService, source: str, previous: Path | None, style: str, language: str | None
) -> None:
    """Say which rules of docs/feed-check.md a calendar breaks, and for whom.

    Exit code 0 when all hold, 1 when one is broken, 2 when there is no calendar to read.

    \b
    sumvay feed check lich.ics --previous lich-hom-qua.ics
    sumvay feed check https://example.org/lich/le-hoi.ics --format json
    """
    Voice.language = language or _configured(new_service)
    try:
        report = _report(source, previous)
    except (CalendarRefusedError, CannotRunError) as error:
        complain(error)
        sys.exit(USAGE)
    if style == "json":
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _show(report)
    sys.exit(1 if report.breaches else 0)


COMMANDS = [feed]  # the group of `feed write`


@dataclass(frozen=True, slots=True)
class _Report:
    source: str
    body: bytes
    breaches: list[Breach]


def _configured(new_service: NewService) -> str:
    """Return the configured language; whoever checks a calendar of another project has none."""
    try:
        return new_service().settings.web.language
    except ConfigError:
        return Voice.language


def _report(source: str, previous: Path | None) -> _Report:
    now, found = utc_now(), list[Breach]()
    if source.startswith(_ADDRESSES):
        body, found = check_address(source.replace("webcal:", "https:", 1), now=now)
    else:
        body = _read(Path(source))
    found += check(body)
    if previous is not None:
        found += between(_read(previous), body, now=now)
    return _Report(source, body, found)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            body = opened.read(MOST_READ + 1)
    except OSError as error:
        raise FileTroubleError(file=str(file), reason=error.strerror or str(error)) from error
    if len(body) > MOST_READ:
        raise CalendarRefusedError(Refused.TOO_LARGE, size=MOST_READ // 1024**2)
    return body


def _show(report: _Report) -> None:
    for line in _lines(report.source, report.breaches):
        out.print(line, markup=False, soft_wrap=True)
    facts = {"count": len(report.breaches), "events": len(events_in(report.body))}
    if report.breaches:
        tell(N_("%(count)s breaches in %(events)s events."), **facts)
    else:
        tell(N_("All rules hold for %(events)s events."), **facts)


def _lines(source: str, breaches: Iterable[Breach]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for one in breaches:
        seen[one.rule.key] += 1
        if seen[one.rule.key] <= _SHOWN:
            yield _line(source, one)
    for key, count in seen.items():
        if count > _SHOWN:
            yield f"… {key}: +{count - _SHOWN}"


def _line(source: str, one: Breach) -> str:
    place = source if one.line is None else f"{source}:{one.line}"
    uid = f" UID {one.uid}" if one.uid else ""
    clients = ", ".join(one.broken(Voice.language))
    return f"{place}: {one.rule.key}:{uid} {one.words(Voice.language)} ({clients})"


def _as_json(report: _Report) -> dict[str, object]:
    return {
        "source": report.source,
        "octets": len(report.body),
        "events": len(events_in(report.body)),
        "breaches": [
            {
                "rule": one.rule.key,
                "line": one.line,
                "uid": one.uid,
                "message": one.words(Voice.language),
                "clients": one.broken(Voice.language),
            }
            for one in report.breaches
        ],
    }
