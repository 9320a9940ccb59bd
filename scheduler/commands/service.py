"""Run the service and look after it: init, serve, web, clock, migrate, doctor."""

import os
import signal
import sys
from datetime import date, datetime
from types import FrameType
from typing import Any

import click

from events.catalog.choosing import catalog_here, choose_province
from events.catalog.country import Province, find_province
from events.catalog.importing import import_catalog
from events.catalog.reading import SHIPPED, read_catalog
from events.database.sessions import reading
from events.errors import N_
from events.units.office import is_copy, settle
from events.units.start_lines import follow_if_new
from scheduler import migrate as migrations
from scheduler.alone import alone
from scheduler.backups import instance
from scheduler.commands import DAY, NewService, pass_service
from scheduler.console import _ as gettext
from scheduler.console import out, show_table, tell, tell_opened
from scheduler.doctor import Finding, examine, look_at_sender
from scheduler.logs import configure, log
from scheduler.service import Service, utc_now
from scheduler.watch.heartbeats import check_time, forget_the_future
from web.accounts.setup import ensure_setup_code

_STUCK = 75  # EX_TEMPFAIL of sysexits.h


@click.command()
@click.option(
    "--province",
    help="Code or name, accents or not; can be chosen as long as nobody has worked here.",
)
@click.option(
    "--start-line",
    type=DAY,
    help="The day from which a new installation is followed; today if left out.",
)
@click.option(
    "--clock-is-right",
    is_flag=True,
    help="The clock of the machine was ahead and is right now.",
)
@pass_service
def init(
    new_service: NewService,
    province: str | None,
    start_line: datetime | None,
    clock_is_right: bool,
) -> None:
    """Prepare the database: migrate, import the catalogue, open the campaigns whose time has
    come.

    \b
    sumvay init                          what was due before today is nobody's debt
    sumvay init --start-line 2026-01-01  the whole year is followed
    sumvay init --province 92
    sumvay init --province "can tho"
    """
    chosen = find_province(province) if province is not None else None
    service = new_service()
    prepare(service, chosen, start_line.date() if start_line else None)
    if clock_is_right:
        forget_the_future(service.session_factory, utc_now())


@click.command()
@pass_service
def serve(new_service: NewService) -> None:
    """Prepare, then run web and clock in this process until Ctrl-C.

    \b
    SUMVAY_WEB__PORT=8080 sumvay serve
    """
    from scheduler.timetable import Clock

    configure()
    service = new_service()
    prepare(service)
    check_time(service.session_factory, utc_now())
    server = _listen(service)
    clock = Clock(service)
    clock.start()
    _greet(service)
    try:
        _run(server)
    finally:
        clock.stop()
        service.close()
        tell(N_("Stopped."))


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Processes that answer; as many as there are cores.",
)
@pass_service
def web(new_service: NewService, workers: int) -> None:
    """Run only the pages and calendars, in several processes; the clock runs elsewhere.

    \b
    sumvay web --workers 4 & sumvay clock
    """
    from scheduler.serving import workers as web_workers

    configure()
    service = new_service()
    migrations.require_current(service.engine)
    web_workers.require_free(service.settings.web)
    _greet(service)
    service.close()  # workers share no connection with this process
    web_workers.run(service.settings, workers)
    tell(N_("Stopped."))


@click.command()
@pass_service
def clock(new_service: NewService) -> None:
    """Run only the clock: campaigns open, reminders are written, mail is sent."""
    import threading

    from scheduler.timetable import Clock

    configure()
    service = new_service()
    migrations.require_current(service.engine)
    check_time(service.session_factory, utc_now())
    _stop_on_sigterm()
    running = Clock(service, give_up=_give_up)
    running.start()
    tell(N_("The clock is running. Ctrl-C stops it."))
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        running.stop()
        service.close()
        tell(N_("Stopped."))


