"""Write reminders: open items become notices, and what one person should hear at the same moment
becomes one message.

Everything happens in the caller's transaction and in sets: the number of statements depends neither
on the number of items nor on that of people. A notice is inserted only if its key is new, and only
notices that were inserted here become part of a message; so running again, in two processes or
after the clock was set back writes nothing twice.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from events.checklist.charge import in_charge
from events.installation import day_here
from events.models import Campaign, CampaignStatus, ChecklistItem, Person, Phase, Post
from events.models.campaigns import same_round
from events.models.items import OPEN
from notifications.notices.steps import Clockwork, Dates, Step, Told
from notifications.notices.table import Notice, NoticeState
from notifications.outbox.sets import insert_new
from notifications.outbox.table import Message, MessageKind
from notifications.outbox.writing import Postmark, message_row

_CHANNEL = "mail"


@dataclass(frozen=True, slots=True)
class Written:
    """What one run added.

    ``notices`` are those that a message tells; ``collapsed`` ones are only recorded.
    """

    notices: int = 0
    messages: int = 0
    collapsed: int = 0


@dataclass(frozen=True, slots=True)
class _Telling:
    """A person, an item and the step to tell, with the key that this has for ever."""

    row: Any
    step: Step
    key: str

    @classmethod
    def of(cls, row: Any, step: Step) -> "_Telling":
        what = f"{MessageKind.REMINDER}|{row.item_id}|{step.rule}"
        return cls(row, step, f"{what}|{row.anchor_version}|{row.person_id}|{_CHANNEL}")

    def notice(self, state: NoticeState, now: datetime) -> dict[str, Any]:
        """Return the row of this notice."""
        return {
            "key": self.key,
            "kind": MessageKind.REMINDER,
            "rule": self.step.rule,
            "item_id": self.row.item_id,
            "anchor_version": self.row.anchor_version,
            "person_id": self.row.person_id,
            "at": self.step.at,
            "state": state,
            "created": now,
        }


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
    return set(session.scalars(query.where(same_round(root), *sent).distinct()))


def write_reminders(session: Session, *, now: datetime, clockwork: Clockwork) -> Written:
    """Write what is due at ``now`` to everybody who holds the post of an open item and has an
    address.
    """
    told = _Clerk(now, clockwork)
    tell, collapse = [], []
    for row in _to_tell(session, told, day_here(session, now)):
        due = told.news(row)
        if due:
            tell.append(_Telling.of(row, due.step))
            collapse += [
                _Telling.of(row, step)
                for step in due.collapsed
                if row.told_at is None or row.told_at < step.at
            ]
    new = insert_new(session, Notice, _distinct(tell, NoticeState.PLANNED, now))
    collapsed = insert_new(session, Notice, _distinct(collapse, NoticeState.COLLAPSED, now))
    letters = told.letters([telling for telling in tell if telling.key in new])
    messages = _send(session, letters, now) if letters else {}
    _link(session, letters, new, messages)
    return Written(len(new), len(messages), len(collapsed))


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one person is told at one moment, with the key that this has for ever."""

    key: str
    tellings: list[_Telling]
    leaves: datetime
    expires: datetime

    def row(self, now: datetime, postmark: Postmark) -> dict[str, Any]:
        """Return the row of this message; its items hang on its notices."""
        person = self.tellings[0].row
        return message_row(
            key=self.key,
            kind=MessageKind.REMINDER,
            person_id=person.person_id,
            rcpt_to=person.email,
            language=person.language,
            params={},
            urgent=any(telling.step.urgent for telling in self.tellings),
            next_attempt=self.leaves,
            expires=self.expires,
            now=now,
            postmark=postmark,
        )


class _Clerk:
    """Works out steps and moments, each once: items of many units share their dates."""

    def __init__(self, now: datetime, clockwork: Clockwork) -> None:
        self._now, self._clockwork = now, clockwork
        self._known: dict[tuple[date, date | None, bool], Told | None] = {}
        self.window = clockwork.window(now)

    def due(self, row: Any) -> Told | None:
        dates = row.due, row.dtstart, row.is_the_day
        if dates not in self._known:
            self._known[dates] = self._clockwork.due_step(Dates(*dates), self._now)
        return self._known[dates]

    def news(self, row: Any) -> Told | None:
        """Return what is due of a row, unless its newest step was told already."""
        due = self.due(row)
        return due if due and (row.told_at is None or row.told_at < due.step.at) else None

    def letters(self, tellings: Sequence[_Telling]) -> list[_Letter]:
        """Return one letter for each person and moment of leaving."""
        if not tellings:
            return []
        leave = self._clockwork.next_working_moment
        moments = {urgent: leave(self._now, any_day=urgent) for urgent in (True, False)}
        expiry = {step: self._clockwork.stale_from(step) for step in {t.step for t in tellings}}
        # by key, since somebody may hold the same post twice
        groups: dict[tuple[int, datetime], dict[str, _Telling]] = defaultdict(dict)
        for telling in tellings:
            leaves = moments[telling.step.urgent]
            groups[telling.row.person_id, leaves][telling.key] = telling
        return [
            _Letter(
                f"{MessageKind.REMINDER}|{min(group)}",
                list(group.values()),
                leaves,
                max(expiry[telling.step] for telling in group.values()),
            )
            for (_person, leaves), group in groups.items()
        ]


