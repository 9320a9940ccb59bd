"""Write what is to be told: the sources are asked, what is new becomes notices, and what one person
should hear on one morning becomes one message.

Everything happens in the caller's transaction and in sets: the number of statements depends neither
on the number of items nor on that of people. A notice is inserted only if its key is new, and only
notices that were inserted here become part of a message; so running again, in two processes or
after the clock was set back writes nothing twice. The key of a message is its person and day, so
that nobody gets two on one day; what comes too late for a day waits for the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from events.localtime import local_day
from events.models import Campaign, ChecklistItem
from events.models.campaigns import same_round
from notifications.notices.due import due_tellings
from notifications.notices.gatherings import invited_tellings, opened_tellings
from notifications.notices.news import news_tellings
from notifications.notices.recipients import Recipient
from notifications.notices.regular import month_tellings, week_tellings
from notifications.notices.rules import RuleBook
from notifications.notices.steps import Clockwork
from notifications.notices.table import Gathered, Notice, NoticeState
from notifications.notices.tellings import Moment, Telling
from notifications.outbox.sets import insert_new, insert_once
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, message_row

_MORNINGS = 40  # looked through for one without a mail; clocks do not jump farther
# what is asked once for every morning, since it looks at all that happened before it
_OF_MORNINGS = (news_tellings, opened_tellings, invited_tellings, week_tellings, month_tellings)


@dataclass(frozen=True, slots=True)
class Written:
    """What one run added.

    ``notices`` are those that a message tells; ``collapsed`` ones are only recorded.
    """

    notices: int = 0
    messages: int = 0
    collapsed: int = 0


def reminded_items(session: Session, root: Campaign) -> set[int]:
    """Return the ids of the items of ``root``'s round that somebody was, or is about to be,
    reminded of on their present date.
    """
    query = (
        select(Notice.item_id)
        .join(ChecklistItem, ChecklistItem.id == Notice.item_id)
        .join(ChecklistItem.campaign)
    )
    sent = (
        Notice.state != NoticeState.CANCELLED,
        Notice.anchor_version == ChecklistItem.anchor_version,
    )
    found = session.scalars(query.where(same_round(root), *sent).distinct())
    return {item_id for item_id in found if item_id is not None}


def write_reminders(session: Session, *, now: datetime, clockwork: Clockwork) -> Written:
    """Write what is to be told at ``now``."""
    moment = Moment(session, now, clockwork, RuleBook.load(session))
    due = due_tellings(moment)
    tell, collapse = [*due.tell, *_of_the_morning(moment)], due.needless
    new = insert_new(session, Notice, _distinct(tell, NoticeState.PLANNED, now))
    collapsed = insert_new(session, Notice, _distinct(collapse, NoticeState.COLLAPSED, now))
    fresh = {telling.key: telling for telling in tell if telling.key in new}
    messages = _Writer(moment, new).write(list(fresh.values()))
    return Written(len(new), messages, len(collapsed))


def tellings(moment: Moment) -> Iterator[Telling]:
    """Yield what the sources have to tell that can be known beforehand."""
    yield from due_tellings(moment).tell
    yield from week_tellings(moment)
    yield from month_tellings(moment)


def _of_the_morning(moment: Moment) -> Iterable[Telling]:
    """Return what is asked once for each morning."""
    session, morning = moment.session, moment.clockwork.newest_morning(moment.now)
    insert_once(
        session, Gathered, {"source": "morning", "until": moment.clockwork.fresh_since(moment.now)}
    )
    row = session.get_one(Gathered, "morning", with_for_update=True, populate_existing=True)
    if row.until == morning:
        return []
    row.until = morning
    return list(chain.from_iterable(source(moment) for source in _OF_MORNINGS))


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one person is told on one day, with the key that this has for ever."""

    to: Recipient
    tellings: Sequence[Telling]
    leaves: datetime
    day: date

    @property
    def key(self) -> str:
        return f"{MessageKind.REMINDER}|{self.to.id}|{self.day.isoformat()}"

    @property
    def urgent(self) -> bool:
        return any(telling.step.urgent for telling in self.tellings)


