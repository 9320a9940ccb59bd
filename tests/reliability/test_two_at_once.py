"""Two processes working at the same moment, on the same thing or on what belongs together: each
thread has its own connection, as a process would.
"""

import importlib
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.checklist.states import complete_item, decline_item, start_item
from events.database.sessions import Base, create_session_factory
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision
from events.errors import ConflictError
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    ItemState,
    Person,
    PostProposal,
    Round,
    TemplateVersion,
    TodoStatus,
    Unit,
)
from events.models.campaigns import same_round
from events.models.history import Door
from events.observances.own import find_observance
from events.observances.yearly_themes import announce_theme, theme_shown
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.closed_units import open_in_closed_units
from events.reforms.handover import hand_over_due
from events.reforms.reform import merge
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.replanning.anchors import NewAnchor, apply, preview
from events.replanning.days_off import YearDecision, apply_decision, preview_decision
from events.replanning.new_version import apply_version, compare
from events.replanning.preview import Fate
from events.templates.editing import edit_template, get_template, item_entry
from events.units.tree import get_unit, successors
from events.working_calendar import work_calendar

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
BOTH = 2
HAPPINESS = "ngay-quoc-te-hanh-phuc"
A_MOMENT = 1.0  # seconds


def at_once(work, other=None):
    """Run ``work`` and ``other``, or ``work`` twice, in two threads that start together, and raise
    what either raised.
    """
    barrier, problems = threading.Barrier(BOTH), []

    def run(work):
        barrier.wait()
        try:
            work()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=[each]) for each in (work, other or work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


@pytest.fixture
def factory(blank_engine, catalog):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=NOW)
    return factory


def open_all(factory):
    with factory.begin() as session:
        open_campaigns(session, now=NOW, calendar=work_calendar(session))


def test_two_openers_open_every_campaign_once(factory):
    at_once(lambda: open_all(factory))

    with factory() as session:
        campaigns = Counter(
            session.execute(
                select(Round.template_id, Round.period, Campaign.unit_id).join(
                    Campaign, Campaign.round_id == Round.id
                )
            ).all()
        )
        items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
    assert len(campaigns) == 5 * 97
    assert set(campaigns.values()) | set(items.values()) == {1}


def test_two_ticks_of_one_item_are_one_tick(factory):
    open_all(factory)
    with factory.begin() as session:
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
        item_id = session.scalars(
            select(ChecklistItem.id).where(ChecklistItem.evidence_min == 0)
        ).first()

    def tick():
        with factory.begin() as session:
            complete_item(session, item_id, Stamp(session.get_one(type(person), person.id), NOW))

    at_once(tick)

    with factory() as session:
        assert session.get_one(ChecklistItem, item_id).sequence == 1
        assert len(session.scalars(select(Change).where(Change.item_id == item_id)).all()) == 1


def test_a_part_that_is_begun_while_its_whole_is_given_up_is_begun_or_closed_with_it(factory):
    open_all(factory)
    with factory.begin() as session:
        person, commune = somebody_above(session), get_unit(session, "21025-2025")
        who = {"by": person, "now": NOW, "calendar": work_calendar(session)}
        villages = [
            add_village(session, commune, "thon", str(number), **who).id for number in range(3)
        ]
        query = (
            select(ChecklistItem)
            .join(ChecklistItem.campaign)
            .where(Campaign.unit_id == commune.id, Campaign.round.has(Round.dtend > NOW.date()))
        )
        whole = session.scalars(query.where(ChecklistItem.key == "banners")).first()
        part = split_item(session, whole.id, villages, **who)[0]
    refused = []

    def give_up():
        with factory.begin() as session:
            decline_item(
                session, whole.id, "mất điện", Stamp(session.get_one(type(person), person.id), NOW)
            )

    def begin():
        with factory.begin() as session:
            try:
                start_item(session, part.id, Stamp(session.get_one(type(person), person.id), NOW))
            except ConflictError as error:
                refused.append(error)

    at_once(give_up, begin)

    with factory() as session:
        states = [session.get_one(ChecklistItem, item.id).state for item in (whole, part)]
        assert states == [
            ItemState.NOT_DONE,
            ItemState.NOT_DONE if refused else ItemState.IN_PROGRESS,
        ]


