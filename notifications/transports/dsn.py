"""Reports that come back for a mail (RFC 3464), read: who did not get it, and what the server said.
Pure: no socket, no storage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail

from notifications.transports.replies import Meaning, Reply, Stage, meaning

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"\b([45]\d\d)\b")
_ADDRESSED = ("X-Original-To", "Delivered-To", "Envelope-To", "To")
_LARGEST = 1024**2  # bytes that are looked at: a report may bring the whole mail back


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one recipient. ``to`` are the addresses that the report itself came to:
    one of them is our return path, if it is about a mail of ours.
    """

    to: tuple[str, ...]
    action: str  # failed, delayed, delivered, relayed, expanded (RFC 3464, 2.3.3)
    status: str  # RFC 3463
    words: str

    @property
    def has_failed(self) -> bool:
        return self.action == "failed"

    @property
    def code(self) -> int | None:
        """The reply that the other server gave, if it is told."""
        found = _CODE.search(self.words)
        return int(found[1]) if found else None

    @property
    def is_bad_address(self) -> bool:
        """Whether the mailbox does not exist: the same table decides as while sending."""
        reply = Reply(self.code or 550, f"{self.status} {self.words}")
        return self.has_failed and meaning(Stage.RCPT, reply) is Meaning.BAD_ADDRESS


def reports_in(content: bytes) -> list[Report]:
    """Return what a mail reports; nothing if it is none (an absence note, a letter, garbage)."""
    mail = message_from_bytes(content[:_LARGEST])
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return []
    to = tuple(_addresses(mail))
    for part in mail.get_payload():
        if isinstance(part, Mail) and part.get_content_type() == "message/delivery-status":
            return [report for fields in _groups(part)[1:] for report in _report(fields, to)]
    return []


def _addresses(mail: Mail) -> Iterator[str]:
    for name in _ADDRESSED:
        for value in mail.get_all(name, []):
            yield from re.findall(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+", str(value))


def _groups(part: Mail) -> list[Mail]:
    """Return the fields of the report, then those of each recipient (RFC 3464, 2.1)."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Mail)] if isinstance(payload, list) else []


def _report(fields: Mail, to: tuple[str, ...]) -> Iterator[Report]:
    action = _text(fields, "Action").lower()
    status = _STATUS.search(_text(fields, "Status"))
    if not action or not status:
        return
    words = _text(fields, "Diagnostic-Code").partition(";")[2] or _text(fields, "Diagnostic-Code")
    yield Report(to, action, status[1], words.strip()[:500])


def _text(fields: Mail, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())
