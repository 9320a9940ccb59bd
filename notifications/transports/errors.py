"""The tree of delivery errors: what a transport says when a mail did not simply arrive.

DeliveryError
├── NoServiceError             no server would talk to us, or it refuses our sender
├── TransientDeliveryError     a 4yz reply (RFC 5321, 4.2.1), or lost before the final dot
├── PermanentDeliveryError     a 5yz reply: trying again is pointless
└── UncertainDeliveryError     lost after the final dot: the mail may have arrived or not
"""


class DeliveryError(Exception):
    """A mail that was not accepted. ``code`` is the server's reply code, None if it said
    nothing.
    """

    def __init__(self, reply: str, *, code: int | None = None) -> None:
        self.reply = reply
        self.code = code
        super().__init__(f"{code} {reply}" if code else reply)


class NoServiceError(DeliveryError):
    """Raised when connecting, greeting, TLS or signing in fails, or the server refuses our sender:
    it hits every mail alike.
    """


class TransientDeliveryError(DeliveryError):
    """Raised for a 4yz reply (RFC 5321, 4.2.1), or a connection lost before the final dot."""


class PermanentDeliveryError(DeliveryError):
    """Raised for a 5yz reply.

    ``bad_address`` says that the mailbox does not exist (RFC 3463, X.1.X).
    """

    def __init__(self, reply: str, *, code: int | None = None, bad_address: bool = False) -> None:
        self.bad_address = bad_address
        super().__init__(reply, code=code)


class UncertainDeliveryError(DeliveryError):
    """Raised when the connection is lost between the final dot and the reply to it (RFC 5321,
    4.5.3.2.6).
    """
