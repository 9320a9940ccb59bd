"""Villages, entered by their commune: the state's registers end at the communes.

Which level that is, who enters its units and what they are called is data of the levels.
"""

from datetime import date, datetime
from itertools import count

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from events.campaigns.lifetime import goes_on
from events.campaigns.opening import open_round
from events.campaigns.rounds import round_of
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_templates
from events.models import (
    Campaign,
    Cascade,
    Change,
    ChecklistItem,
    Level,
    Person,
    Round,
    Unit,
)
from events.models.campaigns import takes_place
from events.models.items import OPEN
from events.people.rights import Capability, require
from events.words.texts import folded, one_line, slug_of

_LONGEST_NAME = 100
_LONGEST_SLUG = 40


def titles_of(level: Level) -> dict[str, str]:
    """Return by type what the villages of a level may be called by law and custom."""
    return {one["key"]: one["title"] for one in level.types}


def usual_type(level: Level, commune: Unit) -> str:
    """Return what villages of a commune are usually called: the first type, unless another one is
    usual there, such as tổ dân phố in wards and townlets.
    """
    types: list[str] = [
        one["key"] for one in level.types if commune.type in one.get("usual_in", ())
    ]
    return next(iter([*types, *titles_of(level)]))


def add_village(
    session: Session,
    commune: Unit,
    kind: str,
    name: str,
    *,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> Unit:
    """Enter a village and give it its copies of the campaigns that are not over.

    Entering it twice changes nothing.

    Raises ``NotAllowedError`` without a post in the commune or above it, ``InvalidInputError``
    without a name or for an unknown type, ``ConflictError`` below anything but a living commune.
    """
    today = day_here(session, now)
    require(session, by, Capability.ENTER_VILLAGES, commune, today)
    level = commune.level.enters
    if level is None or not commune.is_valid(today):
        raise ConflictError(
            N_("Villages are entered below a commune that exists; %(unit)s is none."),
            unit=commune.full_name,
        )
    title = _title(level, kind)
    name = _clean_name(title, name)
    # one village at a time
    session.execute(select(Unit.id).where(Unit.id == commune.id).with_for_update(**FOR_CHANGE))
    full_name = f"{title} {name}"
    for known in villages_of(session, commune, today):
        if known.full_name.casefold() == full_name.casefold():
            return known
    village = _village(session, commune, kind, title, name, today)
    session.add(village)
    session.flush()
    _open_running(session, commune, village, today, now, calendar)
    return village


def correct_village(
    session: Session, village_id: int, kind: str, name: str, *, by: Person, now: datetime
) -> Unit:
    """Correct what a village is called, as long as it has reported nothing; its addresses stay.

    Raises ``NotFoundError``, ``NotAllowedError`` without a post in its commune or above,
    ``InvalidInputError`` without a name or for an unknown type, and ``ConflictError`` for a name
    that is taken, or once there are reports under the old one.
    """
    today = day_here(session, now)
    village, commune = _get_village(session, village_id, by, today)
    title = _title(village.level, kind)
    name = _clean_name(title, name)
    full_name = f"{title} {name}"
    if full_name == village.full_name:
        return village
    others = [
        other.full_name.casefold()
        for other in villages_of(session, commune, today)
        if other is not village
    ]
    if full_name.casefold() in others:
        raise ConflictError(N_("There is a village “%(name)s” already."), name=full_name)
    if _has_reported(session, village):
        raise ConflictError(
            N_("%(unit)s has reported under its name already; it keeps that."),
            unit=village.full_name,
        )
    village.type, village.name, village.full_name = kind, name, full_name
    village.search = folded(title, name)
    return village


def end_village(session: Session, village_id: int, *, by: Person, now: datetime) -> Unit:
    """End a village: today is its last day, and what it has open is closed with it.

    Ending it twice changes nothing.

    Raises the errors of ``correct_village``, and ``ConflictError`` while work of its commune lies
    there.
    """
    today = day_here(session, now)
    village, commune = _get_village(session, village_id, by, today)
    here = or_(
        ChecklistItem.delegate_unit_id == village.id,
        and_(Campaign.unit_id == village.id, ChecklistItem.split_from_id.is_not(None)),
    )
    given = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(here, ChecklistItem.status.in_(OPEN))
    )
    item = session.scalars(given.limit(1)).first()
    if item is not None:
        raise ConflictError(
            N_("%(unit)s still has “%(item)s” of %(above)s. Please take that back first."),
            unit=village.full_name,
            item=item.summary,
            above=commune.full_name,
        )
    if village.valid_to is None or village.valid_to > today:
        village.valid_to = today
    return village


