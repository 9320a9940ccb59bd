"""Campaigns and calendars: catalog, open, simulate, feed."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from events.campaigns import Opened
from events.catalog import SHIPPED, read_catalog
from events.catalog_import import import_catalog
from events.database import SessionFactory, reading
from events.errors import N_
from events.feeds import all_slugs, find_feed, serve_feed
from events.kinds import get_kind, open_on
from events.localtime import local_day
from events.observances import work_calendar
from events.recurrence import check_year
from scheduler import migrate
from scheduler.commands import NewService, pass_service
from scheduler.console import _, out, progress_bar, show_table, tell
from scheduler.service import Service, utc_now
from scheduler.simulation.copies import copy_of, copy_of_catalog
from scheduler.simulation.days import simulate
from scheduler.simulation.lines import ChangeLine, ItemLine, NoticeLine, Simulation, as_json
from scheduler.surprises import SurpriseKind, surprise_from

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def catalog() -> None:
    """Check or import a catalogue of observances, templates, units and calendar decisions."""


@catalog.command("check")
@click.argument("folder", type=_FOLDER, required=False)
@pass_service
def check_catalog(new_service: NewService, folder: Path | None) -> None:
    """Check the catalogue without importing it.

    \b
    sumvay catalog check my-catalogue/
    """
    found = read_catalog(folder or new_service().settings.events.catalog or SHIPPED)
    tell(
        N_("In order: %(observances)s observances, %(templates)s templates, %(units)s units."),
        observances=len(found.observances.observance),
        templates=len(found.templates.template),
        units=len(found.units.unit),
    )


@catalog.command("import")
@click.argument("folder", type=_FOLDER, required=False)
@pass_service
def import_(new_service: NewService, folder: Path | None) -> None:
    """Import the catalogue; what people edited stays as it is."""
    service = new_service()
    found = read_catalog(folder or service.settings.events.catalog or SHIPPED)
    with service.session_factory.begin() as session:
        result = import_catalog(session, found, now=utc_now())
    tell(N_("%(added)s added, %(updated)s updated."), added=result.added, updated=result.updated)
    for kept in result.kept:
        tell(N_("Kept as edited here: %(entry)s"), entry=kept)


@click.command("open")
@click.option("--year", type=int, help="Only the campaigns of this year.")
@click.option("--template", help="Open this kind on the day given with --day.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The chosen day, such as 2027-03-10.")
@pass_service
def open_(new_service: NewService, year: int | None, template: str | None, day: datetime | None) -> None:
    """Open the campaigns whose time has come, or one kind on a chosen day. Opens nothing twice.

    \b
    sumvay open --year 2027
    sumvay open --template training_course --day 2027-03-10
    """
    if (template is None) != (day is None):
        raise click.UsageError(_("Please give both --template and --day."))
    if template and day:
        _tell_opened(_open_on(new_service(), template, day.date()))
        return
    if year is not None:
        check_year(year)
    _tell_opened(new_service().open_ahead(utc_now(), year))


@click.command("simulate")
@click.option("--year", type=int, required=True, help="The year whose campaigns are played.")
@click.option("--until", type=int, help="Play on to the end of this year.")
@click.option("--event", multiple=True, metavar="KEY=DATE", help="The main event is held on this day instead; may be repeated.")
@click.option("--late-plan", multiple=True, metavar="KEY=DATE", help="The province's plan is issued only on this day.")
@click.option("--unit", help="Only this unit and those below it (code or address name).")
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_service
def simulate_(
    new_service: NewService,
    year: int,
    until: int | None,
    event: tuple[str, ...],
    late_plan: tuple[str, ...],
    unit: str | None,
    style: str,
) -> None:
    """Play a year with a moved clock; nothing is written or sent.

    \b
    sumvay simulate --year 2021
    sumvay simulate --year 2025           units merge on 1 July: see the changes
    sumvay simulate --year 2027 --event vn_family_day=2027-06-25 --late-plan intl_happiness_day=2027-03-10
    sumvay simulate --year 2027 --unit 51-2025 --format json > 2027.json
    """
    check_year(year)
    check_year(until or year)
    if until is not None and until < year:
        raise click.BadParameter(f"{until} lies before {year}", param_hint="--until")
    surprises = [surprise_from(SurpriseKind.EVENT, text) for text in event]
    surprises += [surprise_from(SurpriseKind.LATE_PLAN, text) for text in late_plan]
    service = new_service()
    with progress_bar(N_("Playing the year")) as bar:
        played = simulate(
            _copy(service),
            year,
            until=until,
            surprises=surprises,
            unit=unit,
            rules=service.settings.notifications.rules,
            zone=service.settings.zone,
            count_announced=service.settings.events.count_announced,
            progress=bar,
        )
    if style == "json":
        click.echo(json.dumps(as_json(played), ensure_ascii=False, indent=1))
    else:
        _show(played)


@click.group()
def feed() -> None:
    """Calendar feeds."""


@feed.command("write")
@click.argument("folder", type=_FOLDER)
@click.option("--slug", multiple=True, help="Only this calendar; may be given several times.")
@pass_service
def write_feeds(new_service: NewService, folder: Path, slug: tuple[str, ...]) -> None:
    """Write the public calendars as .ics files, for a static web server or to look at.

    \b
    sumvay feed write out/ --slug ngay-gia-dinh-viet-nam
    """
    service, now = new_service(), utc_now()
    with reading(service.session_factory)() as session:
        slugs = list(slug) or all_slugs(session)
        for name in slugs:
            find_feed(session, name, local_day(now, service.settings.zone), service.settings.web.address)
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar(N_("Writing calendars")) as bar:
        for number, name in enumerate(slugs, 1):
            served = serve_feed(service.session_factory, name, now=now, public_url=service.settings.web.address)
            (folder / f"{name}.ics").write_bytes(served.body)
            bar(number, len(slugs))
    tell(N_("%(count)s calendars written to %(folder)s."), count=len(slugs), folder=folder)


COMMANDS = [catalog, open_, simulate_, feed]


def _open_on(service: Service, template: str, day: date) -> list[Opened]:
    zone, announced = service.settings.zone, service.settings.events.count_announced
    with service.session_factory.begin() as session:
        calendar = work_calendar(session, count_announced=announced)
        opened = open_on(session, get_kind(session, template), day, now=utc_now(), calendar=calendar, zone=zone)
    return [opened] if opened.campaigns else []


def _tell_opened(opened: list[Opened]) -> None:
    for result in opened:
        tell(
            N_("Opened: %(observance)s %(year)s in %(campaigns)s units, %(items)s checklist items."),
            observance=result.observance,
            year=result.year,
            campaigns=result.campaigns,
            items=result.items,
        )
    if not opened:
        tell(N_("Nothing to open."))


def _copy(service: Service) -> SessionFactory:
    """Copy the real database if there is one, else the shipped catalogue."""
    url = make_url(service.settings.database.url)  # not the engine, which would make the folder
    exists = url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
    if exists and migrate.version_of(service.engine) is migrate.Version.CURRENT:
        return copy_of(service.engine)
    return copy_of_catalog(read_catalog(service.settings.events.catalog or SHIPPED), utc_now())


def _show(played: Simulation) -> None:
    out.print()
    _show_campaigns(played)
    _show_items(played.items)
    _show_notices(played.notices)
    _show_changes(played.changes)
    for level, count in played.without_units.items():
        tell(N_("%(count)s items of level “%(level)s” go to nobody: no unit of that level is entered."), count=count, level=level)


def _show_campaigns(played: Simulation) -> None:
    units: dict[tuple[date, str, str, date, date], Counter[str]] = defaultdict(Counter)
    for line in played.campaigns:
        units[(line.opens, line.observance, line.summary, line.dtstart, line.dtend)][line.level] += 1
    rows = [
        [_day(opens), observance, summary, f"{_day(dtstart)} – {_day(date.fromordinal(dtend.toordinal() - 1))}", _levels(levels)]
        for (opens, observance, summary, dtstart, dtend), levels in sorted(units.items())
    ]
    columns = [_("Opens"), _("Observance"), _("Campaign"), _("Days"), _("Units")]
    years = str(played.year) if played.until == played.year else f"{played.year}–{played.until}"
    show_table(_("Campaigns of %(year)s") % {"year": years}, columns, rows)


def _show_items(items: list[ItemLine]) -> None:
    copies: Counter[tuple[str, ...]] = Counter()
    for line in items:
        moved = line.reason or ""
        copies[
            (line.due.isoformat(), line.campaign.rpartition("/")[0], line.template_key, line.level, _day(line.nominal_due), moved)
        ] += 1
    rows = [
        [_day(date.fromisoformat(due)), nominal, reason, campaign, key, level, str(count)]
        for (due, campaign, key, level, nominal, reason), count in sorted(copies.items())
    ]
    columns = [_("Due"), _("Counted"), _("Moved because"), _("Campaign"), _("Item"), _("Level"), _("Copies")]
    show_table(_("Checklist items"), columns, rows)


def _show_notices(notices: list[NoticeLine]) -> None:
    mornings: dict[date, Counter[str]] = defaultdict(Counter)
    people: dict[date, set[str]] = defaultdict(set)
    for line in notices:
        mornings[line.at.date()][line.kind] += 1
        people[line.at.date()].add(line.to)
    rows = [[_day(day), _levels(kinds), str(len(people[day]))] for day, kinds in sorted(mornings.items())]
    show_table(_("Notices"), [_("Morning"), _("Kind and number"), _("People")], rows)


def _show_changes(changes: list[ChangeLine]) -> None:
    """Show what happened on the way, the same thing in many units as one row."""
    if not changes:
        return
    copies: Counter[tuple[date, str, str, str]] = Counter()
    for line in changes:
        campaign, _slash, key = line.item.rpartition("/")
        copies[(line.at.date(), campaign.rpartition("/")[0], key, _what_happened(line))] += 1
    rows = [[_day(day), campaign, key, what, str(count)] for (day, campaign, key, what), count in sorted(copies.items())]
    show_table(_("Changes on the way"), [_("Day"), _("Campaign"), _("Item"), _("What happened"), _("Copies")], rows)


def _what_happened(line: ChangeLine) -> str:
    if line.before.get("due") != line.after.get("due"):
        old, new = (line.before.get("due") or "–", line.after.get("due") or "–")
        return f"{old} → {new} {line.after.get('due_reason') or ''}".strip()
    return str(line.after.get("reason") or line.after.get("status") or "")


def _levels(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
