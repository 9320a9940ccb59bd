"""Play a year with a moved clock on a copy in memory: the real jobs, no campaign of the real database, nothing written or sent.

The copy holds the catalogue as it was edited, the units, the people and their posts. Where nobody holds a post, a stand-in takes
it, so that every notice shows whom it would reach.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, exists, func, insert, select
from sqlalchemy.orm import Session, aliased

from events import database
from events.campaigns import open_campaigns, self_opening
from events.catalog import Catalog
from events.catalog_import import import_catalog
from events.database import SessionFactory
from events.handover import hand_over_due
from events.localtime import VIETNAM, at_local
from events.models import Campaign, Change, ChecklistItem, Observance, Person, Post, Role, Template, Unit
from events.models.campaigns import OPEN
from events.observances import work_calendar
from events.people import held
from events.recurrence import check_year
from events.rounds import rounds_of
from events.units import alive, get_unit, load_tree, subtree_ids
from events.workdays import WorkCalendar
from notifications.notices import ReminderRules
from notifications.outbox import Notice, NoticeState
from notifications.reminders import write_reminders
from scheduler.surprises import Surprise, strike
from scheduler.tables import metadata

_STAND_IN = "example.invalid"  # RFC 2606: an address that can never be anybody's
# Only what campaigns are made from is copied; everything that came of them stays behind.
_COPIED = {"level", "unit", "unit_succession", "role", "person", "post", "observance", "title_period", "theme", "calendar_day"}
_COPIED |= {"decided_year", "proposed_holiday", "phase", "evidence_type", "template", "template_version", "template_item"}
_KEY = func.coalesce(Observance.key, Template.key)  # what people call a campaign by
_A_DAY = timedelta(days=1)
_AFTER_THE_LAST = timedelta(days=14)  # until the last overdue notice went out, also across a long break

Progress = Callable[[int, int], None]


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
    reason: str | None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice that would go out. ``email`` is None where a stand-in holds the post."""

    at: datetime
    kind: str
    to: str
    email: str | None
    role: str
    unit: str
    item: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What happened to an item on the way: handed over, moved, closed; the values before and after as history keeps them."""

    at: datetime
    door: str
    unit: str
    item: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The played years, ``until`` included."""

    year: int
    until: int
    campaigns: list[CampaignLine]
    items: list[ItemLine]
    notices: list[NoticeLine]
    changes: list[ChangeLine]
    without_units: dict[str, int]  # level -> template items that no unit takes, because none of that level is entered


def copy_of(engine: Engine) -> SessionFactory:
    """Return a database in memory with the catalogue, units and people of ``engine``, without campaigns and mail."""
    factory = _memory()
    with engine.execution_options(read_only=True).connect() as source, factory.begin() as target:
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in source.execute(select(table)).mappings()] if table.name in _COPIED else []
            if rows:
                target.execute(insert(table), rows)
    return factory


def copy_of_catalog(catalog: Catalog, now: datetime) -> SessionFactory:
    """Return a database in memory with a catalogue as shipped."""
    factory = _memory()
    with factory.begin() as session:
        import_catalog(session, catalog, now=now)
    return factory


def simulate(
    copy: SessionFactory,
    year: int,
    *,
    until: int | None = None,
    surprises: Sequence[Surprise] = (),
    unit: str | None = None,
    rules: ReminderRules | None = None,
    zone: ZoneInfo = VIETNAM,
    count_announced: bool = True,
    progress: Progress = lambda done, total: None,
) -> Simulation:
    """Play the campaigns of ``year`` (to ``until``) on ``copy`` from the first opening to the last overdue notice.

    ``surprises`` strike on their day. With ``unit`` (key or slug) only what concerns that unit and those below it is returned.
    Raises ``YearOutOfRangeError`` and ``NotFoundError``.
    """
    years = range(year, (until or year) + 1)
    for each in years:
        check_year(each)
    rules = rules or ReminderRules()
    with copy.begin() as session:
        only = get_unit(session, unit) if unit else None
        calendar = work_calendar(session, count_announced=count_announced)
        for day in _days(session, years, progress):
            _play_day(session, day, years, surprises, calendar=calendar, rules=rules, zone=zone)
        shown = set(session.scalars(subtree_ids(only.id, date(year, 1, 1)))) | {only.id} if only else None
        return Simulation(
            year,
            years[-1],
            list(_campaign_lines(session, shown)),
            list(_item_lines(session, shown)),
            list(_notice_lines(session, shown, zone)),
            list(_change_lines(session, shown, zone)),
            _without_units(session, years),
        )