def villages_of(session: Session, commune: Unit, on: date) -> list[Unit]:
    """Return the villages of a commune that exist on the day ``on``."""
    is_village = Unit.level.has(Level.entered_by == commune.level_key)
    query = select(Unit).where(Unit.parent_id == commune.id, is_village, Unit.on(on))
    return list(session.scalars(query.order_by(Unit.position, Unit.id)))


def _get_village(session: Session, village_id: int, by: Person, today: date) -> tuple[Unit, Unit]:
    """Lock a village and return it with its commune, whose people look after it."""
    village = session.get(Unit, village_id, with_for_update=FOR_CHANGE, populate_existing=True)
    if (
        village is None
        or village.level.entered_by is None
        or village.parent is None
        or not village.is_valid(today)
    ):
        raise NotFoundError(kind="unit", key=village_id)
    require(session, by, Capability.ENTER_VILLAGES, village.parent, today)
    return village, village.parent


def _has_reported(session: Session, village: Unit) -> bool:
    """Tell whether anything was said about the village's own items."""
    said = (
        select(Change.id)
        .join(Change.item)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == village.id)
    )
    return session.scalar(said.limit(1)) is not None


def _title(level: Level, kind: str) -> str:
    """Return what a village of a type is called. Raises ``InvalidInputError``."""
    titles = titles_of(level)
    if kind not in titles:
        raise InvalidInputError(N_("Please choose what the village is called."))
    return titles[kind]


def _clean_name(title: str, name: str) -> str:
    """Return the name alone: people often enter “Thôn 1” beside the type."""
    name = one_line(name)
    if f"{name} ".casefold().startswith(f"{title} ".casefold()):
        name = name[len(title) :].strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInputError(
            N_("Please enter the village's name, at most %(longest)s letters."),
            longest=_LONGEST_NAME,
        )
    return name


def _village(
    session: Session, commune: Unit, kind: str, title: str, name: str, today: date
) -> Unit:
    key, slug = _free_key(session, commune, slug_of(f"{title} {name}", _LONGEST_SLUG))
    first = date(today.year, 1, 1)  # so that it takes part in what has begun this year
    return Unit(
        key=key,
        level=commune.level.enters,
        type=kind,
        name=name,
        full_name=f"{title} {name}",
        slug=slug,
        followed_from=today,
        parent_id=commune.id,
        position=_next_position(session, commune),
        search=folded(title, name),
        valid_from=max(first, commune.valid_from or first),
    )


def _free_key(session: Session, commune: Unit, name: str) -> tuple[str, str]:
    """Return a key under the commune's and a slug that no unit ever had; a number is added where
    the name is taken.
    """
    for number in count(1):
        ending = name if number == 1 else f"{name}-{number}"
        key, slug = f"{commune.key}-{ending}"[-64:], f"{ending}-{commune.slug}"
        if (
            session.scalar(select(Unit.id).where(or_(Unit.key == key, Unit.slug == slug)).limit(1))
            is None
        ):
            return key, slug
    raise AssertionError  # count() does not end


def _next_position(session: Session, commune: Unit) -> int:
    last = session.scalar(select(func.max(Unit.position)).where(Unit.parent_id == commune.id))
    return (commune.position if last is None else last) + 1


def _open_running(
    session: Session,
    commune: Unit,
    village: Unit,
    today: date,
    now: datetime,
    calendar: WorkCalendar,
) -> None:
    """Open the village's copies of the commune's campaigns that still run and have work for
    villages.
    """
    running = (
        Campaign.unit_id == commune.id,
        goes_on(today),
        takes_place(),
    )
    theirs = select(Round.template_id).join(Campaign, Campaign.round_id == Round.id)
    lock_templates(session, theirs.where(*running))
    for campaign in session.scalars(select(Campaign).where(*running)).all():
        if any(
            item.cascade is Cascade.EACH and village.level_key in item.levels
            for item in campaign.version.items
        ):
            open_round(
                session, round_of(campaign), now=now, calendar=calendar, unit_ids=[village.id]
            )
