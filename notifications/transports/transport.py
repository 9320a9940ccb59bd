"""The ways out for mail: what every transport can do, whoever takes the mail."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said when it took a mail (RFC 5321, 4.2)."""

    code: int
    text: str


class Transport(Protocol):
    """A way out for mail."""

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        """Hand over one RFC 5322 message. Raises a ``DeliveryError``."""

    def check(self) -> None:
        """Raise a ``DeliveryError`` if no mail could leave now."""

    def close(self) -> None:
        """Let go of what is held open."""