def test_two_moves_of_one_event_move_every_item_once(factory):
    open_all(factory)
    change = NewAnchor(event_date=date(2026, 11, 27))
    with factory.begin() as session:
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
        root = session.scalars(
            select(Campaign).where(
                Campaign.parent_id.is_(None),
                Campaign.round.has(Round.dtstart == date(2026, 11, 25)),
            )
        ).one()
        shown = preview(session, root, change, work_calendar(session), now=NOW)

    def move():
        with factory.begin() as session:
            who = {
                "by": session.get_one(type(person), person.id),
                "now": NOW,
                "calendar": work_calendar(session),
            }
            apply(
                session,
                session.get_one(Campaign, root.id),
                change,
                expected_fingerprint=shown.fingerprint,
                **who,
            )

    at_once(move)

    with factory() as session:
        changes = Counter(session.scalars(select(Change.item_id)))
        assert len(changes) == sum(line.is_change for line in shown.lines)
        assert set(changes.values()) == {1}


def somebody_above(session):
    person = add_person(session, "Cán bộ thử", "thu@example.org")
    give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
    return person


def test_two_people_applying_one_version_change_every_item_once(factory):
    open_all(factory)
    with factory.begin() as session:
        person = somebody_above(session)
        template = get_template(session, "evaw_day")
        entries = {entry.key: entry for entry in map(item_entry, template.current.items)}
        entries["banners"] = entries["banners"].model_copy(update={"title_vi": "Treo băng rôn mới"})
        entries["thanks"] = entries["quick_report_commune"].model_copy(
            update={"key": "thanks", "offset_days": 20}
        )
        version = edit_template(session, template, list(entries.values()), by=person, now=NOW)
        [root] = session.scalars(
            select(Campaign).where(
                Campaign.round.has(Round.template_id == template.id),
                Campaign.parent_id.is_(None),
                Campaign.round.has(Round.year == NOW.year),
            )
        )
        shown = compare(session, root, version, calendar=work_calendar(session), now=NOW)
    refused = []

    def accept():
        with factory.begin() as session:
            who = {
                "by": session.get_one(type(person), person.id),
                "now": NOW,
                "calendar": work_calendar(session),
            }
            newest = session.get_one(type(version), version.id)
            try:
                apply_version(
                    session,
                    session.get_one(Campaign, root.id),
                    newest,
                    expected_fingerprint=shown.fingerprint,
                    **who,
                )
            except ConflictError as error:
                refused.append(error)

    at_once(accept)

    with factory() as session:
        items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
        changes = Counter(session.scalars(select(Change.item_id)))
    assert set(items.values()) == {1}
    assert sum(key == "thanks" for _campaign, key in items) == len(shown.of(Fate.ADDED)) == 96
    assert (len(changes), set(changes.values())) == (len(shown.of(Fate.REWORDED)), {1})
    assert len(refused) < BOTH


def test_two_hand_overs_of_the_same_units_hand_over_once(factory):
    open_all(factory)
    with factory.begin() as session:
        merge(
            session,
            ["21025-2025", "21028-2025"],
            NewUnit("Xã Thử"),
            stamp=Stamp(None, NOW - timedelta(days=3)),
            on=NOW.date(),
            basis=None,
        )
        left = len(open_in_closed_units(session, NOW.date()))

    def hand_over():
        with factory.begin() as session:
            hand_over_due(session, stamp=Stamp(None, NOW, Door.CLOCK))

    at_once(hand_over)

    with factory() as session:
        new = session.scalars(select(Unit).where(Unit.full_name == "Xã Thử")).one()
        campaigns = Counter(
            session.scalars(
                select(Round.template_id)
                .join(Campaign, Campaign.round_id == Round.id)
                .where(Campaign.unit_id == new.id)
            )
        )
        begun = (
            select(ChecklistItem.id).join(ChecklistItem.campaign).where(Campaign.unit_id == new.id)
        )
        taken_over = Counter(
            session.scalars(select(Change.item_id).where(Change.item_id.in_(begun)))
        )
        proposals = Counter(
            session.execute(
                select(PostProposal.person_id, PostProposal.unit_id, PostProposal.role_key)
            ).all()
        )
    assert left > 0
    assert set(campaigns.values()) == {1}
    assert sum(taken_over.values()) == left
    assert set(taken_over.values()) == {BOTH}  # one line for each of the two old communes
    assert set(proposals.values()) <= {1}