def _to_tell(session: Session, clerk: _Clerk, today: date) -> Sequence[Any]:
    """Return open items of which there is something to tell, with whom to tell and the newest step
    that was told already.

    Items of many units share their dates: on most mornings these alone say that there is no news.
    """
    first, last = clerk.window
    asked = {"first": first, "last": last, "today": today}
    news = {row.due for row in session.execute(_dates_to_tell(), asked) if clerk.news(row)}
    return session.execute(_rows_to_tell(), asked | {"news": news}).all() if news else ()


@cache  # every morning asks both, and building them takes longer than asking
def _dates_to_tell() -> Select[Any]:
    """Return the query for the dates of open items, with the newest step that was told already."""
    return _open_ones().with_only_columns(*_dates(), _told_at()).distinct()


@cache
def _rows_to_tell() -> Select[Any]:
    """Return the query for open items that are due on the days ``news``, with whom to tell."""
    columns = (
        ChecklistItem.id.label("item_id"),
        *_dates(),
        ChecklistItem.anchor_version,
        Person.id.label("person_id"),
        Person.email,
        Person.language,
        _told_at(),
    )
    news = bindparam("news", expanding=True, type_=Date)
    query = _open_ones().with_only_columns(*columns).where(ChecklistItem.due.in_(news))
    return query.order_by(ChecklistItem.due, ChecklistItem.id)


def _dates() -> tuple[Any, ...]:
    return ChecklistItem.due, ChecklistItem.dtstart, Phase.is_the_day


def _open_ones() -> Select[Any]:
    """Return the query for items open ``today`` that start or are due from ``first`` to ``last``,
    and the posts and persons in charge of them.
    """
    first, last = bindparam("first", type_=Date), bindparam("last", type_=Date)
    in_window = or_(ChecklistItem.due <= last, ChecklistItem.dtstart.between(first, last))
    return (
        select(ChecklistItem.id)
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .join(ChecklistItem.phase)
        .join(Post, in_charge())
        .join(Person, Person.id == Post.person_id)
        .where(ChecklistItem.status.in_(OPEN), ChecklistItem.due >= first, in_window)
        .where(ChecklistItem.is_owed())
        .where(
            Campaign.status != CampaignStatus.CANCELLED,
            Post.on(bindparam("today", type_=Date)),
            Person.email.is_not(None),
        )
    )


def _told_at() -> ColumnElement[datetime]:
    """Return when the newest step of an item was that its person was told of, on its dates."""
    return (
        select(func.max(Notice.at))
        .where(
            Notice.item_id == ChecklistItem.id,
            Notice.person_id == Post.person_id,
            Notice.anchor_version == ChecklistItem.anchor_version,
        )
        .scalar_subquery()
        .label("told_at")
    )


def _distinct(
    tellings: Sequence[_Telling], state: NoticeState, now: datetime
) -> list[dict[str, Any]]:
    """Return the rows of notices, each once: somebody may hold the same post twice."""
    return list({telling.key: telling.notice(state, now) for telling in tellings}.values())


def _send(session: Session, letters: Sequence[_Letter], now: datetime) -> dict[str, int]:
    """Put letters into the outbox and return the ids of their messages by key."""
    postmark = Postmark.of(session)
    return insert_new(session, Message, [letter.row(now, postmark) for letter in letters])


def _link(
    session: Session, letters: Sequence[_Letter], notices: dict[str, int], messages: dict[str, int]
) -> None:
    rows = list(_links(letters, notices, messages))
    if rows:
        table = Notice.__table__
        statement = (
            update(Notice)
            .where(table.c.id == bindparam("notice"))
            .values(message_id=bindparam("message"))
        )
        session.connection().execute(statement, rows)


def _links(
    letters: Sequence[_Letter], notices: dict[str, int], messages: dict[str, int]
) -> Iterator[dict[str, int]]:
    for letter in letters:
        message = messages[letter.key]
        for telling in letter.tellings:
            yield {"notice": notices[telling.key], "message": message}
