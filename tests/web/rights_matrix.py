"""Every route of the application asked by everybody about every unit: who is let in, and that
whoever is not changes no row.

``python -m tests.web.rights_matrix`` prints the report as one JSON object. The doors say what a
route asks for; here stands, a second time and in other words, what each person may: a leak in the
table itself would otherwise hide in both.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.routing import Rule

from events.calendars.tokens import Options, make_token
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.database import sessions as database
from events.database.sessions import Base
from events.models import (
    Activity,
    Document,
    Duty,
    Evidence,
    ImportedCalendar,
    Person,
    PostProposal,
    Unit,
)
from events.people.persons import add_person
from events.people.posts import give_post
from events.people.rights import OF_ALL, Capability, Relation, grants
from events.people.roles import add_role
from events.reforms.villages import add_village
from events.working_calendar import work_calendar
from tests.conftest import STATES, Cast
from tests.web.conftest import NOON, SECRET, Clock, Opened, Visitor, opened_of
from web.accounts import devices
from web.accounts.models import account_of
from web.app import create_app
from web.kit.config import WebConfig
from web.kit.doors import DOORS, Open

HOST = "https://lich.example.org"
PLACES = ("province", "commune", "other_commune")
SINCE = date(2020, 1, 1)
_REFUSED = 403
# where a unit of a place stands, seen from a post
_RELATION = {
    ("province", "province"): Relation.OWN,
    ("province", "commune"): Relation.BELOW,
    ("province", "other_commune"): Relation.BELOW,
    ("province", "above commune"): Relation.BELOW,
    ("province", "above other_commune"): Relation.BELOW,
    ("commune", "commune"): Relation.OWN,
    ("commune", "province"): Relation.ABOVE,
    ("commune", "other_commune"): Relation.SIDEWAYS,
    ("commune", "above commune"): Relation.ABOVE,
    ("commune", "above other_commune"): Relation.SIDEWAYS,
}


@dataclass(frozen=True)
class Somebody:
    """Who asks: a duty in a place, an administrator, or neither."""

    name: str
    visitor: Visitor
    duty: Duty | None = None
    place: str = ""
    is_administrator: bool = False
    is_signed_in: bool = True

    def may(self, capability: Capability, place: str) -> bool:
        if self.is_administrator:
            return True
        if self.duty is None:
            return False
        if capability in OF_ALL:
            return self.place == "province" and grants(self.duty, capability, Relation.OWN)
        return grants(self.duty, capability, _RELATION[self.place, place])


@dataclass
class World:
    """What the routes are asked about, by place."""

    values: dict[str, dict[str, Any]]
    people: list[Somebody]


@dataclass
class Report:
    """What came of it. ``leaks`` are what somebody could do and may not; ``shut`` what somebody may
    and could not.
    """

    requests: int = 0
    routes: int = 0
    people: int = 0
    leaks: list[str] = field(default_factory=list)
    shut: list[str] = field(default_factory=list)
    rows_changed: int = 0

    def as_json(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False, indent=1)


def run(app: Flask, connection: Connection, world: World) -> Report:
    """Ask everything. What is allowed is undone after each request, what is refused must not need
    it.
    """
    report = Report(people=len(world.people))
    asked = [
        (rule, method)
        for rule in _rules(app)
        for method in ("GET", "POST")
        if method in rule.methods
    ]
    report.routes = len(asked)
    allowed: dict[tuple[str, str, str], tuple[Somebody, str]] = {}  # one place says it for all
    before = _rows(connection)
    with _writes(connection) as written:
        for rule, method in asked:
            for place in PLACES if _depends_on_place(rule) else PLACES[:1]:
                path = _address(app, rule, world.values[place])
                if path is None:
                    continue
                for who in world.people:
                    if _is_let_in(who, rule, place):
                        allowed.setdefault((who.name, rule.endpoint, method), (who, path))
                        continue
                    written.clear()
                    _ask_refused(report, who, method, path, place)
                    if written:
                        report.leaks.append(f"{who.name} {method} {path}: {written[0]}")
    report.rows_changed = sum(before[name] != now for name, now in _rows(connection).items())
    for (_name, endpoint, method), (who, path) in allowed.items():
        if endpoint == "items.erase":
            continue  # among those let in, whoever gave it or steers above: test_erasing.py
        with connection.begin_nested() as savepoint:
            report.requests += 1
            answer = _send(who, method, path)
            if answer.status_code in (401, _REFUSED) or _leads_to_sign_in(answer):
                report.shut.append(f"{who.name} {method} {path}: {answer.status_code}")
            savepoint.rollback()
    return report


def _rules(app: Flask) -> list[Rule]:
    closed = (rule for rule in app.url_map.iter_rules() if not _is_open(DOORS[rule.endpoint]))
    return sorted(closed, key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def _depends_on_place(rule: Rule) -> bool:
    door = DOORS[rule.endpoint]
    return isinstance(door, Capability) and door not in OF_ALL


def _is_open(door: object) -> bool:
    return door in (Open.PUBLIC, Open.BY_FACT)


def _is_let_in(who: Somebody, rule: Rule, place: str) -> bool:
    door = DOORS[rule.endpoint]
    if door is Open.SIGNED_IN:
        if rule.endpoint == "admin.index":
            return any(who.may(one, place) for one in OF_ALL)
        return who.is_signed_in
    assert isinstance(door, Capability)
    asked = f"above {place}" if rule.endpoint == "proposals.decide" else place
    return who.may(door, asked if asked != "above province" else "province")


def _ask_refused(report: Report, who: Somebody, method: str, path: str, place: str) -> None:
    report.requests += 1
    answer = _send(who, method, path)
    if who.is_signed_in and answer.status_code == _REFUSED:
        return
    if not who.is_signed_in and _leads_to_sign_in(answer):
        return
    report.leaks.append(f"{who.name} {method} {path} ({place}): {answer.status_code}")


def _send(who: Somebody, method: str, path: str) -> Any:
    if isinstance(who.visitor, Insider):
        who.visitor.come_in()
    form = {"state": "on", "reason": "x", "note": "x", "text": "x", "title_vi": "x", "year": "2021"}
    answer = who.visitor.get(path) if method == "GET" else who.visitor.post(path, **form)
    answer.close()  # a table that is streamed reads until then
    return answer


def _leads_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/dang-nhap?next=")


def _address(app: Flask, rule: Rule, values: dict[str, Any]) -> str | None:
    """Return the address of a route for a place; None where that has none, such as villages of a
    province.
    """
    room = rule.endpoint.partition(".")[0]
    known = values | values.get(f"of {room}", {})
    if room == "activities" and rule.rule.startswith("/hoat-dong"):
        known = known | {"uid": values["activity"]}
    if room == "villages" and known.get("village_id") is None:
        return None
    with app.test_request_context(base_url=HOST):
        return app.url_map.bind("lich.example.org").build(
            rule.endpoint,
            {name: known[name] for name in rule.arguments},
            method="POST" if "GET" not in (rule.methods or ()) else "GET",
        )


def world(app: Flask, session: Session, cast: Cast, opened: Opened) -> World:
    """Enter something of everything in three units, and people who hold something there."""
    roles = {
        duty: add_role(session, f"Vai {duty}", None, None, duty=duty, by=None, on=SINCE).key
        for duty in Duty
    }
    campaigns = {
        "province": opened.province,
        "commune": opened.commune,
        "other_commune": opened.other_commune,
    }
    everywhere = {"key": "report_year", "number": 1, "kind": "sap-nhap", "reform_id": 1}
    everywhere |= {"offer_id": 1, "device_id": 1, "passkey_id": 1, "announcement_id": 1}  # nobody's
    values = {}
    for place, campaign in campaigns.items():
        unit, item = campaign.unit, campaign.items[0]
        activity = Activity(
            uid=f"hoat-dong-{place}@example.org",
            campaign=campaign,
            summary="Họp",
            location="",
            organizer="",
            dtstart=NOON,
            dtend=NOON + timedelta(hours=1),
            public=False,
            created=NOON,
            last_modified=NOON,
        )
        document = Document(
            uid=f"van-ban-{place}", campaign=campaign, kind="plan", abstract="Kế hoạch", at=NOON
        )
        evidence = Evidence(item_id=item.id, kind_key="link", url="https://example.org", at=NOON)
        holder = add_person(session, f"Người giữ ở {place}", f"{place}@example.org")
        session.flush()
        post = give_post(session, holder, unit, roles[Duty.READER], since=SINCE)
        calendar = ImportedCalendar(unit=unit, name="Lịch của bộ", added=NOON)
        session.add_all([activity, document, evidence, calendar])
        session.flush()
        proposal = PostProposal(
            from_post=post,
            person=holder,
            unit=unit,
            role_key=roles[Duty.READER],
            valid_from=SINCE,
        )
        session.add(proposal)
        session.flush()
        of_observance = {"slug": "ngay-quoc-te-hanh-phuc"}
        values[place] = everywhere | {
            "slug": unit.slug,
            "uid": campaign.uid,
            "activity": activity.uid,
            "item_id": item.id,
            "part_id": item.id,
            "evidence_id": evidence.id,
            "document": document.uid,
            "post_id": post.id,
            "person_id": holder.id,
            "proposal_id": proposal.id,
            "token_id": make_token(session, holder, Options("Của tôi"), now=NOON)[0].id,
            "village_id": _village(session, unit),
            "calendar_id": calendar.id,
            **dict.fromkeys(("of keeping", "of own_observances", "of ahead"), of_observance),
            "of mail": {"key": "1"},
            "of roles": {"key": "ubnd_xa"},
        }
    people = [
        Somebody("stranger", Visitor(app.test_client()), is_signed_in=False),
        Somebody("somebody without a post", _browser(app, session, cast.la)),
        Somebody(
            "administrator", _browser(app, session, _administrator(session)), is_administrator=True
        ),
    ]
    for duty in Duty:
        for place in ("province", "commune"):
            person = add_person(session, f"{duty} {place}", f"{duty}-{place}@example.org")
            session.flush()
            give_post(session, person, campaigns[place].unit, roles[duty], since=SINCE)
            people.append(
                Somebody(f"{duty} of {place}", _browser(app, session, person), duty, place)
            )
    session.commit()
    return World(values, people)


def _village(session: Session, unit: Unit) -> int | None:
    found = select(Unit.id).where(Unit.parent_id == unit.id, Unit.level_key == "village")
    return session.scalar(found.limit(1))


def _administrator(session: Session) -> Person:
    person = add_person(session, "Quản trị", "quan-tri@example.org")
    person.is_administrator = True
    session.flush()
    return person


class Insider(Visitor):
    """Somebody who is signed in, and is so again whatever they were asked before."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        super().__init__(client)
        self._secret = secret

    def come_in(self) -> None:
        with self.client.session_transaction(base_url=HOST) as cookie:
            cookie["_user_id"] = self._secret


