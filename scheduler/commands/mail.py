"""Mail: what is in the outbox, what a message says, sending one again, and one round of the
relay.
"""

import email
import email.policy
from email.message import EmailMessage

import click

from events.database import reading
from events.errors import N_, ConflictError, NotFoundError
from events.units.office import MAIL_PAUSED, at_home_here, is_copy
from notifications.letters.wording import veiled
from notifications.outbox.claiming import requeue
from notifications.outbox.listing import list_messages
from notifications.outbox.table import Message
from scheduler.commands import NewService, pass_service
from scheduler.console import _, out, show_table, tell
from scheduler.instance import ensure_name
from scheduler.service import utc_now

_AN_HOUR = 3600.0  # seconds; until nothing is ready


@click.group()
def mail() -> None:
    """The outbox: list messages, show one, send one again, send what is ready."""


@mail.command("list")
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
@pass_service
def list_(new_service: NewService, limit: int) -> None:
    """List the newest messages and where they are on their way."""
    service = new_service()
    with reading(service.session_factory)() as session:
        rows = [
            [
                str(message.id),
                message.created.astimezone(service.settings.zone).strftime("%d/%m/%Y %H:%M"),
                message.kind.value,
                message.rcpt_to,
                message.state.value,
                message.reply or "",
            ]
            for message in list_messages(session, limit=limit)
        ]
    show_table(
        _("Outbox"), [_("Number"), _("Written"), _("Kind"), _("To"), _("State"), _("Reply")], rows
    )


@mail.command()
@click.argument("number", type=int)
@pass_service
def show(new_service: NewService, number: int) -> None:
    """Show a message as it would be sent now, without a link that opens somebody's account."""
    service = new_service()
    with reading(service.session_factory)() as session:
        message = session.get(Message, number)
        if message is None:
            raise NotFoundError(kind="message", key=number)
        composed = service.composer.compose(session, message)
    parsed = email.message_from_bytes(composed, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        out.print(f"{name}: {parsed[name]}", markup=False, soft_wrap=True)
    body = parsed.get_body(("plain",))
    out.print()
    out.print(veiled(body.get_content()) if body else "", markup=False, soft_wrap=True)


@mail.command("requeue")
@click.argument("number", type=int)
@pass_service
def requeue_(new_service: NewService, number: int) -> None:
    """Send a message again that failed or expired, after what was wrong was mended, such as a full
    mailbox or the relay.
    """
    with new_service().session_factory.begin() as session:
        message = requeue(session, number, now=utc_now())
    tell(
        N_("Message %(number)s to %(address)s goes out with the next round."),
        number=number,
        address=message.rcpt_to,
    )


@mail.command()
@pass_service
def resume(new_service: NewService) -> None:
    """Let mail leave from a copy, once it is sure that the installation it comes from is gone."""
    service = new_service()
    ensure_name(service.settings.scheduler.data_dir)
    with service.session_factory.begin() as session:
        at_home_here(session)
    tell(N_("Mail leaves from here again."))


@mail.command("send-once")
@pass_service
def send_once(new_service: NewService) -> None:
    """Write the reminders that are due and send the messages that are ready, once."""
    service, now = new_service(), utc_now()
    with reading(service.session_factory)() as session:
        if is_copy(session):
            raise ConflictError(MAIL_PAUSED)
    written = service.remind(now)
    result = service.relay(now, longest=_AN_HOUR)
    tell(
        N_("%(messages)s messages written, %(sent)s sent."),
        messages=written.messages,
        sent=result.sent,
    )


COMMANDS = [mail]
