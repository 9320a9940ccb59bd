"""The tree of delivery errors: what a transport says when a mail did not simply arrive.

DeliveryError
├── NoServiceError             about us or the server: no mail loses an attempt
├── TransientDeliveryError     this mail later, or lost before the final dot
├── PermanentDeliveryError     this mail never: trying again is pointless
└── UncertainDeliveryError     no reply after the final dot: it may have arrived or not

A transport raises these and nothing else.
"""

from events.errors import InvalidInputError
from notifications.addresses import checked_address
from notifications.transports.replies import Stage

_SPARING = frozenset({Stage.RCPT, Stage.DATA, Stage.DOT})


class DeliveryError(Exception):
    """A mail that was not accepted. ``code`` is the server's reply code, None if it said nothing
    that is one; ``stage`` is where the dialogue was.
    """

    def __init__(
        self, reply: str, *, code: int | None = None, stage: Stage = Stage.CONNECT
    ) -> None:
        self.reply = reply
        self.code = code
        self.stage = stage
        super().__init__(f"{code} {reply}" if code else reply)


class NoServiceError(DeliveryError):
    """Raised when connecting, greeting, TLS or signing in fails, when the server refuses our
    sender, or when it says of one recipient what is about us: denied relaying, a quota.
    """

    @property
    def may_be_one_recipient(self) -> bool:
        """Whether others may fare better: only what several recipients get is about all."""
        return self.stage in _SPARING


class TransientDeliveryError(DeliveryError):
    """Raised for what may succeed later, also a connection lost before the final dot."""


class PermanentDeliveryError(DeliveryError):
    """Raised for a refusal for good.

    ``bad_address`` says that the mailbox does not exist (RFC 3463, X.1.X); ``is_plain`` that the
    server gave no reason in numbers, so that it may as well mean us.
    """

    def __init__(
        self,
        reply: str,
        *,
        code: int | None = None,
        stage: Stage = Stage.CONNECT,
        bad_address: bool = False,
        is_plain: bool = False,
    ) -> None:
        self.bad_address = bad_address
        self.is_plain = is_plain
        super().__init__(reply, code=code, stage=stage)


class UncertainDeliveryError(DeliveryError):
    """Raised when no reply that is one comes after the final dot (RFC 5321, 4.5.3.2.6)."""


def check_recipient(address: str) -> None:
    """Raise ``PermanentDeliveryError`` for an address that is not safe in SMTP."""
    try:
        checked_address(address)
    except InvalidInputError as error:
        raise PermanentDeliveryError(str(error), stage=Stage.RCPT) from error
