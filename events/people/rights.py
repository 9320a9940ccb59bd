"""Who may do what: one table, asked by the use cases themselves.

A right is a capability, granted to a duty in a relation. The duty comes from the role of a post (a
column of the catalogue's roles), administration from the person. The relation is where the unit
that is asked about stands, seen from the unit of the post. Nobody gets anything sideways: what two
communes may see or do of each other is nothing.

What holds for the whole installation (days off, observances, templates, roles of the
administration) is asked without a unit: a post at the top has it as its own, everybody else has it
above. ``sumvay rights`` prints the table (docs/rights.md).

Use cases that the clock and the commands share take ``by: Person | None``; None is whoever
operates the server, and asks nothing. Pages have a person, or ask ``require``, where a visitor is
refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from events.errors import N_, NotAllowedError
from events.installation import day_here
from events.models import Duty, Person, Post, Role, Unit
from events.units.lineage import answering_for
from events.units.tree import ancestors


class Capability(StrEnum):
    """What somebody may do. The value is its key in docs/rights.md."""

    READ_CAMPAIGNS = "read-campaigns"
    READ_WORK = "read-work"
    READ_PROGRESS = "read-progress"
    DO_WORK = "do-work"
    ENTER_VILLAGES = "enter-villages"
    STEER_WORK = "steer-work"
    STEER_ROUNDS = "steer-rounds"
    KEEP_REMINDERS = "keep-reminders"
    CHANGE_PEOPLE = "change-people"
    ANNOUNCE = "announce"
    DECIDE_DAYS_OFF = "decide-days-off"
    KEEP_OBSERVANCES = "keep-observances"
    KEEP_TEMPLATES = "keep-templates"
    OPEN_ROUNDS = "open-rounds"
    CHANGE_UNITS = "change-units"
    SEE_MAIL = "see-mail"
    READ_MAIL = "read-mail"
    KEEP_ROLES = "keep-roles"
    SET_UP = "set-up"


class Relation(StrEnum):
    """Where the unit that is asked about stands, seen from the unit of a post."""

    OWN = "own"
    BELOW = "below"
    ABOVE = "above"
    SIDEWAYS = "sideways"
    NONE = "none"  # without a post


WHAT: Mapping[Capability, str] = MappingProxyType(
    {
        Capability.READ_CAMPAIGNS: N_("see a campaign: its days, theme and issued documents"),
        Capability.READ_WORK: N_(
            "read checklists with notes, reasons, evidence and history, drafts, people in posts"
        ),
        Capability.READ_PROGRESS: N_("read figures, and which units are silent or late"),
        Capability.DO_WORK: N_(
            "tick items, give evidence, divide and delegate, plan activities, enter documents"
        ),
        Capability.ENTER_VILLAGES: N_("enter, correct and end the units below that are not law's"),
        Capability.STEER_WORK: N_("excuse what is required, give later dates than the unit above"),
        Capability.STEER_ROUNDS: N_("move the dates of a round, cancel it, open it again"),
        Capability.KEEP_REMINDERS: N_("say when people are reminded, and see what would be sent"),
        Capability.CHANGE_PEOPLE: N_("appoint people, correct them, end and confirm their posts"),
        Capability.ANNOUNCE: N_(
            "write announcements to people in posts of the unit and those below; at the top also "
            "to subscribers without an account"
        ),
        Capability.DECIDE_DAYS_OFF: N_("enter the decisions on days off and swap days"),
        Capability.KEEP_OBSERVANCES: N_("keep observances, their themes and legal bases"),
        Capability.KEEP_TEMPLATES: N_("change templates, and let rounds take a new version"),
        Capability.OPEN_ROUNDS: N_("open campaigns ahead of time, or on a chosen day"),
        Capability.CHANGE_UNITS: N_("merge, split, rename, move, found and end units"),
        Capability.SEE_MAIL: N_("see which mails were written, to whom and when"),
        Capability.READ_MAIL: N_("read the mails of others"),
        Capability.KEEP_ROLES: N_("enter, rename and end roles, and say what they allow"),
        Capability.SET_UP: N_("set the installation up, and the day from which it is followed"),
    }
)

_HERE, _DOWN, _UP = Relation.OWN, Relation.BELOW, Relation.ABOVE
_READS = {
    Capability.READ_CAMPAIGNS: frozenset({_HERE, _UP}),
    Capability.READ_WORK: frozenset({_HERE}),
    Capability.READ_PROGRESS: frozenset({_HERE}),
}
_LEADS = {
    Capability.READ_CAMPAIGNS: frozenset({_HERE, _DOWN, _UP}),
    Capability.READ_WORK: frozenset({_HERE, _DOWN}),
    Capability.READ_PROGRESS: frozenset({_HERE, _DOWN}),
}
_WORKS = {
    **_LEADS,
    Capability.DO_WORK: frozenset({_HERE}),
    Capability.ENTER_VILLAGES: frozenset({_HERE}),
}
_STEERS = {
    **_LEADS,
    **dict.fromkeys(
        (
            Capability.DO_WORK,
            Capability.ENTER_VILLAGES,
            Capability.STEER_WORK,
            Capability.STEER_ROUNDS,
            Capability.KEEP_REMINDERS,
            Capability.CHANGE_PEOPLE,
            Capability.ANNOUNCE,
        ),
        frozenset({_HERE, _DOWN}),
    ),
    **dict.fromkeys(
        (
            Capability.DECIDE_DAYS_OFF,
            Capability.KEEP_OBSERVANCES,
            Capability.KEEP_TEMPLATES,
            Capability.OPEN_ROUNDS,
            Capability.CHANGE_UNITS,
            Capability.SEE_MAIL,
        ),
        frozenset({_HERE}),
    ),
}
TABLE: Mapping[Duty, Mapping[Capability, frozenset[Relation]]] = MappingProxyType(
    {
        duty: MappingProxyType({one: rights.get(one, frozenset()) for one in Capability})
        for duty, rights in (
            (Duty.OFFICER, _STEERS),
            (Duty.ORGANISER, _WORKS),
            (Duty.LEADER, _LEADS),
            (Duty.READER, _READS),
        )
    }
)
# asked of the whole installation, never of one unit
OF_ALL = frozenset(
    {
        Capability.DECIDE_DAYS_OFF,
        Capability.KEEP_OBSERVANCES,
        Capability.KEEP_TEMPLATES,
        Capability.OPEN_ROUNDS,
        Capability.CHANGE_UNITS,
        Capability.SEE_MAIL,
        Capability.READ_MAIL,
        Capability.KEEP_ROLES,
        Capability.SET_UP,
    }
)


def grants(duty: Duty, capability: Capability, relation: Relation) -> bool:
    """Tell what the table says."""
    return relation in TABLE[duty][capability]


@dataclass(frozen=True, slots=True)
class Held:
    """What a person holds on a day, so that it is asked for once: the units of their posts, each
    with the duty there.
    """

    posts: frozenset[tuple[int, Duty]]
    is_administrator: bool = False

    @property
    def units(self) -> frozenset[int]:
        return frozenset(unit for unit, _duty in self.posts)


def held_by(session: Session, person: Person, on: date) -> Held:
    """Return what ``person`` holds on the day ``on``."""
    return held_by_all(session, [person.id], on)[person.id]


def held_by_all(session: Session, people: Collection[int], on: date) -> dict[int, Held]:
    """Return ``held_by`` each of the persons with these ids, in one query."""
    held_then = and_(Post.person_id == Person.id, Post.on(on))
    query = (
        select(Person.id, Person.is_administrator, Post.unit_id, Role.duty)
        .outerjoin(Post, held_then)
        .outerjoin(Role, Role.key == Post.role_key)
        .where(Person.id.in_(people))
    )
    found = {person: Held(frozenset()) for person in people}
    for person, is_administrator, unit, duty in session.execute(query):
        post = frozenset() if unit is None else frozenset({(unit, duty)})
        found[person] = Held(found[person].posts | post, is_administrator)
    return found


def may(
    session: Session, person: Person | None, capability: Capability, unit: Unit | None, on: date
) -> bool:
    """Tell whether ``person`` may do something in ``unit``, or in the whole installation (None) on
    the day ``on``; a visitor (None) may nothing that stands in the table.

    Of a unit that ended, those who follow it answer: a post there or above allows what it allowed.
    """
    return person is not None and allowed_by(
        session, held_by(session, person, on), capability, unit, on
    )


def allowed_by(
    session: Session, held: Held, capability: Capability, unit: Unit | None, on: date
) -> bool:
    """Tell whether what is held allows something: ``may`` for those who asked for it already."""
    if held.is_administrator:
        return True
    granting = [
        (post, TABLE[duty][capability]) for post, duty in held.posts if TABLE[duty][capability]
    ]
    if not granting:
        return False
    if unit is None:
        return any(_HERE in where and _is_top(session, post) for post, where in granting)
    lines = [unit] if unit.is_valid(on) else [unit, *answering_for(session, unit, on)]
    return any(_relation(session, post, one) in where for one in lines for post, where in granting)


def require(
    session: Session, person: Person | None, capability: Capability, unit: Unit | None, on: date
) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may do something, as in ``may``."""
    if not may(session, person, capability, unit, on):
        raise NotAllowedError(unit=unit.full_name) if unit else NotAllowedHereError()


def require_by(
    session: Session, by: Person | None, capability: Capability, unit: Unit | None, on: date
) -> None:
    """Do as ``require`` for what a person does; the clock and the command line (None) are not
    asked.
    """
    if by is not None:
        require(session, by, capability, unit, on)


def require_for_all(
    session: Session, by: Person | None, capability: Capability, now: datetime
) -> None:
    """Do as ``require_by`` for what is decided for the whole installation."""
    require_by(session, by, capability, None, day_here(session, now))


class NotAllowedHereError(NotAllowedError):
    """Raised for what is decided for the whole installation."""

    msgid = N_(
        "This is decided for the whole installation, by people who steer the unit at the top."
    )


def _relation(session: Session, post_unit_id: int, unit: Unit) -> Relation:
    if post_unit_id == unit.id:
        return Relation.OWN
    if any(above.id == post_unit_id for above in ancestors(unit)):
        return Relation.BELOW
    post_unit = session.get_one(Unit, post_unit_id)
    return Relation.ABOVE if unit in ancestors(post_unit) else Relation.SIDEWAYS


def _is_top(session: Session, unit_id: int) -> bool:
    return session.get_one(Unit, unit_id).parent_id is None
