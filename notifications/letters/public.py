"""What letters to people without an account say: the question whether they asked for it, and what
is public news. Each names the ways to choose anew and to leave (RFC 8058).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.english import names_in
from events.errors import N_, InvalidInputError
from events.models import Activity, ObservanceOccurrence
from events.words.language import translations
from notifications.letters.wording import date_in_words
from notifications.outbox.table import Message
from notifications.subscribers.choosing import CHOOSE, CONFIRM, token_of
from notifications.subscribers.table import Subscriber

CONFIRM_PATH, CHOOSE_PATH = "/nhan-thu/xac-nhan/{token}", "/nhan-thu/chon/{token}"
LEAVE_PATH = "/nhan-thu/thoi/{token}"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a letter tells."""

    summary: str
    when: str
    place: str
    was: str | None  # when it should have been
    is_off: bool
    url: str

    @property
    def is_change(self) -> bool:
        return self.was is not None


def subscriber_of(session: Session, message: Message) -> Subscriber:
    """Return whom a letter is for. Raises ``InvalidInputError`` for somebody who left."""
    uid = message.params.get("subscriber")
    found = session.scalar(select(Subscriber).where(Subscriber.uid == uid))
    if found is None:
        raise InvalidInputError(N_("Nobody is subscribed with this address any more."))
    return found


def ways(subscriber: Subscriber, public_url: str, secret_key: str) -> dict[str, str]:
    """Return the addresses by which a subscriber confirms, chooses anew and leaves."""
    choosing = token_of(subscriber, secret_key, CHOOSE)
    confirming = token_of(subscriber, secret_key, CONFIRM)
    return {
        "confirm": public_url + CONFIRM_PATH.format(token=confirming),
        "choose": public_url + CHOOSE_PATH.format(token=choosing),
        "leave": public_url + LEAVE_PATH.format(token=choosing),
    }


def lines_of(session: Session, message: Message, public_url: str, zone: ZoneInfo) -> list[Line]:
    """Return what a letter tells, as it is when it is written. Raises ``InvalidInputError`` if
    nothing of it is public any more.
    """
    lines = list(_lines(session, message, public_url, zone))
    if not lines:
        raise InvalidInputError(N_("Nothing of this letter is public any more."))
    return lines


def _lines(session: Session, message: Message, public_url: str, zone: ZoneInfo) -> Iterator[Line]:
    named = names_in(session, message.language)
    for told in message.params["news"]:
        kind, _colon, number = told["key"].partition(":")
        was = _when(told["was"], message.language, zone) if told["was"] else None
        if kind == "day":
            day = session.get(ObservanceOccurrence, int(number))
            if day is not None and day.observance.enabled:
                when = _span(day.dtstart, day.dtend, message.language)
                title = day.summary if message.language == "vi" else day.observance.title_en
                url = f"{public_url}/ngay/{day.observance.slug}"
                yield Line(title, when, "", was, False, url)
            continue
        activity = session.get(Activity, int(number))
        if activity is not None and activity.public:
            yield Line(
                named(activity.summary),
                _moment(activity.dtstart.astimezone(zone), message.language),
                activity.location,
                was,
                activity.is_cancelled,
                f"{public_url}/hoat-dong/{activity.uid}",
            )


def _when(was: dict[str, Any], language: str, zone: ZoneInfo) -> str:
    if "place" in was:
        return _moment(datetime.fromisoformat(was["start"]).astimezone(zone), language)
    return _span(date.fromisoformat(was["start"]), date.fromisoformat(was["end"]), language)


def _span(start: date, end: date, language: str) -> str:
    last = date.fromordinal(end.toordinal() - 1)
    if last <= start:
        return date_in_words(start, language)
    words = translations(language)
    return words.gettext("From %(first)s until %(last)s") % {
        "first": date_in_words(start, language),
        "last": date_in_words(last, language),
    }


def _moment(at: datetime, language: str) -> str:
    return f"{at:%H:%M}, {date_in_words(at.date(), language)}"
