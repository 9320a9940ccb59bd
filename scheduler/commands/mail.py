"""Mail: what is in the outbox, what a message says, sending one again, and one round of the
relay.
"""

import email
import email.policy
import sys
from datetime import datetime
from email.message import EmailMessage

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.sessions import reading
from events.errors import N_, ConflictError, NotFoundError
from events.models import ChecklistItem, Person
from events.units.office import MAIL_PAUSED, at_home_here, is_copy
from notifications.letters.wording import veiled
from notifications.outbox.claiming import requeue
from notifications.outbox.keeping import Held, decide
from notifications.outbox.listing import list_messages
from notifications.outbox.table import UNDERWAY, Message
from scheduler.backups.instance import ensure_name
from scheduler.commands import NewService, pass_service
from scheduler.console import Voice, _, out, show_table, tell
from scheduler.service import Service, utc_now

_LONGEST_REPORT = 2 * 1024**2  # bytes
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
@click.option(
    "--held",
    type=click.Choice([one.value for one in Held]),
    default=Held.SEND.value,
    show_default=True,
    help="Of what waits: send all, skip all, or let expire what was due by now.",
)
@pass_service
def resume(new_service: NewService, held: str) -> None:
    """Let mail leave from a copy, once it is sure that the installation it comes from is gone.

    `sumvay mail held` lists before what would go.
    """
    service = new_service()
    ensure_name(service.settings.scheduler.data_dir)
    with service.session_factory.begin() as session:
        ended = decide(session, Held(held), now=utc_now()) if is_copy(session) else 0
        at_home_here(session)
    if ended:
        tell(N_("%(ended)s mails that waited were ended."), ended=ended)
    tell(N_("Mail leaves from here again."))


@mail.command("held")
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
@pass_service
def held_(new_service: NewService, limit: int) -> None:
    """List what would leave now: of a copy, what it keeps back."""
    service = new_service()
    with reading(service.session_factory)() as session:
        waits = list_messages(session, states=UNDERWAY, limit=limit)
        rows = [
            [str(one.id), one.kind.value, one.rcpt_to, _moment(service, one.next_attempt)]
            for one in waits
            if one.next_attempt is not None
        ]
    show_table(_("Mail waiting"), [_("Number"), _("Kind"), _("To"), _("Leaves")], rows)


@mail.command("why")
@click.argument("person")
@click.argument("item", type=int)
@pass_service
def why_(new_service: NewService, person: str, item: int) -> None:
    """Say why PERSON (a number or an address) got a mail about ITEM (a number), or did not."""
    service = new_service()
    with reading(service.session_factory)() as session:
        found, one = _person(session, person), session.get(ChecklistItem, item)
        if one is None:
            raise NotFoundError(kind="item", key=item)
        facts = service.why(session, found, one, now=utc_now())
        rows = [
            [
                _moment(service, line.at),
                line.rule.words(Voice.language),
                line.became.words(Voice.language),
                _reply(line.mail),
            ]
            for line in facts.told
        ]
        rows += [
            [_moment(service, at), rule.words(Voice.language), _("still to come"), ""]
            for at, rule in facts.ahead
        ]
        title = f"{found.full_name}: {one.summary}"
    show_table(title, [_("Planned"), _("Rule"), _("What became of it"), _("Reply")], rows)
    for said in facts.against:
        tell(said.words(Voice.language).replace("%", "%%"))


@mail.command("bounce")
@pass_service
def bounce(new_service: NewService) -> None:
    """Take in a mail that came back, from standard input, as a mail server hands it over.

    \b
    sumvay mail bounce < report.eml
    """
    ended = new_service().take_in(sys.stdin.buffer.read(_LONGEST_REPORT), now=utc_now())
    tell(N_("%(ended)s messages are recorded as not delivered."), ended=ended)


def _person(session: Session, text: str) -> Person:
    key = Person.id == int(text) if text.isdecimal() else Person.email == text
    found = session.scalars(select(Person).where(key)).first()
    if found is None:
        raise NotFoundError(kind="person", key=text)
    return found


def _reply(mail: Message | None) -> str:
    if mail is None:
        return ""
    return " ".join(str(part) for part in (mail.reply_code, mail.reply) if part)


def _moment(service: Service, at: datetime | None) -> str:
    return f"{at.astimezone(service.settings.zone):%d/%m/%Y %H:%M}" if at else ""


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