def _memory() -> SessionFactory:
    engine = database.create_engine("sqlite://")
    metadata.create_all(engine)
    return database.create_session_factory(engine)


def _days(session: Session, years: range, progress: Progress) -> Iterator[date]:
    """Yield the days to play. The last one is known only when everything is open."""
    rounds = [found for template in self_opening(session) for year in years for found in rounds_of(template, year)]
    day = first = min((found.opens for found in rounds), default=date(years[0], 1, 1))
    last = date(years[-1], 12, 31)
    while day <= last:
        yield day
        if day.day == 1 or day == last:
            due = session.scalars(select(ChecklistItem.due).order_by(ChecklistItem.due.desc()).limit(1)).first()
            last = max(last, due + _AFTER_THE_LAST) if due else last
        progress((day - first).days + 1, (last - first).days + 1)
        day += _A_DAY


def _play_day(
    session: Session,
    day: date,
    years: range,
    surprises: Sequence[Surprise],
    *,
    calendar: WorkCalendar,
    rules: ReminderRules,
    zone: ZoneInfo,
) -> None:
    morning = at_local(day, max(rules.send_at, time(7, 30)), zone)
    opened = [open_campaigns(session, now=morning, calendar=calendar, zone=zone, year=year) for year in years]
    reformed = session.scalar(select(exists().where(Unit.valid_to == day - _A_DAY)))
    if reformed:
        hand_over_due(session, by=None, now=morning)
    if any(opened) or reformed:
        _fill_posts(session, day)
    for surprise in surprises:
        strike(session, surprise, today=day, now=morning, calendar=calendar)
    write_reminders(session, now=morning, calendar=calendar, rules=rules, zone=zone)


def _fill_posts(session: Session, day: date) -> None:
    """Put a stand-in in every post that an item asks for and nobody holds."""
    still_open = (alive(day), ChecklistItem.status.in_(OPEN))
    wanted = select(Campaign.unit_id, ChecklistItem.role_key).join(Campaign.items).join(Campaign.unit).where(*still_open).distinct()
    someone = exists().where(Post.unit_id == Campaign.unit_id, Post.role_key == ChecklistItem.role_key, held(day))
    vacant = session.execute(wanted.where(~someone)).all()
    roles = {role.key: role.title_vi for role in session.scalars(select(Role))}
    names = dict(session.execute(select(Unit.id, Unit.full_name)).all())
    people = [
        {
            "uid": f"{unit_id}.{role}@{_STAND_IN}",
            "email": f"{unit_id}.{role}@{_STAND_IN}",
            "full_name": f"{roles[role]} – {names[unit_id]}",
            "language": "vi",
            "is_demo": True,
            "search": "",
        }
        for unit_id, role in vacant
    ]
    if not people:
        return
    session.execute(insert(Person), people)
    ids = dict(session.execute(select(Person.uid, Person.id)).all())
    posts = [{"person_id": ids[f"{u}.{role}@{_STAND_IN}"], "unit_id": u, "role_key": role} for u, role in vacant]
    session.execute(insert(Post), posts)


def _campaign_lines(session: Session, shown: set[int] | None) -> Iterator[CampaignLine]:
    query = select(Campaign, _KEY, Unit).join(Campaign.template).outerjoin(Campaign.observance).join(Campaign.unit)
    found = session.execute(query.order_by(Campaign.opens, Campaign.dtstart, Unit.position)).all()
    names = {campaign.id: _reference(key, campaign.period, unit.key) for campaign, key, unit in found}
    for campaign, observance, unit in found:
        if shown is None or unit.id in shown:
            yield CampaignLine(
                id=_reference(observance, campaign.period, unit.key),
                observance=observance,
                year=campaign.year,
                unit=unit.key,
                unit_name=unit.full_name,
                level=unit.level_key,
                opens=campaign.opens,
                dtstart=campaign.dtstart,
                dtend=campaign.dtend,
                summary=campaign.summary,
                inside=names.get(campaign.outer_id or 0),
            )


