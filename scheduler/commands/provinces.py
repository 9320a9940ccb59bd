"""The provinces of the country, of which an installation serves one."""

import click

from events.catalog.country import provinces
from scheduler.console import _, show_table


@click.group()
def province() -> None:
    """The 34 provinces; `sumvay init --province` takes one."""


@province.command("list")
def list_() -> None:
    """List the provinces in force with their codes, their communes and what they were made from."""
    show_table(
        _("Provinces"),
        [_("Code"), _("Name"), _("Communes"), _("Before July 2025")],
        [
            [each.code, each.full_name, str(each.communes), ", ".join(each.made_from)]
            for each in provinces()
        ],
    )


COMMANDS = [province]
