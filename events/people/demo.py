"""Labelled demo people for every unit, so that a newcomer sees who would be told what.

Their addresses end in example.org and can reach nobody (RFC 2606).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, FromClause, Select, delete, insert, select, update
from sqlalchemy.orm import Session, selectinload

from events.database.sessions import Base, new_uid
from events.models import Person, Post, Template, TemplateVersion
from events.models.templates import DROP
from events.people.roles import RoleBook
from events.units.tree import UnitNode, load_tree
from events.words.texts import folded

_DOMAIN = "example.org"


def add_demo_people(session: Session, on: date) -> int:
    """Put one demo person in each unit alive on ``on``, holding every role that items there can
    have; return how many are new.
    """
    have = set(session.scalars(select(Person.email).where(Person.is_demo)))
    nodes = {
        f"demo.{node.key.lower()}@{_DOMAIN}": node for node in load_tree(session, on).nodes.values()
    }
    missing = {email: node for email, node in nodes.items() if email not in have}
    if not missing:
        return 0
    session.execute(insert(Person), [_person(email, node) for email, node in missing.items()])
    ids = dict(session.execute(select(Person.email, Person.id).where(Person.is_demo)).all())
    roles = _roles_by_level(session, on)
    posts = [
        {"person_id": ids[email], "unit_id": node.id, "role_key": role}
        for email, node in missing.items()
        for role in sorted(roles.get(node.level, ()))
    ]
    session.execute(insert(Post), posts)
    return len(missing)


def demo_people(session: Session) -> Sequence[int]:
    """Return the ids of all demo people."""
    return session.scalars(select(Person.id).where(Person.is_demo)).all()


def remove_demo_people(session: Session) -> int:
    """Remove all demo people with their posts, accounts and whatever else is nothing without them;
    what they did stays done, with their name in the history.
    """
    ids = demo_people(session)
    _let_go(session, Person.__table__, select(Person.id).where(Person.is_demo))
    session.execute(delete(Person).where(Person.is_demo))
    session.expire_all()
    return len(ids)


def _let_go(session: Session, table: FromClause, going: Select[int]) -> None:
    """Let nothing point at rows that go: what may point at nobody does so, what may not goes too.

    The tables themselves are asked, so that a new one is not forgotten.
    """
    for column in _pointing_at(table):
        found = column.in_(going)
        if column.nullable:
            session.execute(update(column.table).where(found).values({column.name: None}))
            continue
        if "id" in column.table.c:
            _let_go(session, column.table, select(column.table.c.id).where(found))
        session.execute(delete(column.table).where(found))


def _pointing_at(table: FromClause) -> list[Column[Any]]:
    return [
        column
        for each in Base.metadata.sorted_tables
        for column in each.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]


def _person(email: str, node: UnitNode) -> dict[str, object]:
    name = f"Người dùng thử – {node.full_name}"
    return {
        "uid": new_uid(),
        "full_name": name,
        "email": email,
        "language": "vi",
        "is_demo": True,
        "search": folded(name, email),
    }


def _roles_by_level(session: Session, on: date) -> dict[str, set[str]]:
    book, roles = RoleBook.load(session), dict[str, set[str]]()
    templates = session.scalars(
        select(Template).options(
            selectinload(Template.versions).selectinload(TemplateVersion.items)
        )
    )
    for level, role in _asked_for(templates.all()):
        roles.setdefault(level, set()).add(book.of_copy(role, level, on))
    return roles


def _asked_for(templates: Sequence[Template]) -> Iterator[tuple[str, str]]:
    for template in templates:
        for item in template.current.items:
            yield from (
                (level, item.role_key) for level in {*item.levels, item.if_no_level} - {DROP}
            )