def _item_lines(session: Session, shown: set[int] | None) -> Iterator[ItemLine]:
    item = ChecklistItem
    facts = (item.key, item.summary, item.role_key, item.dtstart, item.nominal_due, item.due, item.due_reason)
    place = (_KEY.label("observance"), Campaign.period, Unit.id, Unit.key.label("unit"), Unit.level_key)
    query = select(*facts, *place).join(item.campaign).join(Campaign.template).outerjoin(Campaign.observance).join(Campaign.unit)
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
                reason=row.due_reason,
            )


def _notice_lines(session: Session, shown: set[int] | None, zone: ZoneInfo) -> Iterator[NoticeLine]:
    item, unit = ChecklistItem, aliased(Unit)
    facts = (Notice.at, Notice.rule, Person.full_name, Person.email, item.role_key, item.key)
    place = (_KEY.label("observance"), Campaign.period, unit.id, unit.key.label("unit"))
    query = (
        select(*facts, *place)
        .join(Person, Person.id == Notice.person_id)
        .join(item, item.id == Notice.item_id)
        .join(item.campaign)
        .join(Campaign.template)
        .outerjoin(Campaign.observance)
        .join(unit, unit.id == Campaign.unit_id)
        .where(Notice.state != NoticeState.COLLAPSED)
        .order_by(Notice.at, unit.position, item.position)
    )
    for row in session.execute(query):
        if shown is None or row.id in shown:
            stand_in = row.email.endswith("@" + _STAND_IN)
            yield NoticeLine(
                at=row.at.astimezone(zone),
                kind=row.rule,
                to=row.full_name,
                email=None if stand_in else row.email,
                role=row.role_key,
                unit=row.unit,
                item=f"{_reference(row.observance, row.period, row.unit)}/{row.key}",
            )


def _change_lines(session: Session, shown: set[int] | None, zone: ZoneInfo) -> Iterator[ChangeLine]:
    place = (_KEY.label("observance"), Campaign.period, Unit.id, Unit.key.label("unit"), ChecklistItem.key)
    query = (
        select(Change.at, Change.door, Change.before, Change.after, *place)
        .join(Change.item)
        .join(ChecklistItem.campaign)
        .join(Campaign.template)
        .outerjoin(Campaign.observance)
        .join(Campaign.unit)
        .order_by(Change.at, Change.id)
    )
    for row in session.execute(query):
        if shown is None or row.id in shown:
            yield ChangeLine(
                at=row.at.astimezone(zone),
                door=row.door.value,
                unit=row.unit,
                item=f"{_reference(row.observance, row.period, row.unit)}/{row.key}",
                before=row.before,
                after=row.after,
            )


def _without_units(session: Session, years: range) -> dict[str, int]:
    """Count the template items of levels that have no unit at all, such as villages nobody has entered yet."""
    days = [day for year in years for day in (date(year, 1, 1), date(year, 7, 1))]
    present = {node.level for day in days for node in load_tree(session, day).nodes.values()}
    counts: dict[str, int] = {}
    for template in self_opening(session):
        for item in template.current.items:
            for level in set(item.levels) - present - {"district"}:
                counts[level] = counts.get(level, 0) + 1
    return counts


def _reference(key: str, period: str, unit: str) -> str:
    return f"{key}/{period}/{unit}"


def as_json(simulation: Simulation) -> dict[str, Any]:
    """Return the simulation as plain values; docs/simulate.md describes each key."""

    def plain(line: Any) -> dict[str, Any]:
        values = {name: getattr(line, name) for name in line.__slots__}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}

    return {
        "year": simulation.year,
        "until": simulation.until,
        "campaigns": [plain(line) for line in simulation.campaigns],
        "items": [plain(line) for line in simulation.items],
        "notices": [plain(line) for line in simulation.notices],
        "changes": [plain(line) for line in simulation.changes],
        "without_units": simulation.without_units,
    }
