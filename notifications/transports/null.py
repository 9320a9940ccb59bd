"""No way out: every mail is taken and goes nowhere, for trying things out."""

from notifications.transports.errors import check_recipient
from notifications.transports.replies import Reply


class NullTransport:
    """Takes every mail whose recipient could get one."""

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        check_recipient(rcpt_to)
        return Reply(250, "it goes nowhere")

    def check(self) -> None:
        """Nothing can be wrong with nowhere."""

    def close(self) -> None:
        """Nothing is held open."""
