"""One province in a file, brought back to how it began before each step, and all its calendars."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from events.activities.planned import Plan, add_activity
from events.calendars.feeds import find_feed, serve_feed
from events.calendars.kept import Kept, draft
from events.calendars.observance_feed import COMMON
from events.calendars.renewing import renew
from events.calendars.tokens import Options, make_token
from events.calendars.touched import keys_of, touched_by
from events.calendars.view import ENGLISH
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.checklist.mail_links import MailLink, token_of
from events.database import sessions as database
from events.database.sessions import Base, Session
from events.errors import NotFoundError
from events.installation import day_here
from events.models import (
    Campaign,
    Duty,
    Feed,
    FeedMark,
    FeedScope,
    FeedStamp,
    FeedToken,
    Observance,
    Unit,
)
from events.people.persons import find_person
from events.people.posts import give_post
from events.people.roles import add_role
from events.reforms.villages import add_village
from events.working_calendar import work_calendar
from scheduler import migrate
from scheduler.jobs import open_ahead
from tests.conftest import STATES, Cast
from tests.walk.forms import Form, forms_in
from tests.walk.steps import LAST, STEPS, Step
from tests.web import rights_matrix
from tests.web.conftest import NOON, SECRET, Clock, Opened, opened_of
from web.app import create_app
from web.kit.config import WebConfig

A_DAY = timedelta(days=1)
AFTER_THE_REFORM = datetime(2027, 3, 1, 5, tzinfo=UTC)
A_WHILE = timedelta(minutes=5)  # between a step and the next
DAYS = (
    "ngay-quoc-te-hanh-phuc",
    "ngay-gia-dinh-viet-nam",
)
UNITS_LATER = ("23356-2025", "23365-2025", "51-2025")
_MOST_FORMS = 3  # that one button leads through: what would come of it, and the button again


@dataclass
class Province:
    """What every step begins with: ``file`` is its database, ``kept`` a copy of how it began."""

    app: Flask
    clock: Clock
    file: Path
    kept: Path
    values: dict[str, dict[str, Any]]
    who: dict[str, rights_matrix.Insider]
    days: tuple[str, ...]

    @property
    def factory(self) -> database.SessionFactory:
        return self.app.extensions["sumvay"].session_factory

    def begin_again(self, later: bool = False) -> None:
        self.factory.kw["bind"].dispose()
        begun = self.file.with_suffix(".begun")
        shutil.copyfile(self.kept.with_suffix(".later") if later else self.kept, begun)
        for rest in (f"{self.file}-wal", f"{self.file}-shm"):  # a command may hold on to them
            Path(rest).unlink(missing_ok=True)
        begun.replace(self.file)
        self.clock.now = AFTER_THE_REFORM if later else NOON

    def keep(self, later: bool = False) -> None:
        """Let every step begin as it is now."""
        self.factory.kw["bind"].dispose()
        shutil.copyfile(self.file, self.kept.with_suffix(".later") if later else self.kept)

    def renew(self) -> None:
        """Write what is stale, as the renewer does."""
        renew(self.factory, now=self.clock.now, public_url=rights_matrix.HOST)

    def feeds(self) -> dict[str, Kept]:
        """Return the calendars that are kept and are there, by key."""
        columns = Feed.key, Feed.body, Feed.packed, Feed.etag, Feed.last_modified
        with self.factory() as session:
            rows = session.execute(select(*columns).where(~Feed.gone))
            return {row.key: Kept(*row) for row in rows}

    def unmarked(self) -> list[str]:
        """Return the calendars that read otherwise though no mark says so."""
        with self.factory() as session:
            touched = touched_by(session, session.scalars(select(FeedMark)).all())
            if touched.everything:
                return []
            marked = keys_of(session, touched)
            stale = set(session.scalars(select(Feed.key).where(Feed.stale.is_not(None))))
            others = set(session.scalars(select(Feed.key).where(~Feed.gone))) - marked - stale
            return [key for key in sorted(others) if self._reads_otherwise(session, key)]

    def _reads_otherwise(self, session: Session, key: str) -> bool:
        today, now = day_here(session, self.clock.now), self.clock.now
        try:
            feed = find_feed(session, key, today, rights_matrix.HOST)
        except NotFoundError:
            return True
        return draft(session, key, feed, as_of=today, now=now).is_new

    def prepare(self, name: str) -> None:
        """Do what a step needs."""
        for before in STEPS[name].after:
            self.prepare(before)
            self.check(before, self.send(before))
            self.clock.advance(A_WHILE)

    def send(self, name: str, more: Mapping[str, Any] | None = None) -> TestResponse:
        """Send what a step sends; ``more`` is typed over its form."""
        step, more = STEPS[name], more or {}
        who = self.who[step.who]
        who.come_in()
        if step.page is None:
            typed = {name: self._typed(value) for name, value in (step.form | more).items()}
            return who.post(self._address(step), **typed)
        form = self.form_of(name)
        answer = self._press(who, form, step.form | more)
        for _ in range(_MOST_FORMS):
            asked = [one for one in self._forms(answer, form.action) if one.action == form.action]
            if answer.status_code != 200 or not asked:
                break
            answer = self._press(who, asked[0], _last_buttons(asked[0]))
        return answer

    def form_of(self, name: str) -> Form:
        """Return the form of a step, as its page shows it now."""
        step = STEPS[name]
        assert step.page is not None
        if step.page in STEPS:
            answer, path = self.send(step.page), step.page
        else:
            path = self.path(step.page, step.place)
            who = self.who[step.who]
            who.come_in()
            answer = who.get(path)
        assert answer.status_code == 200, f"{name}: {path} answers {answer.status_code}"
        forms = [one for one in self._forms(answer, path) if self._leads_to(one) == step.endpoint]
        forms = [one for one in forms if step.having <= one.values.keys() | one.choices.keys()]
        assert forms, f"{name}: {path} has no form for it"
        return forms[step.which]

    def path(self, page: str, place: str) -> str:
        return page.format(**self.values[place])

    def _address(self, step: Step) -> str:
        """Return where a step without a page is sent."""
        if step.address:
            return self.path(step.address, step.place)
        [rule] = self.app.url_map.iter_rules(step.endpoint)
        nothing = {name: "x" if name in ("token", "key", "slug") else 1 for name in rule.arguments}
        return self.app.url_map.bind("lich.example.org").build(
            step.endpoint, nothing, method="POST"
        )

    def check(self, name: str, answer: TestResponse) -> None:
        """A step that was refused walks nowhere."""
        wanted = STEPS[name].status
        said = answer.text[:3000] if answer.status_code not in wanted else ""
        assert answer.status_code in wanted, f"{name}: {answer.status_code} {said}"

    def _press(
        self, who: rights_matrix.Insider, form: Form, typed: Mapping[str, Any]
    ) -> TestResponse:
        sent: dict[str, Any] = {n: v for n, v in form.values.items() if n != "csrf_token"}
        for name, value in typed.items():
            sent[name] = form.choices[name][-1] if value == LAST else self._typed(value)
        return who.post(form.action, **sent)

    def _typed(self, value: Any) -> Any:
        return value(self) if callable(value) else value

    def _forms(self, answer: TestResponse, path: str) -> list[Form]:
        return forms_in(answer.text, path) if answer.mimetype == "text/html" else []

    def _leads_to(self, form: Form) -> str:
        adapter = self.app.url_map.bind("lich.example.org")
        endpoint, _values = adapter.match(form.action.partition("?")[0], method="POST")
        return str(endpoint)


def _last_buttons(form: Form) -> dict[str, str]:
    return {n: form.choices[n][-1] for n, kind in form.kinds.items() if kind == "button"}


def build(folder: Path) -> Province:
    """Make a province of 2021 with two rounds, something of everything in three units, and people
    with own calendars of each kind.
    """
    file, clock = folder / "province.db", Clock()
    engine = database.create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:  # commands refuse a database of another version
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{migrate.newest()}')")
    factory = database.create_session_factory(engine)
    with factory.begin() as session:
        import_catalog(session, read_catalog().as_known_on(date(2026, 6, 30)), now=NOON)
        STATES["family_day"](session, work_calendar(session))
    config = WebConfig(
        secret_key=SECRET,
        public_url=rights_matrix.HOST,
        maildir=folder / "mail",
        setup_code_file=folder / "setup_code",
        files=folder / "files",
        testing=True,
        rate_limits=False,
        clock=clock,
        session_idle=timedelta(days=3650),
        session_lifetime=timedelta(days=3650),
    )
    app = create_app(factory, config)
    with factory() as session:
        cast = Cast(session)
        opened = opened_of(session, cast)
        add_village(
            session, cast.commune, "lang", "Đăk Ra", by=cast.thi, now=NOON,
            calendar=work_calendar(session),
        )  # fmt: skip
        world = rights_matrix.world(app, session, cast, opened)
        values = world.values
        _add_more(session, cast, opened, values)
        who = {
            "administrator": next(one.visitor for one in world.people if one.is_administrator),
            **{
                name: rights_matrix._browser(app, session, person)
                for name, person in (
                    ("thi", cast.thi),
                    ("hoa", cast.hoa),
                    ("khanh", cast.khanh),
                    ("la", cast.la),
                )
            },
        }
        days = _few_days(session)
        keys = _keys(session, cast, days)
        session.commit()
    province = Province(app, clock, file, folder / "kept.db", values, who, days)
    for key in keys:
        serve_feed(factory, key, now=NOON, public_url=rights_matrix.HOST)
    province.renew()
    province.keep()
    _go_on(province)
    province.begin_again()
    return province


def _go_on(province: Province) -> None:
    """Let the rounds of 2027 open in the units that there are then, with work of their own."""
    province.clock.now = AFTER_THE_REFORM
    factory, now = province.factory, AFTER_THE_REFORM
    with factory.begin() as session:
        session.execute(delete(FeedStamp))
        session.execute(delete(Feed))
    open_ahead(factory, now=now)
    with factory.begin() as session:
        units = session.scalars(select(Unit).where(Unit.key.in_(UNITS_LATER))).all()
        commune = next(one for one in units if one.key == UNITS_LATER[0])
        thi = find_person(session, "thi@example.org")
        assert thi is not None
        give_post(session, thi, commune, "ubnd_xa", since=date(2025, 7, 1))
        campaigns = session.scalars(
            select(Campaign).where(Campaign.unit_id.in_([unit.id for unit in units]))
        ).all()
        theirs = next(one for one in campaigns if one.unit_id == commune.id)
        begins = now + 10 * A_DAY
        plan = Plan("Lễ phát động", begins, begins + A_WHILE, "Sân xã")
        add_activity(session, theirs, plan, by=thi, now=now)
        keys = [*COMMON, *province.days, *(unit.slug for unit in units)]
        keys += [f"chien-dich/{one.uid}" for one in campaigns]
        keys += [ENGLISH + key for key in keys]
        keys += [token.key for token in session.scalars(select(FeedToken))]
    for key in keys:
        serve_feed(factory, key, now=now, public_url=rights_matrix.HOST)
    province.renew()
    province.keep(later=True)


def _few_days(session: Session) -> tuple[str, ...]:
    """Let the province keep few days: calendars of all of them are written again and again."""
    for observance in session.scalars(select(Observance)):
        observance.enabled = observance.slug in DAYS
    session.flush()
    return DAYS


def _add_more(
    session: Session, cast: Cast, opened: Opened, values: dict[str, dict[str, Any]]
) -> None:
    """Enter what people may attend, also every week, and own calendars of each kind."""
    for place, by in (("province", cast.hoa), ("commune", cast.thi)):
        campaign = getattr(opened, place)
        plan = Plan("Lễ phát động", NOON + 10 * A_DAY, NOON + 10 * A_DAY + A_WHILE, "Quảng trường")
        values[place]["launch"] = add_activity(session, campaign, plan, by=by, now=NOON).uid
        weekly = Plan(
            "Sinh hoạt câu lạc bộ", NOON + 3 * A_DAY, NOON + 3 * A_DAY + A_WHILE, "Nhà văn hóa",
            weekly_until=(NOON + 40 * A_DAY).date(),
        )  # fmt: skip
        values[place]["optional"] = next(one.id for one in campaign.items if not one.required)
        link = MailLink(by.id, values[place]["item_id"])
        values[place]["mail_token"] = token_of(link, SECRET)
        values[place]["weekly"] = add_activity(session, campaign, weekly, by=by, now=NOON).uid
    role = add_role(session, "Lãnh đạo", "Leader", None, duty=Duty.LEADER, by=None, on=NOON.date())
    give_post(session, cast.la, cast.commune, role.key, since=date(2020, 1, 1))
    for person, options in (
        (cast.thi, Options("Của Thi", has_alarms=True)),
        (cast.thi, Options("Xã và thôn", scope=FeedScope.SUBTREE, past_days=365)),
        (cast.hoa, Options("Tỉnh", scope=FeedScope.UNIT, language="en")),
        (cast.la, Options("Lãnh đạo", scope=FeedScope.LEADER)),
    ):
        token = make_token(session, person, options, now=NOON)[0]
        values["commune"].setdefault("own", token.id)
    session.flush()


def _keys(session: Session, cast: Cast, days: Iterable[str]) -> list[str]:
    """Return the calendars that are looked at: each kind, in both languages."""
    units = [cast.province, cast.district, cast.commune, cast.other_commune]
    with_villages = select(Unit.slug).where(Unit.parent_id == cast.commune.id)
    campaigns = select(Campaign.uid).where(
        Campaign.unit_id.in_((cast.province.id, cast.commune.id))
    )
    public = [*COMMON, *days, *(unit.slug for unit in units), *session.scalars(with_villages)]
    public += [f"chien-dich/{uid}" for uid in session.scalars(campaigns)]
    tokens = session.scalars(select(FeedToken)).all()
    return [*public, *(ENGLISH + key for key in public), *(token.key for token in tokens)]
