"""Who may do what here, as a table in Markdown."""

import click

from events.people.rights_table import as_markdown


@click.command("rights")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
def rights(language: str) -> None:
    """Print who may do what, and what is public."""
    click.echo(as_markdown(language), nl=False)


COMMANDS = [rights]