@click.command()
@pass_service
def migrate(new_service: NewService) -> None:
    """Bring the database to the version of this program."""
    service = new_service()
    with alone(service.engine):
        changed = migrations.upgrade(service.engine)
        make_queues(service)
    tell(
        N_("The database was brought to the newest version.")
        if changed
        else N_("The database is up to date.")
    )


@click.command()
@click.option("--mail", is_flag=True, help="Look at SPF, DKIM and DMARC of the sender instead.")
@click.option("--selector", help="With --mail: under which name the relay's DKIM key stands.")
@pass_service
def doctor(new_service: NewService, mail: bool, selector: str | None) -> None:
    """Check configuration, database, migrations, transport, clock and catalogue.

    Exit code 1 when something is wrong.
    """
    service = new_service()
    findings = look_at_sender(service, selector) if mail else examine(service, now=utc_now())
    show_table(
        gettext(N_("Check-up")),
        [gettext(N_("What")), gettext(N_("State")), gettext(N_("Detail"))],
        [_row(f) for f in findings],
    )
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


COMMANDS = [init, serve, web, clock, migrate, doctor]


def prepare(
    service: Service, province: Province | None = None, start_line: date | None = None
) -> None:
    """Make the database ready: newest version, catalogue, campaigns; for ``province`` if one is
    given. A new one is followed from ``start_line``, or today.

    Doing it again changes nothing. Raises ``ConflictError`` for another start line of an
    installation that is not new.
    """
    service.settings.scheduler.data_dir.mkdir(parents=True, exist_ok=True)
    instance.ensure_name(service.settings.scheduler.data_dir)
    with alone(service.engine):
        _prepare(service, province, start_line)


def make_queues(service: Service) -> None:
    """Make the queues of workers where there are to be some."""
    if service.settings.scheduler.workers:
        from scheduler.workers.schema import ensure

        ensure(service.engine)


def _prepare(service: Service, province: Province | None, start_line: date | None) -> None:
    migrations.upgrade(service.engine)
    make_queues(service)
    catalog, now = read_catalog(service.settings.events.catalog or SHIPPED), utc_now()
    with service.session_factory.begin() as session:
        settle(session)
        follow_if_new(session, start_line, now=now)
        if province is None:
            import_catalog(session, catalog_here(session, catalog), now=now)
        else:
            choose_province(session, catalog, province, now=now)
    if province is not None:
        tell(N_("The province or city is %(province)s."), province=province.full_name)
    tell_opened(service.open_ahead(utc_now()))


def _listen(service: Service) -> Any:
    from scheduler.serving.server import listen
    from scheduler.serving.wsgi import application

    return listen(application(service), service.settings.web)


def _run(server: Any) -> None:
    _stop_on_sigterm()
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _stop_on_sigterm() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _give_up() -> None:
    """End at once, so that whoever looks after this process begins a new one: a thread that hangs
    cannot be ended otherwise.
    """
    log.error("the clock stands still for too long and ends")
    os._exit(_STUCK)


def _greet(service: Service) -> None:
    settings = service.settings
    out.print()
    tell("  Sum Vầy   %(address)s", address=settings.web.address)
    code = ensure_setup_code(service.session_factory, settings.scheduler.data_dir)
    if code:
        tell(
            N_("  Make the first administrator at %(address)s/cai-dat with the code  %(code)s"),
            address=settings.web.address,
            code=code,
        )
    with reading(service.session_factory)() as session:
        if is_copy(session):
            tell(N_("  This is a copy: no mail leaves until you run: sumvay mail resume"))
    if settings.notifications.transport == "maildir":
        tell(N_("  Mail is written to %(folder)s"), folder=settings.notifications.maildir)
    tell(N_("  Ctrl-C stops the service."))


def _row(finding: Finding) -> list[str]:
    return [
        gettext(finding.what),
        "✓" if finding.ok else "✗",
        gettext(finding.detail) % finding.facts if finding.facts else gettext(finding.detail),
    ]
