"""The command `sumvay`.

A composition root: it reads the configuration, puts the service together and hands it to a command.
"""

import sys
from pathlib import Path

import click

from scheduler.commands import (
    backup,
    campaigns,
    feed_check,
    keys,
    mail,
    people,
    provinces,
    rights,
    service,
    simulate,
    start_line,
    status,
    units,
    workdays,
    worker,
)
from scheduler.config import Settings, load_settings
from scheduler.console import Voice
from scheduler.refusals import refuse
from scheduler.service import Service


class LazyService:
    """The service as commands get it: the configuration is read when it is first needed, so that
    --help always works.
    """

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def __call__(self) -> Service:
        settings: Settings = load_settings(self._config)
        Voice.language = settings.web.language
        return Service(settings)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", type=click.Path(path_type=Path), help="Default: SUMVAY_CONFIG or config.toml."
)
@click.version_option(package_name="sumvay")
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """Calendar, campaigns and reminders for the observances that are kept every year.

    \b
    sumvay serve                          web and clock in one process
    sumvay simulate --year 2027           what a year would bring
    sumvay doctor                         is everything as it should be?
    """
    context.obj = LazyService(config)


for room in (
    service,
    worker,
    backup,
    status,
    provinces,
    campaigns,
    simulate,
    mail,
    people,
    units,
    workdays,
    start_line,
    rights,
    keys,
    feed_check,
):
    for command in room.COMMANDS:
        cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Exit code 2 for a wrong configuration or usage, 1 for anything else that was refused.
    """
    try:
        code = cli.main(arguments, prog_name="sumvay", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        sys.exit(refuse(error))
    sys.exit(code if isinstance(code, int) else 0)
