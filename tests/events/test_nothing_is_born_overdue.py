"""Whatever makes an item come into being, on whichever day: it is not overdue at that moment, and
what waits for it is held up by nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.other_kinds import get_kind, open_on, switch_on
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.days.reasons import Cause
from events.days.workdays import WorkCalendar
from events.models import Campaign, ChecklistItem, Person, Round, Template, Unit
from events.observances.own import NewObservance, add_observance, switch_observance
from events.people.posts import give_post
from events.reforms.reform import found, merge, split
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.replanning import anchors
from events.replanning.new_version import apply_version, compare
from events.templates.editing import edit_template, get_template, item_entry
from events.units.start_lines import begin_to_follow
from tests.chance import drawn, undone

A_DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)


@dataclass
class Office:
    """The province, on some day after it began to be followed."""

    session: Session
    calendar: WorkCalendar
    who: Person
    today: date

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(2), UTC)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.who, self.now)

    def communes(self) -> list[Unit]:
        query = select(Unit).where(Unit.level_key == "commune", Unit.on(self.today))
        return list(self.session.scalars(query.order_by(Unit.position, Unit.id).limit(3)))

    def round_of(self, key: str, opened: date | None = None) -> Campaign:
        """Open the round of a template in its year, in three communes, perhaps before today."""
        session, today = self.session, self.today
        [found] = rounds_of(get_template(session, key), today.year)
        self.today = opened or today
        ids = [unit.id for unit in self.communes()]
        open_round(session, found, now=self.now, calendar=self.calendar, unit_ids=ids)
        self.today = today
        top = select(Campaign).join(Campaign.round).join(Round.template).where(Template.key == key)
        return session.scalars(top.where(Campaign.parent_id.is_(None))).one()


def first_start(office: Office) -> None:
    begin_to_follow(office.session, now=office.now)
    open_campaigns(office.session, now=office.now, calendar=office.calendar)


def opening_late(office: Office) -> None:
    open_campaigns(office.session, now=office.now, calendar=office.calendar)


def an_observance_switched_on(office: Office) -> None:
    observance = get_template(office.session, "happiness_day").observance
    observance.enabled = False
    switch_observance(office.session, observance, by=None, enabled=True, now=office.now)
    opening_late(office)


def an_observance_made(office: Office) -> None:
    soon = office.today + 9 * A_DAY
    rule = {"kind": "fixed_day", "month": soon.month, "day": min(soon.day, 28)}
    like = get_template(office.session, "happiness_day")
    wanted = NewObservance("Ngày mới", "A new day", rule, "gold")
    add_observance(office.session, wanted, like=like, by=office.who, now=office.now)
    opening_late(office)


def a_kind_opened_by_hand(office: Office) -> None:
    kind, day = get_kind(office.session, "training_course"), office.today + 3 * A_DAY
    if day.year == office.today.year:
        open_on(office.session, kind, day, by=None, now=office.now, calendar=office.calendar)


def a_kind_switched_on(office: Office) -> None:
    switch_on(office.session, get_kind(office.session, "report_year"), on=office.today, by=None)
    opening_late(office)


def a_village_that_joins(office: Office) -> None:
    office.round_of("gender_action_month", FIRST + 30 * A_DAY)
    [commune, *_] = office.communes()
    what = {"by": office.who, "now": office.now, "calendar": office.calendar}
    add_village(office.session, commune, "thon", "Mới", **what)


def a_unit_made_of_none(office: Office) -> None:
    office.round_of("gender_action_month", FIRST + 30 * A_DAY)
    [top] = office.session.scalars(
        select(Unit).where(Unit.parent_id.is_(None), Unit.on(office.today))
    )
    new = NewUnit("Xã Mới", parent_key=top.key)
    what = {"on": office.today, "basis": None, "stamp": office.stamp}
    found(office.session, new, "commune", **what)
    opening_late(office)


def a_split(office: Office) -> None:
    office.round_of("happiness_day", FIRST)
    [commune, *_] = office.communes()
    parts = [NewUnit("Xã Mới A"), NewUnit("Xã Mới B")]
    split(office.session, commune.key, parts, on=office.today, basis=None, stamp=office.stamp)


def a_merger(office: Office) -> None:
    office.round_of("happiness_day", FIRST)
    keys = [unit.key for unit in office.communes()][:2]
    new = NewUnit("Xã Mới")
    merge(office.session, keys, new, on=office.today, basis=None, stamp=office.stamp)


def a_new_version(office: Office) -> None:
    root = office.round_of("gender_action_month", FIRST + 30 * A_DAY)
    entries = [item_entry(item) for item in root.template.current.items]
    more = entries[0].model_copy(update={"key": "more", "title_vi": "Việc thêm", "depends_on": []})
    edit_template(office.session, root.template, [*entries, more], by=office.who, now=office.now)
    version = root.template.current
    shown = compare(office.session, root, version, calendar=office.calendar, now=office.now)
    apply_version(
        office.session,
        root,
        version,
        expected_fingerprint=shown.fingerprint,
        by=office.who,
        now=office.now,
        calendar=office.calendar,
    )


def a_division(office: Office) -> None:
    root = office.round_of("gender_action_month", FIRST + 30 * A_DAY)
    [commune, *_] = office.communes()
    who = {"by": office.who, "now": office.now, "calendar": office.calendar}
    item = office.session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.campaign_id == root.id)
        .order_by(ChecklistItem.due)
        .limit(1)
    ).one()
    split_item(office.session, item.id, [commune.id], **who)


WAYS = [
    first_start,
    opening_late,
    an_observance_switched_on,
    an_observance_made,
    a_kind_opened_by_hand,
    a_kind_switched_on,
    a_village_that_joins,
    a_unit_made_of_none,
    a_split,
    a_merger,
    a_new_version,
    a_division,
]


BORN_BESIDE_OTHERS = (
    a_village_that_joins,
    a_unit_made_of_none,
    a_split,
    a_merger,
    a_new_version,
    a_division,
)


def the_last_item(session: Session) -> int:
    return session.scalar(select(func.max(ChecklistItem.id))) or 0


def require_no_debts(session: Session, born: list[ChecklistItem], today: date) -> None:
    everything = {
        (item.campaign_id, item.key): item for item in session.scalars(select(ChecklistItem))
    }
    for item in born:
        assert not item.is_overdue(today), (item.key, item.due, item.followed_from)
        firsts = (everything.get((item.campaign_id, key)) for key in item.depends_on)
        assert all(first.due <= item.due for first in firsts if first and first.is_open)


@pytest.mark.parametrize("way", WAYS)
@drawn(4)
@given(days=st.integers(0, 340), before=st.integers(0, 120))
def test_nothing_is_overdue_at_birth(
    session: Session, vietnam: WorkCalendar, cast: Any, way: Callable[[Office], None], days, before
):
    with undone(session):
        office = Office(session, vietnam, cast.hoa, FIRST + 40 * A_DAY + days * A_DAY)
        top = session.scalars(
            select(Unit).where(Unit.parent_id.is_(None), Unit.on(office.today))
        ).one()
        give_post(session, cast.hoa, top, "so_vhttdl", since=FIRST)
        if way is not first_start:
            line = office.today - before * A_DAY
            begin_to_follow(session, line, now=office.now)
        known = the_last_item(session)
        if way in BORN_BESIDE_OTHERS:
            known = None

        way(office)

        session.flush()
        session.expire_all()
        query = select(ChecklistItem).order_by(ChecklistItem.id)
        born = [
            item
            for item in session.scalars(query)
            if (known is not None and item.id > known) or item.born == office.today
        ]
        require_no_debts(session, born, office.today)


@pytest.mark.parametrize("way", [a_split, a_merger])
@drawn(6)
@given(days=st.integers(25, 38), before=st.integers(0, 60))
@example(days=38, before=60)  # on the day itself
def test_what_another_unit_took_over_keeps_its_day_when_the_round_is_planned_anew(
    session: Session, vietnam: WorkCalendar, cast: Any, way: Callable[[Office], None], days, before
):
    with undone(session):
        office = Office(session, vietnam, cast.hoa, FIRST + 40 * A_DAY + days * A_DAY)
        begin_to_follow(session, office.today - before * A_DAY, now=office.now)
        way(office)
        root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()

        later = office.now + A_DAY
        planned = anchors.preview(session, root, anchors.NewAnchor(), vietnam, now=later)

        earlier = [line for line in planned.moved if line.new_due < line.old_due]
        assert [(line.key, line.old_due, line.new_due) for line in earlier] == []


def opened_late(session, vietnam, today=date(2026, 3, 10)):
    """Open 20 March 2026 on a day on which most of its preparation had passed."""
    begin_to_follow(session, FIRST, now=datetime(2026, 1, 1, 2, tzinfo=UTC))
    [found] = rounds_of(get_template(session, "happiness_day"), 2026)
    now = datetime.combine(today, time(2), UTC)
    open_round(session, found, now=now, calendar=vietnam)
    return session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()


def test_what_a_late_round_should_have_done_gets_some_working_days_and_says_why(session, vietnam):
    root = opened_late(session, vietnam)

    late = [item for item in root.items if item.nominal_due < date(2026, 3, 10)]
    assert late
    for item in late:
        assert date(2026, 3, 10) <= item.due <= date(2026, 3, 20)
        assert item.due_reason.cause in (Cause.LATE_OPENING, Cause.WAITS)
        assert not item.for_reference
    said = next(item.due_reason for item in late if item.due_reason.day)
    assert said.words("vi") == "trước ngày mở muộn (10/03/2026)"


def test_a_late_round_keeps_its_days_when_nothing_moves(session, vietnam):
    root = opened_late(session, vietnam)
    now = datetime(2026, 3, 12, 2, tzinfo=UTC)

    assert anchors.preview(session, root, anchors.NewAnchor(), vietnam, now=now).is_empty


def test_how_long_a_late_item_has_is_data_of_its_phase(session, vietnam):
    template = get_template(session, "happiness_day")
    for item in template.current.items:
        item.phase.late_workdays = 0

    root = opened_late(session, vietnam)

    late = [item for item in root.items if item.nominal_due < date(2026, 3, 10)]
    assert {item.due for item in late} == {date(2026, 3, 10)}
