"""Whether notices still have something to say when their message is about to leave, and that what
waits for one person leaves as one message.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CursorResult, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from events.checklist.listing import is_to_do
from events.localtime import at_local, local_day
from events.models import Activity, Campaign, CampaignStatus, ChecklistItem, Post
from notifications.notices.gatherings import invited, is_to_come
from notifications.notices.recipients import Directory, Recipient, gets_mail, wishes_of
from notifications.notices.regular import week_people
from notifications.notices.rules import RuleBook
from notifications.notices.steps import Clockwork
from notifications.notices.table import Notice, NoticeKind, NoticeState, cancel_notices
from notifications.notices.tellings import Moment, item_columns
from notifications.outbox.table import HELD, Message, MessageKind, MessageState

# an older notice of these says nothing beside a newer one about the same
_ONLY_NEWEST = (NoticeKind.DUE, NoticeKind.INVITED, NoticeKind.WEEK, NoticeKind.MONTH)
TOLD_TOGETHER = "told in another mail of the same morning"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of claimed messages, by id: those that leave, those whose notices another one
    carries now, and those that wait until their reader's next morning.
    """

    wanted: set[int]
    elsewhere: set[int] = field(default_factory=set)
    later: dict[int, datetime] = field(default_factory=dict)


def look_again(
    session: Session,
    messages: Sequence[Message],
    *,
    beside: Collection[int] = (),
    now: datetime,
    clockwork: Clockwork,
) -> Verdict:
    """Make one message of what waits for a person, cancel the notices that have nothing left to
    say, and return what leaves.

    ``beside`` are messages that were claimed with these and do not leave.
    """
    ended = {*beside, *(message.id for message in messages)}
    keepers, elsewhere, later = _one_for_each(session, messages, ended, now, clockwork)
    moment = Moment(session, now, clockwork, RuleBook())
    return Verdict(_still_wanted(moment, keepers), elsewhere, later)


def _one_for_each(
    session: Session,
    messages: Sequence[Message],
    claimed: Collection[int],
    now: datetime,
    clockwork: Clockwork,
) -> tuple[set[int], set[int], dict[int, datetime]]:
    busy, waiting = _others(session, messages, claimed, now, clockwork)
    keepers, elsewhere, later = set[int](), set[int](), dict[int, datetime]()
    for person_id, mine in _by_person(messages).items():
        first = max(mine, key=lambda message: (message.doubts > 0, message.id))
        rest = [message for message in mine if message is not first]
        if person_id in busy and not first.doubts:
            rest.append(first)
        else:
            keepers.add(first.id)
        if person_id in busy or first.doubts:
            later |= {message.id: _next_time(message, now, clockwork) for message in rest}
            continue
        moved = {message.id for message in rest} | _take(session, waiting.get(person_id, ()))
        _hand_over(session, moved, first.id)
        elsewhere |= {message.id for message in rest}
    return keepers, elsewhere, later


def _others(
    session: Session,
    messages: Sequence[Message],
    claimed: Collection[int],
    now: datetime,
    clockwork: Clockwork,
) -> tuple[set[int], Mapping[int, Sequence[int]]]:
    """Return who got a mail today already or is just getting one, and by person what else of
    theirs is ready.
    """
    today = at_local(local_day(now, clockwork.zone), time.min, clockwork.zone)
    held = Message.state.in_(HELD) & (Message.leased_until > now)
    sent = (Message.state == MessageState.SENT) & (Message.sent_at >= today)
    is_ready = (Message.state == MessageState.READY) & (Message.next_attempt <= now)
    query = select(Message.id, Message.person_id, is_ready.label("is_ready")).where(
        Message.kind == MessageKind.REMINDER,
        Message.person_id.in_({message.person_id for message in messages}),
        Message.id.not_in(claimed),
        or_(held, sent, is_ready),
    )
    busy, waiting = set[int](), defaultdict[int, list[int]](list)
    for row in session.execute(query):
        if row.is_ready:
            waiting[row.person_id].append(row.id)
        else:
            busy.add(row.person_id)
    return busy, waiting


def _by_person(messages: Sequence[Message]) -> Mapping[int, Sequence[Message]]:
    found = defaultdict[int, list[Message]](list)
    for message in messages:
        if message.person_id is not None:
            found[message.person_id].append(message)
    return found


def _next_time(message: Message, now: datetime, clockwork: Clockwork) -> datetime:
    today = local_day(now, clockwork.zone)
    return clockwork.leaves(now, None, any_day=message.urgent, after=today)


def _take(session: Session, ids: Sequence[int]) -> set[int]:
    """End messages that nobody has claimed, and return those that were still there."""
    taken = set[int]()
    for message_id in ids:
        ready = update(Message).where(Message.id == message_id, Message.state == MessageState.READY)
        ended = ready.values(
            state=MessageState.CANCELLED, next_attempt=None, reply=TOLD_TOGETHER
        ).execution_options(synchronize_session=False)
        result = session.execute(ended)
        assert isinstance(result, CursorResult)
        taken |= {message_id} if result.rowcount else set()
    return taken


def _hand_over(session: Session, ids: Collection[int], keeper: int) -> None:
    """Let another message carry what these would have told."""
    if ids:
        theirs = Notice.message_id.in_(ids) & (Notice.state == NoticeState.PLANNED)
        session.execute(
            update(Notice)
            .where(theirs)
            .values(message_id=keeper)
            .execution_options(synchronize_session=False)
        )


def _still_wanted(moment: Moment, message_ids: Collection[int]) -> set[int]:
    """Cancel what has nothing left to say, and return the messages that still carry something."""
    if not message_ids:
        return set()
    rows = moment.session.execute(_rows(message_ids)).all()
    judge = _Judge(moment, rows)
    wanted = {row.id: judge.wants(row) for row in rows}
    cancel_notices(moment.session, [row.id for row in rows if not wanted[row.id]])
    return {row.message_id for row in rows if wanted[row.id]}


