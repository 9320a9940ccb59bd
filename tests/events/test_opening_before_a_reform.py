"""A merge is entered weeks before its day: the units that still exist do the work, and none of it
stands twice.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from events.campaigns.opening import open_campaigns
from events.campaigns.other_kinds import get_kind, open_on
from events.checklist.history import Stamp
from events.errors import InvalidInputError
from events.models import Campaign, ChecklistItem, Round, Template, TodoStatus, Unit
from events.models.history import Door
from events.models.items import OPEN
from events.reforms.handover import hand_over_due
from events.reforms.reform import merge, rename
from events.reforms.writing import NewUnit
from events.replanning.anchors import NewAnchor, preview
from events.replanning.new_version import apply_version, compare
from events.replanning.preview import Fate
from events.templates.editing import edit_template, get_template, item_entry

WHEN_ENTERED = datetime(2021, 1, 20, 1, tzinfo=UTC)
BEFORE_THE_DAY = datetime(2021, 2, 26, 1, tzinfo=UTC)
FIRST_DAY = date(2021, 3, 1)  # three weeks before 20 March
ON_THE_DAY = datetime(2021, 3, 1, 1, tzinfo=UTC)
PAIR = ["23341", "23344"]


@pytest.fixture
def cast(before_2025):
    return before_2025


def enter_merge(session, cast):
    done = merge(
        session,
        PAIR,
        NewUnit("Xã Đăk Mới"),
        stamp=Stamp(cast.hoa, WHEN_ENTERED),
        on=FIRST_DAY,
        basis=None,
    )
    return done.begun[0]


def works(session, unit, status=OPEN):
    query = (
        select(func.count(ChecklistItem.id))
        .join(ChecklistItem.campaign)
        .join(Campaign.round)
        .join(Round.template)
    )
    here = (
        Template.key == "happiness_day",
        Campaign.unit_id == unit.id,
        ChecklistItem.status.in_(status),
    )
    return session.scalar(query.where(*here))


def of_keys(session, keys):
    return [session.scalars(select(Unit).where(Unit.key == key)).one() for key in keys]


@pytest.mark.parametrize("opened_first", [True, False])
def test_a_campaign_before_a_merge_belongs_to_the_units_that_still_exist(
    session, cast, vietnam, opened_first
):
    if opened_first:
        open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    new = enter_merge(session, cast)

    open_campaigns(session, now=BEFORE_THE_DAY, calendar=vietnam)

    assert works(session, new) == 0
    assert all(works(session, unit) == 7 for unit in of_keys(session, PAIR))


def test_the_merged_unit_gets_what_is_open_and_nothing_twice(session, cast, vietnam):
    open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    new = enter_merge(session, cast)
    done = select(ChecklistItem.id).join(ChecklistItem.campaign).join(Campaign.unit)
    done = done.where(Unit.key.in_(PAIR), ChecklistItem.key == "plan_commune")
    session.execute(
        update(ChecklistItem)
        .where(ChecklistItem.id.in_(done))
        .values(status="COMPLETED", completed_on=date(2021, 2, 20))
    )

    for _morning in range(2):
        open_campaigns(session, now=ON_THE_DAY, calendar=vietnam)
        hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    assert works(session, new) == 6  # all but the plan, which both had
    assert [works(session, unit) for unit in of_keys(session, PAIR)] == [0, 0]


def test_a_new_version_asks_the_merged_unit_for_what_is_new_and_for_nothing_that_was_done(
    session, cast, vietnam
):
    open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    new = enter_merge(session, cast)
    plans = select(ChecklistItem.id).join(ChecklistItem.campaign).join(Campaign.unit)
    plans = plans.where(Unit.key.in_(PAIR), ChecklistItem.key == "plan_commune")
    done = {"status": "COMPLETED", "completed_on": date(2021, 2, 20)}
    session.execute(update(ChecklistItem).where(ChecklistItem.id.in_(plans)).values(done))
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    template = get_template(session, "happiness_day")
    entries = [item_entry(item) for item in template.current.items]
    thanks = next(entry for entry in entries if entry.key == "report_commune").model_copy(
        update={"key": "thanks", "depends_on": []}
    )
    version = edit_template(session, template, [*entries, thanks], by=cast.hoa, now=ON_THE_DAY)
    root = session.scalars(
        select(Campaign).where(
            Campaign.unit_id == cast.province.id,
            Campaign.round.has(Round.template_id == template.id),
        )
    ).one()

    diff = compare(session, root, version, calendar=vietnam, now=ON_THE_DAY)

    added = diff.of(Fate.ADDED)
    assert {line.key for line in added} == {"thanks"}
    units = {line.unit.id for line in added}
    assert new.id in units
    assert not units & {unit.id for unit in of_keys(session, PAIR)}


def new_version(session, cast, vietnam, entries, now=ON_THE_DAY):
    """Give the round another version and return what that changed."""
    template = get_template(session, "happiness_day")
    version = edit_template(session, template, entries, by=cast.hoa, now=now)
    root = session.scalars(
        select(Campaign).where(
            Campaign.unit_id == cast.province.id,
            Campaign.round.has(Round.template_id == template.id),
        )
    ).one()
    diff = compare(session, root, version, calendar=vietnam, now=now)
    apply_version(
        session,
        root,
        version,
        expected_fingerprint=diff.fingerprint,
        by=cast.hoa,
        now=now,
        calendar=vietnam,
    )
    return diff


def test_what_a_version_brings_back_comes_to_the_merged_unit_and_not_to_those_that_ended(
    session, cast, vietnam
):
    open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    new = enter_merge(session, cast)
    entries = [item_entry(item) for item in get_template(session, "happiness_day").current.items]
    new_version(
        session,
        cast,
        vietnam,
        [entry for entry in entries if entry.key != "loudspeaker"],
        now=WHEN_ENTERED,
    )
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    diff = new_version(session, cast, vietnam, entries)

    units = [line.unit.id for line in diff.of(Fate.ADDED) if line.key == "loudspeaker"]
    assert units.count(new.id) == 1
    assert not {*units} & {unit.id for unit in of_keys(session, PAIR)}


def test_what_was_done_before_a_merge_is_not_asked_of_a_unit_that_follows_the_merged_one(
    session, cast, vietnam
):
    open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    new = enter_merge(session, cast)
    plans = select(ChecklistItem.id).join(ChecklistItem.campaign).join(Campaign.unit)
    plans = plans.where(Unit.key.in_(PAIR), ChecklistItem.key == "plan_commune")
    done = {"status": "COMPLETED", "completed_on": date(2021, 2, 20)}
    session.execute(update(ChecklistItem).where(ChecklistItem.id.in_(plans)).values(done))
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    later = ON_THE_DAY + timedelta(days=1)
    [last] = rename(
        session, new.key, "Xã Sau", stamp=Stamp(cast.hoa, later), on=later.date(), basis=None
    ).begun
    entries = [item_entry(item) for item in get_template(session, "happiness_day").current.items]

    diff = new_version(
        session,
        cast,
        vietnam,
        [entry.model_copy(update={"weight": 2}) for entry in entries],
        now=later,
    )

    assert last.id in {line.unit.id for line in diff.lines if line.is_change}
    assert diff.of(Fate.ADDED) == []


def test_a_course_after_a_merge_is_opened_for_the_units_that_prepare_it(session, cast, vietnam):
    new = enter_merge(session, cast)
    course, day = get_kind(session, "training_course"), date(2021, 3, 15)
    old = [unit.id for unit in of_keys(session, PAIR)]

    opened = open_on(
        session, course, day, by=None, now=WHEN_ENTERED, calendar=vietnam, unit_ids=old
    )

    assert opened.campaigns == 4  # the province, the district and both communes
    with pytest.raises(InvalidInputError, match="does not exist"):
        open_on(
            session, course, day, by=None, now=WHEN_ENTERED, calendar=vietnam, unit_ids=[new.id]
        )


def test_work_that_went_to_the_successor_is_not_said_to_stay_where_it_was(session, cast, vietnam):
    open_campaigns(session, now=WHEN_ENTERED, calendar=vietnam)
    enter_merge(session, cast)
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    root = session.scalars(
        select(Campaign)
        .join(Campaign.round)
        .join(Round.template)
        .where(Template.key == "happiness_day", Campaign.unit_id == cast.province.id)
    ).one()

    seen = preview(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, now=ON_THE_DAY)

    assert works(session, cast.commune, [TodoStatus.CANCELLED]) == 7
    assert seen.of(Fate.KEPT_DONE) == []
    assert cast.commune.id not in {line.unit.id for line in seen.lines}