class _Writer:
    """Finds a message for each telling: one a person and day."""

    def __init__(self, moment: Moment, notices: dict[str, int]) -> None:
        self._moment, self._notices = moment, notices
        self._postmark = Postmark.of(moment.session)

    def write(self, fresh: Sequence[Telling]) -> int:
        """Return how many messages were added."""
        written, letters = 0, self._letters(fresh, {})
        for _ in range(_MORNINGS):
            if not letters:
                break
            added = insert_new(self._moment.session, Message, [self._row(one) for one in letters])
            written += len(added)
            waiting = added | self._waiting([one for one in letters if one.key not in added])
            self._link([one for one in letters if one.key in waiting], waiting)
            late = [one for one in letters if one.key not in waiting]
            taken = {(one.to.id, one.urgent): one.day for one in late}
            letters = self._letters([each for one in late for each in one.tellings], taken)
        return written

    def _letters(
        self, fresh: Sequence[Telling], taken: dict[tuple[int, bool], date]
    ) -> list[_Letter]:
        """Return one letter for each person and day, after the days that are ``taken``."""
        clockwork, now = self._moment.clockwork, self._moment.now
        groups = defaultdict[tuple[Recipient, datetime], list[Telling]](list)
        known: dict[Any, datetime] = {}
        for telling in fresh:
            to, urgent = telling.to, telling.step.urgent
            after = taken.get((to.id, urgent)) or taken.get((to.id, not urgent))
            asked = to.hour, urgent, after
            if asked not in known:
                known[asked] = clockwork.leaves(now, to.hour, any_day=urgent, after=after)
            groups[to, known[asked]].append(telling)
        days = defaultdict[tuple[Recipient, date], list[tuple[datetime, list[Telling]]]](list)
        for (to, leaves), some in groups.items():
            days[to, local_day(leaves, clockwork.zone)].append((leaves, some))
        return [
            _Letter(
                to,
                [each for _at, some in parts for each in some],
                min(at for at, _some in parts),
                day,
            )
            for (to, day), parts in days.items()
        ]

    def _row(self, letter: _Letter) -> dict[str, Any]:
        """Return the row of this message; what it says hangs on its notices."""
        clockwork, moment = self._moment.clockwork, self._moment
        return message_row(
            key=letter.key,
            kind=MessageKind.REMINDER,
            person_id=letter.to.id,
            rcpt_to=letter.to.email,
            language=letter.to.language,
            params={},
            urgent=letter.urgent,
            next_attempt=letter.leaves,
            expires=clockwork.stale_after(letter.leaves),  # each notice has its own end before
            now=moment.now,
            postmark=self._postmark,
        )

    def _waiting(self, letters: Sequence[_Letter]) -> dict[str, int]:
        """Return the messages that are there already and that nobody has begun to send."""
        if not letters:
            return {}
        query = (
            select(Message.id, Message.key)
            .where(Message.key.in_([letter.key for letter in letters]))
            .where(Message.state == MessageState.READY, Message.attempts == 0)
            .with_for_update(skip_locked=True)
        )
        return {row.key: row.id for row in self._moment.session.execute(query)}

    def _link(self, letters: Sequence[_Letter], messages: dict[str, int]) -> None:
        rows = [
            {"notice": self._notices[telling.key], "message": messages[letter.key]}
            for letter in letters
            for telling in letter.tellings
        ]
        if rows:
            table = Notice.__table__
            statement = update(Notice).where(table.c.id == bindparam("notice"))
            linked = statement.values(message_id=bindparam("message"))
            self._moment.session.connection().execute(linked, rows)


def _distinct(
    tellings: Iterable[Telling], state: NoticeState, now: datetime
) -> list[dict[str, Any]]:
    """Return the rows of notices, each once."""
    return list({telling.key: _notice(telling, state, now) for telling in tellings}.values())


def _notice(telling: Telling, state: NoticeState, now: datetime) -> dict[str, Any]:
    return {
        "key": telling.key,
        "kind": telling.kind,
        "rule": telling.step.rule,
        "item_id": telling.item_id,
        "about_id": telling.about_id,
        "anchor_version": telling.anchor_version,
        "person_id": telling.to.id,
        "at": telling.step.at,
        "state": state,
        "facts": telling.facts,
        "created": now,
    }
