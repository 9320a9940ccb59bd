"""The installation that a storm blows over, and the work that people have there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from flask_security.utils import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.database.sessions import SessionFactory
from events.models import Campaign, ChecklistItem, Round, Template, Unit
from events.observances.occurrences import extend_horizon
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from tests.reliability.storm.browser import PASSWORD
from web.accounts.models import account_of
from web.app import create_app
from web.kit.config import WebConfig

PROVINCE = "51-2025"
COURSE, MOVED = "training_course", "happiness_day"
PROOFS = {
    "count": {"number": "5"},
    "doc_ref": {"text": "1/KH-UBND", "dated": "2026-11-02"},
    "minutes": {"text": "Biên bản"},
    "script": {"text": "Bài tuyên truyền"},
}
OFFICERS = 2  # of the people, who sit in the province; each of the others in a commune
_KEY = "a secret of sixteen characters and sixteen more"


@dataclass
class Work:
    """What people may do: items to tick and to prove by unit, a round to move, units to merge."""

    ticks: list[list[tuple[int, str]]]
    proofs: list[list[tuple[int, str]]]
    round_uid: str
    round_key: tuple[int, str]
    day: date
    others: list[str]  # keys of communes where nobody works


def prepare(factory: SessionFactory, home: Path, people: int) -> Work:
    """Fill a migrated database and the folder ``home`` of its service."""
    now = datetime.now(UTC)
    with create_app(factory, WebConfig(_KEY)).app_context():
        password = hash_password(PASSWORD)
    # the salt comes from the key of the service
    (home / "var").mkdir(exist_ok=True)
    (home / "var" / "secret_key").write_text(_KEY)
    with factory.begin() as session:
        import_catalog(session, read_catalog(), now=now)
        open_campaigns(session, now=now, calendar=work_calendar(session), year=now.year)
        province = get_unit(session, PROVINCE)
        communes = session.scalars(
            select(Unit).where(Unit.parent_id == province.id).order_by(Unit.id)
        ).all()
        units = [province] * OFFICERS + [*communes[: people - OFFICERS]]
        for number, unit in enumerate(units):
            person = add_person(session, f"Người {number}", f"nguoi{number}@example.org")
            give_post(session, person, unit, "bcd_tinh" if unit is province else "ubnd_xa")
            account_of(session, person).password = password
            person.is_administrator = unit is province
        session.flush()
        extend_horizon(session, now=now)
        root = _open_next_year(session, now, province)
        return Work(
            [_items(session, unit, *PROOFS) for unit in units],
            [_items(session, unit, "photo") for unit in units],
            root.uid,
            (root.template_id, root.period),
            root.event_date or root.dtstart,
            [unit.key for unit in communes[people - OFFICERS :]],
        )


def _open_next_year(session: Session, now: datetime, province: Unit) -> Campaign:
    template = session.scalars(select(Template).where(Template.key == MOVED)).one()
    [found] = rounds_of(template, now.year + 1)
    open_round(session, found, now=now, calendar=work_calendar(session))
    return session.scalars(
        select(Campaign)
        .join(Campaign.round)
        .where(
            Campaign.unit_id == province.id, Campaign.round.has(Round.template_id == template.id)
        )
        .order_by(Round.dtstart.desc())
        .limit(1)
    ).one()


def _items(session: Session, unit: Unit, *kinds: str) -> list[tuple[int, str]]:
    """Return items of a unit that take a piece of one of these kinds, with that kind; none of
    the round that is moved, or its preview would always be an old one.
    """
    query = (
        select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.round).join(Round.template)
    )
    query = query.where(Campaign.unit_id == unit.id, Template.key != MOVED)
    taken = [
        (item, next((kind for kind in kinds if kind in item.evidence), None))
        for item in session.scalars(query.order_by(ChecklistItem.id))
    ]
    return [
        (item.id, kind)
        for item, kind in taken
        if kind and (kind == "photo" or (item.evidence_min == 1 and "photo" not in item.evidence))
    ]
