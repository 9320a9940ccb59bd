"""A worker: does what others leave, one of any number on any number of machines."""

import click

from events.errors import N_, InvalidInputError
from scheduler import migrate
from scheduler.commands import NewService, pass_service
from scheduler.console import tell
from scheduler.logs import configure
from scheduler.workers.queues import WORK


@click.command()
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(list(WORK)),
    help="What it does; may be given several times. All of it if left out.",
)
@pass_service
def worker(new_service: NewService, queues: tuple[str, ...]) -> None:
    """Do what others leave: send mail, write calendars, look after files, until Ctrl-C.

    Wants PostgreSQL and scheduler.workers; any number may run, here and elsewhere.

    \b
    sumvay worker
    sumvay worker --queue mail
    """
    from scheduler.workers import procrastinate, schema

    configure()
    service = new_service()
    if not service.settings.scheduler.workers:
        raise InvalidInputError(N_("Workers want scheduler.workers = true and PostgreSQL."))
    migrate.require_current(service.engine)
    schema.require(service.engine)
    tell(N_("The worker is running. Ctrl-C stops it."))
    procrastinate.loop(service, queues or tuple(WORK))
    service.pump.stop()
    service.close()
    tell(N_("Stopped."))


COMMANDS = [worker]
