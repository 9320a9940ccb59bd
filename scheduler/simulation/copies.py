"""The copy in memory that a year is played on, and the stand-ins for posts that nobody holds."""

from datetime import date

from sqlalchemy import Engine, exists, insert, select
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory
from events.installation import Installation
from events.models import (
    Campaign,
    ChecklistItem,
    Person,
    Post,
    Role,
    Unit,
)
from events.models.items import OPEN
from scheduler.memory import in_memory
from scheduler.tables import metadata

STAND_IN = "example.invalid"  # RFC 2606: an address that can never be anybody's
# Only what campaigns are made from is copied; everything that came of them stays behind.
_COPIED = {
    "level",
    "unit",
    "unit_succession",
    "role",
    "person",
    "post",
    "observance",
    "title_period",
    "theme",
    "calendar_day",
}
_COPIED |= {
    "decided_year",
    "proposed_holiday",
    "phase",
    "evidence_type",
    "reminder_rule",
    "mail_wish",
    "template",
    "template_version",
    "template_item",
}


def copy_of(engine: Engine, installation: Installation | None = None) -> SessionFactory:
    """Return a database in memory with the catalogue, units and people of ``engine``, without
    campaigns and mail.
    """
    factory = in_memory(installation)
    with engine.execution_options(read_only=True).connect() as source, factory.begin() as target:
        for table in metadata.sorted_tables:
            # units above come before those below
            in_order = select(table).order_by(*table.primary_key)
            rows = (
                [dict(row) for row in source.execute(in_order).mappings()]
                if table.name in _COPIED
                else []
            )
            if rows:
                target.execute(insert(table), rows)
    return factory


def fill_posts(session: Session, day: date) -> None:
    """Put a stand-in in every post that an item asks for and nobody holds."""
    still_open = (Unit.on(day), ChecklistItem.status.in_(OPEN))
    wanted = (
        select(Campaign.unit_id, ChecklistItem.role_key)
        .join(Campaign.items)
        .join(Campaign.unit)
        .where(*still_open)
        .distinct()
        .subquery()
    )
    someone = exists().where(
        Post.unit_id == wanted.c.unit_id, Post.role_key == wanted.c.role_key, Post.on(day)
    )
    vacant = session.execute(select(wanted).where(~someone)).all()
    if not vacant:
        return
    roles = {role.key: role.title_vi for role in session.scalars(select(Role))}
    names = dict(session.execute(select(Unit.id, Unit.full_name)).all())
    people = [
        {
            "uid": f"{unit_id}.{role}@{STAND_IN}",
            "email": f"{unit_id}.{role}@{STAND_IN}",
            "full_name": f"{roles[role]} – {names[unit_id]}",
            "language": "vi",
            "is_demo": True,
            "search": "",
        }
        for unit_id, role in vacant
    ]
    session.execute(insert(Person), people)
    ids = dict(session.execute(select(Person.uid, Person.id)).all())
    posts = [
        {"person_id": ids[f"{u}.{role}@{STAND_IN}"], "unit_id": u, "role_key": role}
        for u, role in vacant
    ]
    session.execute(insert(Post), posts)
