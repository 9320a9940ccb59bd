from datetime import UTC, date, datetime

from sqlalchemy import select

from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp
from events.models import Campaign, ChecklistItem, Round, Template, Unit
from events.models.history import Door
from events.models.items import OPEN
from events.progress.across_reforms import compare_years
from events.progress.figures import own_progress, sum_of
from events.reforms.handover import hand_over_due
from events.reforms.villages import add_village
from events.units.tree import get_unit, load_tree, successors

JUNE_2025 = datetime(2025, 6, 2, 2, tzinfo=UTC)
REFORM = date(2025, 7, 1)
ON_THE_DAY = datetime(2025, 7, 1, 1, tzinfo=UTC)


def enter(session, commune, vietnam, by):
    return add_village(session, commune, "thon", "1", by=by, now=JUNE_2025, calendar=vietnam)


def open_family_day(session, vietnam):
    template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
    [found] = rounds_of(template, 2025)
    open_round(session, found, now=JUNE_2025, calendar=vietnam)


def test_the_villages_of_a_commune_that_the_catalogue_ends_live_on_below_its_successor(
    session, cast, vietnam
):
    village = enter(session, cast.other_commune, vietnam, cast.khanh)

    for _morning in range(2):
        hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    [again] = successors(session, village)
    [ward] = successors(session, cast.other_commune)
    assert (again.full_name, again.parent, again.valid_from, village.valid_to) == (
        "Thôn 1",
        ward,
        REFORM,
        date(2025, 6, 30),
    )
    assert [root.full_name for root in load_tree(session, REFORM).roots] == ["Tỉnh Quảng Ngãi"]


def test_what_a_village_left_open_is_handed_over_with_it_and_counts_in_the_new_province(
    session, cast, vietnam
):
    village = enter(session, cast.other_commune, vietnam, cast.khanh)
    open_family_day(session, vietnam)

    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    open_campaigns(session, now=ON_THE_DAY, calendar=vietnam)
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    [again] = successors(session, village)
    mine = (
        select(ChecklistItem.key).join(ChecklistItem.campaign).where(ChecklistItem.status.in_(OPEN))
    )
    assert not session.scalars(mine.where(Campaign.unit_id == village.id)).all()
    assert session.scalars(mine.where(Campaign.unit_id == again.id)).all()
    stray = (
        select(Campaign.id)
        .join(Campaign.unit)
        .where(Unit.level_key == "village", Campaign.parent_id.is_(None))
    )
    assert not session.scalars(stray).all()
    counted = sum_of(own_progress(session, REFORM, Campaign.round.has(Round.year == 2025)).values())
    assert compare_years(session, get_unit(session, "51-2025"), [2025], REFORM)[2025] == counted