def _browser(app: Flask, session: Session, person: Person) -> Visitor:
    _device, secret = devices.begin(session, account_of(session, person), now=NOON)
    return Insider(app.test_client(), secret)


def _rows(connection: Connection) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    return {
        table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
        for table in Base.metadata.sorted_tables
    }


@contextmanager
def _writes(connection: Connection) -> Iterator[list[str]]:
    """Collect the statements that change rows, also those that are undone later."""
    found: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            found.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield found
    event.remove(connection, "before_cursor_execute", note)


def main() -> int:
    """Print the report of a province of its own; exit code 1 if anything leaks."""
    engine = database.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    factory = database.create_session_factory(engine)
    with factory.begin() as session:
        import_catalog(session, read_catalog().as_known_on(date(2026, 6, 30)), now=NOON)
        STATES["opened"](session, work_calendar(session))
    with engine.connect() as connection:
        connection.begin()
        sessions = sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        with sessions() as session:
            cast = Cast(session)
            opened = opened_of(session, cast)
            calendar, now = work_calendar(session), NOON
            add_village(
                session, cast.commune, "lang", "Đăk Ra", by=cast.thi, now=now, calendar=calendar
            )
            clock = Clock()
            config = WebConfig(
                secret_key=SECRET, public_url=HOST, testing=True, rate_limits=False, clock=clock
            )
            app = create_app(sessions, config)
            report = run(app, session.connection(), world(app, session, cast, opened))
    print(report.as_json())
    return 1 if report.leaks or report.shut or report.rows_changed else 0


if __name__ == "__main__":
    sys.exit(main())
