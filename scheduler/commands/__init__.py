"""The commands of `sumvay`, one module per subject. Each lists its commands in ``COMMANDS``."""

from collections.abc import Callable

import click

from scheduler.service import Service

NewService = Callable[[], Service]
pass_service = click.pass_obj
DAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])
