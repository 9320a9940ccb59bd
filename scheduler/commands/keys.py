"""The secret key of an installation."""

import click

from events.errors import N_
from scheduler.commands import NewService, pass_service
from scheduler.console import tell
from scheduler.keys import renew_secret_key


@click.group()
def key() -> None:
    """The secret key, which signs cookies and locks the keys of codes."""


@key.command()
@pass_service
def renew(new_service: NewService) -> None:
    """Make a new secret key, after somebody may have seen the old one. Stop the service first.

    Everybody signs in once more; the links in mails sent until now open nothing any more, and what
    comes back of them is not read. Passwords, codes and calendars stay.

    \b
    sumvay key renew
    """
    locked = renew_secret_key(new_service())
    tell(N_("There is a new secret key; %(count)s keys of codes are locked with it."), count=locked)
    tell(
        N_(
            "Start the service again. Everybody signs in once more, and links in mails sent until "
            "now open nothing. Passwords, codes and calendars stay."
        )
    )


COMMANDS = [key]
