"""Villages, entered by their commune: the state's registers end at the communes."""

from datetime import date, datetime
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from events.campaigns import open_round
from events.database import folded, nfc
from events.errors import N_, ConflictError, InvalidInputError
from events.localtime import VIETNAM, local_day
from events.models import Campaign, CampaignStatus, Cascade, Person, Unit
from events.people import require_post
from events.rounds import round_of
from events.units import alive
from events.workdays import WorkCalendar

VILLAGE, COMMUNE = "village", "commune"  # keys of levels
_LONGEST_NAME = 100


class VillageType(StrEnum):
    """What a village is called by law and custom."""

    THON = "thon"
    LANG = "lang"
    TO_DAN_PHO = "to_dan_pho"


TITLES = {VillageType.THON: "Thôn", VillageType.LANG: "Làng", VillageType.TO_DAN_PHO: "Tổ dân phố"}


def add_village(
    session: Session,
    commune: Unit,
    kind: VillageType,
    name: str,
    *,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo = VIETNAM,
) -> Unit:
    """Enter a village and give it its copies of the campaigns that run this year. Entering it twice changes nothing.

    Raises ``NotAllowedError`` without a post in the commune or above it, ``InvalidInputError`` without a name, ``ConflictError``
    below anything but a living commune.
    """
    today = local_day(now, zone)
    require_post(session, by, commune, today)
    name = _clean_name(kind, name)
    if commune.level_key != COMMUNE or not commune.is_valid(today):
        raise ConflictError(N_("Villages are entered below a commune that exists; %(unit)s is none."), unit=commune.full_name)
    session.execute(select(Unit.id).where(Unit.id == commune.id).with_for_update())  # one village at a time
    full_name = f"{TITLES[kind]} {name}"
    for known in villages_of(session, commune, today):
        if known.full_name.casefold() == full_name.casefold():
            return known
    village = _village(session, commune, kind, name, today)
    session.add(village)
    session.flush()
    _open_running(session, commune, village, today, now, calendar)
    return village


def villages_of(session: Session, commune: Unit, on: date) -> list[Unit]:
    """Return the villages of a commune that exist on the day ``on``."""
    query = select(Unit).where(Unit.parent_id == commune.id, Unit.level_key == VILLAGE, alive(on))
    return list(session.scalars(query.order_by(Unit.position, Unit.id)))


def _clean_name(kind: VillageType, name: str) -> str:
    """Return the name alone: people often enter “Thôn 1” beside the type."""
    name = " ".join(nfc(name).split())
    title = TITLES[kind]
    if f"{name} ".casefold().startswith(f"{title} ".casefold()):
        name = name[len(title) :].strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInputError(N_("Please enter the village's name, at most %(longest)s letters."), longest=_LONGEST_NAME)
    return name


def _village(session: Session, commune: Unit, kind: VillageType, name: str, today: date) -> Unit:
    key, slug = _free_key(session, commune, _slug(f"{TITLES[kind]} {name}"))
    first = date(today.year, 1, 1)  # so that it takes part in what has begun this year
    return Unit(
        key=key,
        level_key=VILLAGE,
        type=kind.value,
        name=name,
        full_name=f"{TITLES[kind]} {name}",
        slug=slug,
        parent_id=commune.id,
        position=_next_position(session, commune),
        search=folded(TITLES[kind], name),
        valid_from=max(first, commune.valid_from or first),
    )


def _free_key(session: Session, commune: Unit, name: str) -> tuple[str, str]:
    """Return a key under the commune's and a slug that no unit ever had; a number is added where the name is taken."""
    for number in count(1):
        ending = name if number == 1 else f"{name}-{number}"
        key, slug = f"{commune.key}-{ending}"[-64:], f"{ending}-{commune.slug}"
        if session.scalar(select(Unit.id).where(or_(Unit.key == key, Unit.slug == slug)).limit(1)) is None:
            return key, slug
    raise AssertionError  # count() does not end


def _slug(name: str) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in folded(name)).split()
    return "-".join(words)[:40]


def _next_position(session: Session, commune: Unit) -> int:
    last = session.scalar(select(func.max(Unit.position)).where(Unit.parent_id == commune.id))
    return (commune.position if last is None else last) + 1


def _open_running(session: Session, commune: Unit, village: Unit, today: date, now: datetime, calendar: WorkCalendar) -> None:
    """Open the village's copies of the commune's campaigns that still run and have work for villages."""
    running = (Campaign.year == today.year, Campaign.dtend > today, Campaign.status != CampaignStatus.CANCELLED)
    for campaign in session.scalars(select(Campaign).where(Campaign.unit_id == commune.id, *running)).all():
        if any(item.cascade is Cascade.EACH and VILLAGE in item.levels for item in campaign.version.items):
            open_round(session, round_of(campaign), now=now, calendar=calendar, unit_ids=[village.id])
