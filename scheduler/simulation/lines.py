"""What a played year shows: its campaigns, checklist items, notices and changes, read from the copy
when the clock has stopped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from events.campaigns.opening import self_opening
from events.days.reasons import DayReason
from events.installation import zone_of
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    Level,
    Person,
    Post,
    Round,
    Unit,
)
from events.units.tree import load_tree
from events.words.language import in_words
from events.working_calendar import work_calendar
from notifications.notices.table import Notice, NoticeState
from notifications.outbox.table import Message
from scheduler.simulation.copies import STAND_IN
from scheduler.simulation.stage import KEY, Told


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign that would open. ``dtend`` is the day after its last."""

    id: str
    observance: str
    year: int
    unit: str
    unit_name: str
    level: str
    opens: date
    dtstart: date
    dtend: date
    summary: str
    inside: str | None  # the campaign of the same unit that contains it


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A checklist item with its counted and its effective due date, and why they differ."""

    campaign: str
    template_key: str
    summary: str
    unit: str
    level: str
    role: str
    start: date | None
    nominal_due: date
    due: date
    reason: DayReason | None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice that would go out, at the hour of its mail. ``email`` is None where a stand-in holds
    the post; ``role`` and ``item`` are None where it is about no item.
    """

    at: datetime
    kind: str
    to: str
    email: str | None
    role: str | None
    unit: str
    item: str | None


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What happened to an item on the way: handed over, moved, closed; the values before and after
    as history keeps them.
    """

    at: datetime
    door: str
    unit: str
    item: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoryLine:
    """What happened on one morning, in the order in which it happened."""

    day: date
    told: Told


@dataclass(frozen=True, slots=True)
class Simulation:
    """The played years, ``until`` included."""

    year: int
    until: int
    story: list[StoryLine]
    campaigns: list[CampaignLine]
    items: list[ItemLine]
    notices: list[NoticeLine]
    changes: list[ChangeLine]
    # level -> template items that no unit takes, because none of that level is entered
    without_units: dict[str, int]
    levels: dict[str, dict[str, str]]  # level -> language -> title


def campaign_lines(session: Session, shown: set[int] | None) -> Iterator[CampaignLine]:
    of_campaign = Campaign.id, Campaign.outer_id, Round.period, Round.year, Round.summary
    days = Round.opens, Round.dtstart, Round.dtend
    place = Unit.id.label("unit_id"), Unit.key.label("unit"), Unit.full_name, Unit.level_key
    query = (
        select(*of_campaign, *days, KEY.label("observance"), *place)
        .select_from(Campaign)
        .join(Campaign.round)
        .join(Round.template)
        .outerjoin(Round.observance)
        .join(Campaign.unit)
    )
    found = session.execute(query.order_by(Round.opens, Round.dtstart, Unit.position)).all()
    names = {row.id: _reference(row.observance, row.period, row.unit) for row in found}
    for row in found:
        if shown is None or row.unit_id in shown:
            yield CampaignLine(
                id=names[row.id],
                observance=row.observance,
                year=row.year,
                unit=row.unit,
                unit_name=row.full_name,
                level=row.level_key,
                opens=row.opens,
                dtstart=row.dtstart,
                dtend=row.dtend,
                summary=row.summary,
                inside=names.get(row.outer_id or 0),
            )


def item_lines(session: Session, shown: set[int] | None) -> Iterator[ItemLine]:
    item = ChecklistItem
    facts = item.key, item.summary, item.role_key, item.dtstart, item.nominal_due, item.due
    place = KEY.label("observance"), Round.period, Unit.key.label("unit"), Unit.level_key
    query = (
        select(*facts, item.due_reason, *place, Unit.id)
        .join(item.campaign)
        .join(Campaign.round)
        .join(Round.template)
        .outerjoin(Round.observance)
        .join(Campaign.unit)
    )
    calendar = work_calendar(session)
    for row in session.execute(query.order_by(item.due, Unit.position, item.position)):
        if shown is None or row.id in shown:
            yield ItemLine(
                campaign=_reference(row.observance, row.period, row.unit),
                template_key=row.key,
                summary=row.summary,
                unit=row.unit,
                level=row.level_key,
                role=row.role_key,
                start=row.dtstart,
                nominal_due=row.nominal_due,
                due=row.due,
                reason=calendar.told(row.due_reason, row.nominal_due),
            )


def notice_lines(session: Session, shown: set[int] | None) -> Iterator[NoticeLine]:
    """Yield what would be told, by the hour at which its mail leaves; what is about no item is
    shown with the unit of whoever gets it.
    """
    item, unit, home = ChecklistItem, aliased(Unit), _homes(session)
    facts = (Notice.at, Notice.rule, Person.full_name, Person.email, item.role_key, item.key)
    place = (KEY.label("observance"), Round.period, unit.id, unit.key.label("unit"))
    query = (
        select(*facts, *place, Notice.person_id, Message.next_attempt.label("leaves"))
        .join(Person, Person.id == Notice.person_id)
        .outerjoin(Message, Message.id == Notice.message_id)
        .outerjoin(item, item.id == Notice.item_id)
        .outerjoin(item.campaign)
        .outerjoin(Campaign.round)
        .outerjoin(Round.template)
        .outerjoin(Round.observance)
        .outerjoin(unit, unit.id == Campaign.unit_id)
        .where(Notice.state != NoticeState.COLLAPSED)
        .order_by(Notice.at, unit.position, item.position, Notice.id)
    )
    zone = zone_of(session)
    for row in session.execute(query):
        unit_id, key = (row.id, row.unit) if row.id else home.get(row.person_id, (None, ""))
        if shown is None or unit_id in shown:
            stand_in = row.email.endswith("@" + STAND_IN)
            yield NoticeLine(
                at=(row.leaves or row.at).astimezone(zone),
                kind=row.rule,
                to=row.full_name,
                email=None if stand_in else row.email,
                role=row.role_key,
                unit=key,
                item=f"{_reference(row.observance, row.period, row.unit)}/{row.key}"
                if row.key
                else None,
            )


def _homes(session: Session) -> dict[int, tuple[int | None, str]]:
    """Return by person the first unit in which they hold a post."""
    query = select(Post.person_id, Unit.id, Unit.key).join(Unit, Unit.id == Post.unit_id)
    rows = session.execute(query.order_by(Post.id.desc()))
    return {person: (unit_id, key) for person, unit_id, key in rows}


def change_lines(session: Session, shown: set[int] | None) -> Iterator[ChangeLine]:
    place = (
        KEY.label("observance"),
        Round.period,
        Unit.id,
        Unit.key.label("unit"),
        ChecklistItem.key,
    )
    query = (
        select(Change.at, Change.door, Change.before, Change.after, *place)
        .join(Change.item)
        .join(ChecklistItem.campaign)
        .join(Campaign.round)
        .join(Round.template)
        .outerjoin(Round.observance)
        .join(Campaign.unit)
        .order_by(Change.at, Change.id)
    )
    for row in session.execute(query):
        if shown is None or row.id in shown:
            yield ChangeLine(
                at=row.at.astimezone(zone_of(session)),
                door=row.door.value,
                unit=row.unit,
                item=f"{_reference(row.observance, row.period, row.unit)}/{row.key}",
                before=row.before,
                after=row.after,
            )


def without_units(session: Session, years: range) -> dict[str, int]:
    """Count the template items of levels that have no unit at all, such as villages nobody has
    entered yet.
    """
    days = [day for year in years for day in (date(year, 1, 1), date(year, 7, 1))]
    present = {node.level for day in days for node in load_tree(session, day).nodes.values()}
    optional = set(session.scalars(select(Level.key).where(Level.is_optional)))
    counts: dict[str, int] = {}
    for template in self_opening(session):
        for item in template.current.items:
            for level in set(item.levels) - present - optional:
                counts[level] = counts.get(level, 0) + 1
    return counts


def level_titles(session: Session) -> dict[str, dict[str, str]]:
    """Return what levels are called, by key and language, the top first."""
    levels = session.scalars(select(Level).order_by(Level.rank))
    return {level.key: {"vi": level.title_vi, "en": level.title_en} for level in levels}


def _reference(key: str, period: str, unit: str) -> str:
    return f"{key}/{period}/{unit}"


def as_json(simulation: Simulation, language: str) -> dict[str, Any]:
    """Return the simulation as plain values; docs/simulate.md describes each key.

    The story, and why dates moved, are told in ``language``.
    """

    def plain(line: Any) -> dict[str, Any]:
        return {name: _plain(name, getattr(line, name), language) for name in line.__slots__}

    return {
        "year": simulation.year,
        "until": simulation.until,
        "story": [
            {
                "day": line.day.isoformat(),
                "rule": line.told.rule.value,
                "text": line.told.text(language),
                "refused": line.told.refused,
            }
            for line in simulation.story
        ],
        "campaigns": [plain(line) for line in simulation.campaigns],
        "items": [plain(line) for line in simulation.items],
        "notices": [plain(line) for line in simulation.notices],
        "changes": [plain(line) for line in simulation.changes],
        "without_units": simulation.without_units,
    }


def _plain(name: str, value: Any, language: str) -> Any:
    if name == "due_reason" and value:  # as history keeps it
        value = DayReason.from_plain(value)
    if isinstance(value, dict):
        return {key: _plain(key, inner, language) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, date) else in_words(value, language)
