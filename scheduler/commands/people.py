"""People: demo people, accounts."""

import click

from events.errors import N_
from events.localtime import local_day
from events.people.demo import add_demo_people, demo_people, remove_demo_people
from notifications.notices import table as notices
from scheduler.commands import NewService, pass_service
from scheduler.console import tell
from scheduler.service import utc_now
from web.accounts.lost_factors import remove_second_factors


@click.command()
@click.option("--remove", is_flag=True, help="Remove all demo people again.")
@pass_service
def demo(new_service: NewService, remove: bool) -> None:
    """Add a labelled demo person (example.org) to every unit, or remove them again.

    \b
    sumvay demo
    sumvay demo --remove
    """
    service = new_service()
    with service.session_factory.begin() as session:
        if remove:
            notices.forget_people(session, demo_people(session))
            tell(N_("%(count)s demo people removed."), count=remove_demo_people(session))
        else:
            added = add_demo_people(session, local_day(utc_now(), service.settings.zone))
            tell(
                N_("%(count)s demo people added; each can sign in with a mailed link."), count=added
            )


@click.group()
def account() -> None:
    """Accounts: help for somebody who cannot sign in any more."""


@account.command("remove-2fa")
@click.argument("address")
@pass_service
def remove_2fa(new_service: NewService, address: str) -> None:
    """Remove the second factors of an account whose owner lost telephone and spare codes, and sign
    it out everywhere.

    \b
    sumvay account remove-2fa ten@example.org
    """
    with new_service().session_factory.begin() as session:
        remove_second_factors(session, address, now=utc_now())
    tell(
        N_("The second factor of %(address)s is removed; all devices are signed out."),
        address=address,
    )


COMMANDS = [demo, account]
