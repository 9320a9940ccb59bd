"""What an announcement says, as its officer wrote it."""

from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from notifications.announcements.markdown import as_html, as_text
from notifications.announcements.table import Announcement
from notifications.outbox.table import Message


def facts_of(session: Session, message: Message) -> dict[str, Any]:
    """Return the words of an announcement and who writes. Raises ``InvalidInputError``."""
    one = session.get(Announcement, message.params.get("announcement"))
    if one is None:
        raise InvalidInputError(N_("There is no announcement for this message."))
    return {
        "title": one.subject,
        "written": Markup(as_html(one.body)),  # noqa: S704 - sanitised there
        "written_text": as_text(one.body),
        "unit": one.unit.full_name,
        "is_trial": bool(message.params.get("is_trial")),
    }
