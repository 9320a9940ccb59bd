"""Why somebody got a mail about an item, or did not: what was planned, told, left out or refused,
in the order of time, and what stands against the next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.checklist.charge import is_in_charge
from events.errors import N_
from events.installation import day_here
from events.models import CampaignStatus, ChecklistItem, ItemKind, Person
from events.words.language import Said
from notifications.notices.rule_words import rule_in_words
from notifications.notices.rules import RuleBook
from notifications.notices.steps import Clockwork, Dates
from notifications.notices.table import Notice, NoticeState
from notifications.outbox.suppression import Suppression
from notifications.outbox.table import Message, MessageState

_STATES = {
    MessageState.READY: N_("waits"),
    MessageState.LEASED: N_("is taken by the relay"),
    MessageState.SENDING: N_("is being handed over"),
    MessageState.SENT: N_("sent"),
    MessageState.FAILED: N_("refused for good"),
    MessageState.SUPPRESSED: N_("not sent: the address was refused before"),
    MessageState.CANCELLED: N_("not sent any more"),
    MessageState.EXPIRED: N_("too old to be sent"),
    MessageState.BOUNCED: N_("came back"),
    MessageState.UNKNOWN: N_("nobody knows whether it arrived"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One step that was planned: its rule, its moment, what became of it and the server's words."""

    at: datetime
    rule: Said
    became: Said
    mail: Message | None
    is_of_old_dates: bool


@dataclass(frozen=True, slots=True)
class Why:
    """``against`` is what keeps the next mail away; ``ahead`` the steps to come."""

    told: Sequence[Told]
    against: Sequence[Said]
    ahead: Sequence[tuple[datetime, Said]]


def why(
    session: Session, person: Person, item: ChecklistItem, *, now: datetime, clockwork: Clockwork
) -> Why:
    """Return what ``person`` was and was not told about ``item``."""
    query = (
        select(Notice)
        .where(Notice.item_id == item.id, Notice.person_id == person.id)
        .options(joinedload(Notice.message))
        .order_by(Notice.at, Notice.id)
    )
    notices = session.scalars(query).all()
    against = list(_against(session, person, item, day_here(session, now), now))
    steps = clockwork.steps(_dates_of(session, item))
    told_at = max(
        (one.at for one in notices if one.anchor_version == item.anchor_version), default=None
    )
    ahead = [
        (step.at, rule_in_words(step.rule))
        for step in steps
        if step.at > now and (told_at is None or step.at > told_at)
    ]
    return Why([_told(one, notices, item) for one in notices], against, () if against else ahead)


def items_told(session: Session, message: Message) -> Sequence[ChecklistItem]:
    """Return the items that a message is about."""
    query = select(ChecklistItem).join(Notice, Notice.item_id == ChecklistItem.id)
    return session.scalars(query.where(Notice.message_id == message.id)).unique().all()


def _dates_of(session: Session, item: ChecklistItem) -> Dates:
    """Return what the steps of an item depend on, by the rules of whoever does it."""
    phase, campaign = item.phase, item.campaign
    kind = ItemKind.of(is_the_day=phase.is_the_day, sums_up=phase.sums_up)
    unit_id = item.delegate_unit_id or campaign.unit_id
    rhythm = RuleBook.load(session).rhythm(unit_id, campaign.template_id, kind)
    return Dates(item.due, item.dtstart, phase.is_the_day, rhythm)


def state_in_words(state: MessageState) -> Said:
    return Said(_STATES[state])


def _told(notice: Notice, all_of_them: Sequence[Notice], item: ChecklistItem) -> Told:
    is_old = notice.anchor_version != item.anchor_version
    rule = rule_in_words(notice.rule)
    return Told(notice.at, rule, _became(notice, all_of_them), notice.message, is_old)


def _became(notice: Notice, all_of_them: Sequence[Notice]) -> Said:
    if notice.state is NoticeState.COLLAPSED:
        newer = (
            one
            for one in all_of_them
            if one.at > notice.at
            and one.anchor_version == notice.anchor_version
            and one.state is not NoticeState.COLLAPSED
        )
        instead = next(newer, None)
        if instead is None:
            return Said(N_("left out for a newer step"))
        return Said(
            N_("left out for a newer step: %(rule)s"), {"rule": rule_in_words(instead.rule)}
        )
    if notice.state is NoticeState.CANCELLED:
        return Said(N_("nothing was left to say when its mail was about to leave"))
    if notice.message is None:
        return Said(N_("its mail ended long ago and is forgotten"))
    return state_in_words(notice.message.state)


def _against(
    session: Session, person: Person, item: ChecklistItem, today: date, now: datetime
) -> Iterator[Said]:
    if not item.is_open:
        yield Said(N_("The item is done, or not to be done."))
    if item.for_reference:
        yield Said(N_("Nobody owes the item: it was due before the start line."))
    if item.campaign.status is CampaignStatus.CANCELLED:
        yield Said(N_("The campaign was cancelled."))
    if not is_in_charge(session, person, item, today):
        yield Said(N_("This person is not in charge of the item today."))
    if not person.email:
        yield Said(N_("There is no address of this person."))
        return
    refused = session.get(Suppression, person.email.lower())
    if refused is not None and refused.until > now:
        facts = {"until": f"{refused.until:%d/%m/%Y}", "words": refused.words}
        said = N_("The address gets no reminders until %(until)s. The server said: %(words)s")
        yield Said(said, facts)
