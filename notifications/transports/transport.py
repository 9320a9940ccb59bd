"""The ways out for mail: what every transport can do, whoever takes the mail."""

from typing import Protocol

from notifications.transports.replies import Reply


class Transport(Protocol):
    """A way out for mail."""

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Hand over one RFC 5322 message. Raises a ``DeliveryError``."""

    def check(self) -> None:
        """Raise a ``DeliveryError`` if no mail could leave now."""

    def close(self) -> None:
        """Let go of what is held open."""