@contextmanager
def meanwhile(monkeypatch, moment, work):
    """Let ``work`` begin elsewhere when somebody comes to ``moment``, the name of a function, for
    the first time.

    It is done before that goes on, or waits for its transaction; what it raised is raised at the
    end.
    """
    problems = []

    def run():
        try:
            work()
        except Exception as problem:
            problems.append(problem)

    elsewhere = threading.Thread(target=run)
    module, name = moment.rsplit(".", 1)
    real = getattr(importlib.import_module(module), name)

    def then(*args, **kwargs):
        if not elsewhere.ident:
            elsewhere.start()
            elsewhere.join(A_MOMENT)
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(moment, then)
        yield
    elsewhere.join()
    if problems:
        raise problems[0]


def refusals(*works):
    """Run things at once and return in words why those were refused that were."""
    refused = []

    def or_refused(work):
        def run():
            try:
                work()
            except ConflictError as error:
                refused.append(str(error))

        return run

    at_once(*map(or_refused, works))
    return refused


def test_of_two_themes_stored_from_the_same_form_one_is_refused(factory):
    with factory() as session:
        day = find_observance(session, HAPPINESS)
        shown = theme_shown(day, 2031)

    def store(theme):
        with factory.begin() as session:
            announce_theme(
                session,
                find_observance(session, HAPPINESS),
                2031,
                theme,
                by=None,
                shown=shown,
                now=NOW,
            )

    refused = refusals(lambda: store("Một"), lambda: store("Hai"))

    assert ["another theme is stored by now" in reason for reason in refused] == [True]


class Above:
    """Somebody of the province at work on a round that is open, each time in a transaction of their
    own.
    """

    def __init__(self, factory):
        self.factory = factory
        open_all(factory)
        with factory.begin() as session:
            self.person = somebody_above(session)
            self.root = session.scalars(
                select(Campaign).where(
                    Campaign.parent_id.is_(None),
                    Campaign.round.has(Round.dtstart == date(2026, 11, 25)),
                )
            ).one()

    def at_work(self, session):
        return {
            "by": session.get_one(Person, self.person.id),
            "now": NOW,
            "calendar": work_calendar(session),
        }

    def top(self, session):
        return session.get_one(Campaign, self.root.id)

    def shown_move(self, change):
        """Look at a move, and return how it is applied as shown."""
        with self.factory() as session:
            mark = preview(
                session, self.top(session), change, work_calendar(session), now=NOW
            ).fingerprint

        def move():
            with self.factory.begin() as session:
                apply(
                    session,
                    self.top(session),
                    change,
                    expected_fingerprint=mark,
                    **self.at_work(session),
                )

        return move

    def shown_version(self, version_id):
        """Look at what a version changes, and return how it is applied as shown."""
        with self.factory() as session:
            version = session.get_one(TemplateVersion, version_id)
            mark = compare(
                session, self.top(session), version, calendar=work_calendar(session), now=NOW
            ).fingerprint

        def accept():
            with self.factory.begin() as session:
                version = session.get_one(TemplateVersion, version_id)
                apply_version(
                    session,
                    self.top(session),
                    version,
                    expected_fingerprint=mark,
                    **self.at_work(session),
                )

        return accept

    def new_version(self, key, **values):
        with self.factory.begin() as session:
            template = self.top(session).template
            entries = [item_entry(item) for item in template.current.items]
            entries = [
                entry.model_copy(update=values) if entry.key == key else entry for entry in entries
            ]
            return edit_template(
                session, template, entries, by=session.get_one(Person, self.person.id), now=NOW
            ).id


@pytest.fixture
def above(factory):
    return Above(factory)


def test_of_a_move_and_a_version_at_once_one_is_looked_at_again_and_both_are_applied(
    factory, above
):
    change = NewAnchor(event_date=date(2026, 11, 27))
    newest = above.new_version("banners", title_vi="Treo băng rôn mới", offset_days=-4)

    refused = refusals(above.shown_move(change), above.shown_version(newest))

    assert len(refused) == 1
    assert "Please look at what moves once more" in refused[0]
    above.shown_move(change)()
    above.shown_version(newest)()
    with factory() as session:
        root, calendar = above.top(session), work_calendar(session)
        assert (root.version_id, root.event_date) == (newest, change.event_date)
        assert preview(session, root, change, calendar, now=NOW).is_empty
        assert compare(
            session, root, session.get_one(TemplateVersion, newest), calendar=calendar, now=NOW
        ).is_empty
        items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
        assert set(items.values()) == {1}


