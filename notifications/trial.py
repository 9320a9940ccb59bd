"""A test mail, sent while somebody waits: whether mail leaves is known before anybody relies on it.

It goes past the outbox, since its answer is what is asked for. A server may take half a minute to
answer, so writing the mail and sending it are two steps: no transaction lasts over the second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from events.database.sessions import new_uid
from events.errors import N_, InvalidInputError
from events.models import Person
from events.words.language import Said
from notifications.letters.composer import Composer
from notifications.outbox.table import Message, MessageKind
from notifications.outbox.writing import Postmark, message_row
from notifications.transports.errors import (
    DeliveryError,
    NoServiceError,
    PermanentDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.transport import Transport


@dataclass(frozen=True, slots=True)
class WayOut:
    """Who writes mails here, and how they leave. Each test has a transport of its own: the relay's
    is not for several threads.
    """

    composer: Composer
    new_transport: Callable[[], Transport]


@dataclass(frozen=True, slots=True)
class TrialMail:
    """A test mail that is written and not sent."""

    rcpt_to: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a test mail left, and what is to be said of it."""

    has_left: bool
    said: Said


def write_trial(
    session: Session, way_out: WayOut, person: Person, *, language: str, now: datetime
) -> TrialMail:
    """Return a test mail to ``person``, from whom mails come by now in ``session``.

    Raises ``InvalidInputError`` for somebody without an address.
    """
    if not person.email:
        raise InvalidInputError(N_("There is no address to send a test mail to."))
    row = message_row(
        key=f"{MessageKind.TRIAL}:{new_uid()}",
        now=now,
        kind=MessageKind.TRIAL,
        rcpt_to=person.email,
        language=language,
        params={},
        expires=now,
        postmark=Postmark.of(session),
    )
    return TrialMail(person.email, way_out.composer.compose(session, Message(**row)))


def send_trial(way_out: WayOut, mail: TrialMail) -> Outcome:
    """Hand over a test mail and return what came of it; outside of any transaction."""
    transport = way_out.new_transport()
    try:
        transport.send(mail.rcpt_to, mail.content)
    except DeliveryError as error:
        facts = {"address": mail.rcpt_to, "reply": str(error)}
        return Outcome(False, Said(_sentence(error), facts))
    finally:
        transport.close()
    return Outcome(
        True, Said(N_("The test mail to %(address)s has left."), {"address": mail.rcpt_to})
    )


def _sentence(error: DeliveryError) -> str:
    if isinstance(error, NoServiceError):
        return N_(
            "No mail can leave now: the mail server cannot be reached, or does not accept the "
            "sender. It says: %(reply)s"
        )
    if isinstance(error, PermanentDeliveryError):
        return N_("The mail server refuses the test mail to %(address)s. It says: %(reply)s")
    if isinstance(error, UncertainDeliveryError):
        return N_(
            "The connection was lost at the end, so the test mail to %(address)s may have arrived "
            "or not. Please look into the mailbox."
        )
    return N_(
        "The mail server does not take the test mail to %(address)s just now. Please try again "
        "later. It says: %(reply)s"
    )
