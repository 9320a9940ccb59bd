"""Mails that came back after a server had taken them: the message says so, and an address that does
not exist gets no more notices.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from notifications.outbox.return_paths import ReturnPaths
from notifications.outbox.suppression import SuppressionReason, suppress
from notifications.outbox.table import Message, MessageState
from notifications.transports.dsn import Report, reports_in

_ARRIVED = (MessageState.SENT, MessageState.UNKNOWN)


def take_in(session: Session, paths: ReturnPaths, content: bytes, *, now: datetime) -> int:
    """Record what a mail that came to a return path reports; return how many of our messages it
    ends. Taking the same in twice changes nothing.
    """
    reports = [one for one in reports_in(content) if one.has_failed]
    return sum(_record(session, paths, one, now) for one in reports)


def _record(session: Session, paths: ReturnPaths, report: Report, now: datetime) -> bool:
    number = _number(paths, report.to)
    message = session.get(Message, number, with_for_update=True) if number is not None else None
    if message is None or message.state not in _ARRIVED:
        return False
    message.state, message.next_attempt = MessageState.BOUNCED, None
    message.reply_code, message.reply = report.code, f"{report.status} {report.words}".strip()
    if report.is_bad_address:
        message.bad_address = True
        words, reason = message.reply, SuppressionReason.NO_MAILBOX
        suppress(session, message, now=now, words=words, reason=reason)
    session.flush()
    return True


def _number(paths: ReturnPaths, to: Sequence[str]) -> int | None:
    return next((number for one in to if (number := paths.number(one)) is not None), None)