def test_a_unit_that_is_opened_while_the_event_moves_gets_the_day_of_all_others(factory, above):
    change = NewAnchor(event_date=date(2026, 11, 27))
    move = above.shown_move(change)
    with factory.begin() as session:
        province = get_unit(session, "51-2025")
        values = {
            "level_key": "commune",
            "type": "xa",
            "name": "X",
            "full_name": "Xã X",
            "slug": "xa-x",
            "search": "xa x",
        }
        session.add(Unit(key="x-1", parent_id=province.id, **values))

    refused = refusals(move, lambda: open_all(factory))

    if refused:  # the opener was first
        above.shown_move(change)()
    with factory() as session:
        plans = select(ChecklistItem.due, Round.event_date).join(ChecklistItem.campaign)
        plans = plans.join(Campaign.round)
        plans = plans.where(same_round(above.root))
        dues = session.execute(plans.where(ChecklistItem.key == "banners")).all()
        assert (len(dues), set(Counter(dues).values())) == (97, {97})
        assert {day for _due, day in dues} == {change.event_date}
        assert preview(
            session, above.top(session), change, work_calendar(session), now=NOW
        ).is_empty


def test_of_two_mergers_at_once_of_one_unit_one_is_refused_in_words(factory):
    def enter(pair, name):
        def work():
            with factory.begin() as session:
                rest = {"on": date(2026, 12, 1), "basis": None, "stamp": Stamp(None, NOW)}
                merge(session, pair, NewUnit(name), **rest)

        return work

    first, second = ["21025-2025", "21028-2025"], ["21028-2025", "21034-2025"]

    refused = refusals(enter(first, "Xã Một"), enter(second, "Xã Hai"))

    assert len(refused) == 1
    assert "already ends on 30/11/2026" in refused[0]
    with factory() as session:
        assert len(successors(session, get_unit(session, "21028-2025"))) == 1
        ended = session.scalars(select(Unit.key).where(Unit.valid_to == date(2026, 11, 30))).all()
        assert sorted(ended) in (first, second)
        assert (
            len(session.scalars(select(Unit).where(Unit.valid_from == date(2026, 12, 1))).all())
            == 1
        )


@pytest.mark.parametrize(
    "moment",
    ["events.replanning.touched_rounds.load_unit_checklists", "events.replanning.days_off.expect"],
)
def test_a_tick_while_a_decision_on_days_off_is_applied_is_kept(
    factory, above, monkeypatch, moment
):
    """Just before the items are read, and just before they are written."""
    with factory.begin() as session:
        item = session.scalars(
            select(ChecklistItem).where(
                ChecklistItem.key == "quick_report_commune",
                ChecklistItem.campaign.has(parent_id=above.root.id),
            )
        ).first()
        item.evidence_min = 0
        decision = YearDecision(
            NOW.year, (Decision(item.due, True, DayReason(Cause.DECIDED)),), "Nghỉ thử"
        )
        shown = preview_decision(session, decision)
        old, [new] = item.due, [line.new_due for line in shown.moved if line.item_id == item.id]

    def tick():
        with factory.begin() as session:
            complete_item(session, item.id, Stamp(session.get_one(Person, above.person.id), NOW))

    refused = []
    with meanwhile(monkeypatch, moment, tick), factory.begin() as session:
        try:
            apply_decision(
                session, decision, stamp=Stamp(None, NOW), expected_fingerprint=shown.fingerprint
            )
        except ConflictError as error:
            refused.append(error)

    with factory() as session:
        item = session.get_one(ChecklistItem, item.id)
        *_before, last = session.scalars(
            select(Change).where(Change.item_id == item.id).order_by(Change.id)
        )
        assert (item.status, item.completed_on, item.due) == (
            TodoStatus.COMPLETED,
            NOW.date(),
            old if refused else new,
        )
        assert (last.status, last.due) == (TodoStatus.COMPLETED, item.due)