def _rows(message_ids: Collection[int]) -> Any:
    newer = aliased(Notice)
    is_outdated = exists().where(
        newer.person_id == Notice.person_id,
        newer.kind == Notice.kind,
        func.coalesce(newer.item_id, 0) == func.coalesce(Notice.item_id, 0),
        func.coalesce(newer.about_id, 0) == func.coalesce(Notice.about_id, 0),
        newer.anchor_version == Notice.anchor_version,
        or_(newer.at > Notice.at, and_(newer.at == Notice.at, newer.id > Notice.id)),
        newer.state == NoticeState.PLANNED,
    )
    notice = (
        Notice.id,
        Notice.message_id,
        Notice.kind,
        Notice.rule,
        Notice.at,
        Notice.about_id,
        Notice.person_id,
        (Notice.anchor_version == ChecklistItem.anchor_version).label("is_same_day"),
        and_(Notice.kind.in_(_ONLY_NEWEST), is_outdated).label("is_outdated"),
    )
    item = (
        *item_columns(),
        is_to_do().label("is_to_do"),
        ChecklistItem.due,
        ChecklistItem.blocked,
    )
    return (
        select(*notice, *item)
        .outerjoin(ChecklistItem, ChecklistItem.id == Notice.item_id)
        .outerjoin(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .where(Notice.message_id.in_(message_ids), Notice.state == NoticeState.PLANNED)
    )


class _Judge:
    """Knows what notices of one batch are about as it is now."""

    def __init__(self, moment: Moment, rows: Sequence[Any]) -> None:
        self._moment = moment
        self._campaigns = self._of(Campaign, rows, NoticeKind.OPENED)
        self._activities = self._of(Activity, rows, NoticeKind.INVITED)
        units = {row.unit_id for row in rows if row.unit_id is not None}
        units |= {one.unit_id for one in self._campaigns.values()}
        units |= {row.about_id for row in rows if row.kind is NoticeKind.MONTH}
        units |= self._units_of({row.person_id for row in rows if row.kind is NoticeKind.WEEK})
        self._directory = Directory.load(moment.session, moment.today, units)
        self._weeks: dict[str, set[int]] = {}
        self._wishes = wishes_of(moment.session, {row.person_id for row in rows})
        self._asks: Mapping[NoticeKind, Callable[[Any], bool]] = {
            NoticeKind.DUE: self._in_charge,
            NoticeKind.MOVED: self._in_charge,
            NoticeKind.ASSIGNED: self._is_theirs,
            NoticeKind.LATE: self._is_late,
            NoticeKind.BLOCKED: self._is_blocked,
            NoticeKind.OPENED: self._is_open,
            NoticeKind.INVITED: self._is_invited,
            NoticeKind.WEEK: self._has_work,
            NoticeKind.MONTH: self._leads,
        }

    def wants(self, row: Any) -> bool:
        """Tell whether a notice still has something to say."""
        if row.is_outdated or self._moment.clockwork.stale_after(row.at) <= self._moment.now:
            return False
        if not gets_mail(self._wishes.get(row.person_id), self._moment.today):
            return False
        return self._asks[row.kind](row)

    def _of(self, model: type[Any], rows: Sequence[Any], kind: NoticeKind) -> dict[int, Any]:
        ids = {row.about_id for row in rows if row.kind is kind}
        found = self._moment.session.scalars(select(model).where(model.id.in_(ids)))
        return {one.id: one for one in found} if ids else {}

    def _in_charge(self, row: Any) -> bool:
        return bool(row.is_same_day) and self._is_theirs(row)

    def _is_theirs(self, row: Any) -> bool:
        return bool(row.is_to_do) and _is_among(row, self._directory.charge_of(row))

    def _is_late(self, row: Any) -> bool:
        hops = int(row.rule.rpartition("-")[2])
        chiefs = self._directory.chiefs(self._directory.above(row.unit_id, hops))
        is_late = bool(row.is_to_do) and row.is_same_day and row.due < self._moment.today
        return is_late and _is_among(row, chiefs)

    def _is_blocked(self, row: Any) -> bool:
        contact = self._directory.contact(self._directory.above(row.unit_id))
        return bool(row.is_to_do) and row.blocked is not None and _is_among(row, contact)

    def _is_open(self, row: Any) -> bool:
        campaign = self._campaigns.get(row.about_id)
        if campaign is None or campaign.status is CampaignStatus.CANCELLED:
            return False
        return _is_among(row, self._directory.people.get(campaign.unit_id, ()))

    def _is_invited(self, row: Any) -> bool:
        activity = self._activities.get(row.about_id)
        if activity is None or not is_to_come(activity, self._moment):
            return False
        return _is_among(row, invited(self._moment, activity))

    def _units_of(self, people: Collection[int]) -> set[int]:
        held = select(Post.unit_id).where(Post.person_id.in_(people), Post.on(self._moment.today))
        return set(self._moment.session.scalars(held)) if people else set()

    def _has_work(self, row: Any) -> bool:
        monday = row.rule.removeprefix("week-")
        if monday not in self._weeks:
            units = frozenset(self._directory.people)
            moment = replace(self._moment, units=units)
            people = week_people(moment, date.fromisoformat(monday), self._directory)
            self._weeks[monday] = {to.id for to in people}
        return row.person_id in self._weeks[monday]

    def _leads(self, row: Any) -> bool:
        return _is_among(row, self._directory.leaders.get(row.about_id, ()))


def _is_among(row: Any, people: Sequence[Recipient]) -> bool:
    return any(one.id == row.person_id for one in people)
