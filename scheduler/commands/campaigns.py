"""Campaigns and calendars: catalog, open, feed."""

from datetime import date, datetime
from pathlib import Path

import click

from events.calendars.feeds import all_slugs, find_feed, serve_feed
from events.campaigns.ahead import open_year_of
from events.campaigns.opening import Opened
from events.campaigns.other_kinds import get_kind, open_on
from events.catalog.choosing import catalog_here
from events.catalog.importing import import_catalog
from events.catalog.reading import SHIPPED, read_catalog
from events.database.sessions import reading
from events.days.recurrence import check_year
from events.errors import N_
from events.installation import day_here
from events.observances.own import observance_by_key
from events.working_calendar import work_calendar
from scheduler.commands import DAY, NewService, pass_service
from scheduler.console import _, progress_bar, tell, tell_opened
from scheduler.service import Service, utc_now

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
        result = import_catalog(session, catalog_here(session, found), now=utc_now())
    tell(N_("%(added)s added, %(updated)s updated."), added=result.added, updated=result.updated)
    for kept in result.kept:
        tell(N_("Kept as edited here: %(entry)s"), entry=kept)


@click.command("open")
@click.option("--year", type=int, help="Only the campaigns of this year.")
@click.option("--template", help="Open this kind on the day given with --day.")
@click.option("--day", type=DAY, help="The chosen day, such as 2027-03-10.")
@click.option(
    "--observance", help="Open this observance in --year, ahead of its time or for reference."
)
@pass_service
def open_(
    new_service: NewService,
    year: int | None,
    template: str | None,
    day: datetime | None,
    observance: str | None,
) -> None:
    """Open the campaigns whose time has come, one observance ahead of its time, or one kind on a
    chosen day. Opens nothing twice.

    \b
    sumvay open --year 2027
    sumvay open --year 2027 --observance intl_happiness_day
    sumvay open --year 2021 --observance intl_happiness_day   for reference: nobody owes it
    sumvay open --template training_course --day 2027-03-10
    """
    if observance is not None and (year is None or template is not None):
        raise click.UsageError(_("Please give --observance together with --year."))
    if (template is None) != (day is None):
        raise click.UsageError(_("Please give both --template and --day."))
    if template and day:
        _tell_all(_open_on(new_service(), template, day.date()))
        return
    if observance is not None and year is not None:
        _tell_all(_open_year_of(new_service(), observance, year))
        return
    if year is not None:
        check_year(year)
    _tell_all(new_service().open_ahead(utc_now(), year))


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
            find_feed(session, name, day_here(session, now), service.settings.web.address)
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar(N_("Writing calendars")) as bar:
        for number, name in enumerate(slugs, 1):
            served = serve_feed(
                service.session_factory, name, now=now, public_url=service.settings.web.address
            )
            (folder / f"{name}.ics").write_bytes(served.body)
            bar(number, len(slugs))
    tell(N_("%(count)s calendars written to %(folder)s."), count=len(slugs), folder=folder)


COMMANDS = [catalog, open_, feed]


def _open_on(service: Service, template: str, day: date) -> list[Opened]:
    with service.session_factory.begin() as session:
        calendar = work_calendar(session)
        opened = open_on(
            session, get_kind(session, template), day, by=None, now=utc_now(), calendar=calendar
        )
    return [opened] if opened.campaigns else []


def _open_year_of(service: Service, key: str, year: int) -> list[Opened]:
    with service.session_factory.begin() as session:
        observance, calendar = observance_by_key(session, key), work_calendar(session)
        return list(
            open_year_of(session, observance, year, by=None, now=utc_now(), calendar=calendar)
        )


def _tell_all(opened: list[Opened]) -> None:
    tell_opened(opened)
    if not opened:
        tell(N_("Nothing to open."))