def merge_two(above):
    """Merge two communes as of today."""
    with above.factory.begin() as session:
        rest = {
            "on": NOW.date(),
            "basis": None,
            "stamp": Stamp(session.get_one(Person, above.person.id), NOW),
        }
        merge(session, ["21025-2025", "21028-2025"], NewUnit("Xã Thử"), **rest)


def test_a_report_while_its_commune_is_merged_is_kept_or_refused_in_words(
    factory, above, monkeypatch
):
    with factory() as session:
        same = (
            Campaign.round.has(Round.template_id == above.root.template_id),
            Campaign.unit.has(key="21025-2025"),
        )
        item = session.scalars(
            select(ChecklistItem)
            .join(ChecklistItem.campaign)
            .where(*same)
            .order_by(ChecklistItem.id)
        ).first()
    refused = []

    def report():
        with factory.begin() as session:
            try:
                start_item(session, item.id, Stamp(session.get_one(Person, above.person.id), NOW))
            except ConflictError as error:
                refused.append(str(error))

    with meanwhile(monkeypatch, "events.reforms.writing.hand_over", report):
        merge_two(above)

    with factory() as session:
        new = session.scalars(select(Unit).where(Unit.full_name == "Xã Thử")).one()
        same = (
            Campaign.round.has(Round.template_id == above.root.template_id),
            Campaign.unit_id == new.id,
            ChecklistItem.key == item.key,
        )
        states = [
            each.state
            for each in session.scalars(
                select(ChecklistItem).join(ChecklistItem.campaign).where(*same)
            )
        ]
        assert states == [ItemState.NOT_STARTED if refused else ItemState.IN_PROGRESS]
    assert all("went over to Xã Thử" in sentence for sentence in refused)


def test_an_item_is_divided_while_the_days_of_its_round_are_moved(factory, above, monkeypatch):
    move = above.shown_move(NewAnchor(event_date=date(2026, 11, 27)))
    with factory.begin() as session:
        commune = get_unit(session, "21025-2025")
        who = above.at_work(session)
        villages = [
            add_village(session, commune, "thon", str(number), **who).id for number in range(2)
        ]
        same = (
            Campaign.round.has(Round.template_id == above.root.template_id),
            Campaign.unit_id == commune.id,
            ChecklistItem.key == "banners",
        )
        whole = session.scalars(
            select(ChecklistItem).join(ChecklistItem.campaign).where(*same)
        ).one()

    def move_or_look_again():
        with suppress(ConflictError):
            move()

    with (
        meanwhile(monkeypatch, "events.checklist.dividing.parts_of", move_or_look_again),
        factory.begin() as session,
    ):
        split_item(session, whole.id, villages, **above.at_work(session))

    with factory() as session:
        parts = session.scalars(
            select(ChecklistItem).where(ChecklistItem.split_from_id == whole.id)
        ).all()
        assert {part.campaign.unit_id for part in parts} == set(villages)
        assert {part.due for part in parts} == {session.get_one(ChecklistItem, whole.id).due}


@pytest.mark.parametrize("work", ["a move", "a version"])
def test_units_that_are_merged_meanwhile_follow_what_is_decided_above(
    factory, above, monkeypatch, work
):
    change = NewAnchor(event_date=date(2026, 11, 27))
    version = above.new_version("banners", title_vi="Treo băng rôn mới")
    decide, moment = {
        "a move": (above.shown_move(change), "events.replanning.anchors.load_unit_checklists"),
        "a version": (
            above.shown_version(version),
            "events.replanning.new_version.load_unit_checklists",
        ),
    }[work]

    with meanwhile(monkeypatch, moment, lambda: merge_two(above)):
        decide()

    with factory() as session:
        alive = (
            Campaign.round.has(Round.template_id == above.root.template_id),
            Campaign.unit.has(Unit.valid_to.is_(None)),
        )
        stand = Counter(
            session.execute(
                select(Round.event_date, Round.version_id)
                .join(Campaign, Campaign.round_id == Round.id)
                .where(*alive)
            ).all()
        )
        root = above.top(session)
        assert set(stand) == {(root.event_date, root.version_id)}
        assert (root.event_date, root.version_id == version) == (
            (change.event_date, False) if work == "a move" else (None, True)
        )
