"""People: demo."""

import click

from events.errors import N_
from events.localtime import local_day
from events.people.demo import add_demo_people, demo_people, remove_demo_people
from notifications.notices import table as notices
from scheduler.commands import NewService, pass_service
from scheduler.console import tell
from scheduler.service import utc_now
from web.accounts import setup


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
            ids = demo_people(session)
            notices.forget_people(session, ids)
            setup.forget_people(session, ids)
            tell(N_("%(count)s demo people removed."), count=remove_demo_people(session))
        else:
            added = add_demo_people(session, local_day(utc_now(), service.settings.zone))
            tell(
                N_("%(count)s demo people added; each can sign in with a mailed link."), count=added
            )


COMMANDS = [demo]
