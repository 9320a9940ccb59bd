"""When a campaign is over and when its year is closed, for everybody who asks."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.lifetime import goes_on
from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.errors import ConflictError
from events.models import Campaign, ChecklistItem, Round, TodoStatus
from events.models.campaigns import same_round
from events.reforms.villages import add_village
from events.replanning import anchors
from events.replanning.anchors import NewAnchor
from events.replanning.cancelling import cancel_round
from events.replanning.new_version import compare
from events.templates import editing
from tests.events.replanning.test_anchors import enter_commune, move, open_template

IN_FEBRUARY = datetime(2021, 2, 20, 2, tzinfo=UTC)
# 20 March is over, the event of 3 April is to come
AFTER_THE_DAY = datetime(2021, 3, 25, 2, tzinfo=UTC)
IN_JANUARY = datetime(2022, 1, 3, 2, tzinfo=UTC)


@pytest.fixture
def moved(session, vietnam, cast):
    """The campaign for 20 March 2021, whose main event is held on 3 April."""
    root = open_template(session, vietnam, "happiness_day", 2021, IN_FEBRUARY)
    move(session, root, NewAnchor(event_date=date(2021, 4, 3)), vietnam, cast.hoa, IN_FEBRUARY)
    return root


@pytest.fixture
def quarter(session, vietnam, cast):
    """Communication in the fourth quarter of 2021, whose figures are due on 5 January."""
    template = editing.get_template(session, "communication_quarter")
    *_, last = rounds_of(template, 2021)
    open_round(session, last, now=datetime(2021, 9, 20, tzinfo=UTC), calendar=vietnam)
    return session.scalars(
        select(Campaign).where(
            Campaign.round.has(Round.template_id == template.id),
            Campaign.unit_id == cast.province.id,
        )
    ).one()


def has_campaign(session, root, unit):
    there = select(Campaign.id).where(same_round(root), Campaign.unit_id == unit.id)
    return session.scalar(there) is not None


def test_a_village_entered_before_a_main_event_that_was_postponed_takes_part(
    session, moved, vietnam, cast
):
    village = add_village(
        session,
        cast.commune,
        "lang",
        "Đăk Ra",
        by=cast.thi,
        now=AFTER_THE_DAY,
        calendar=vietnam,
    )

    assert has_campaign(session, moved, village)


def test_a_village_entered_in_december_takes_part_in_what_is_open_for_the_next_year(
    session, vietnam, cast
):
    in_december = datetime(2021, 12, 20, 2, tzinfo=UTC)
    root = open_template(session, vietnam, "happiness_day", 2022, in_december)

    village = add_village(
        session,
        cast.commune,
        "lang",
        "Đăk Ra",
        by=cast.thi,
        now=in_december,
        calendar=vietnam,
    )

    assert has_campaign(session, root, village)


@pytest.mark.parametrize(
    ("day", "takes_part"),
    [(date(2021, 3, 25), True), (date(2021, 4, 3), True), (date(2021, 4, 4), False)],
)
def test_a_commune_that_is_added_gets_the_campaign_until_its_main_event(
    session, moved, vietnam, cast, day, takes_part
):
    unit = enter_commune(session, cast)

    open_campaigns(
        session, now=datetime(day.year, day.month, day.day, 2, tzinfo=UTC), calendar=vietnam
    )

    assert has_campaign(session, moved, unit) is takes_part


def test_days_that_were_brought_forward_are_over_by_their_new_date(session, vietnam, cast):
    root = open_template(session, vietnam, "happiness_day", 2021, IN_FEBRUARY)
    move(session, root, NewAnchor(first=date(2021, 3, 10)), vietnam, cast.hoa, IN_FEBRUARY)
    unit = enter_commune(session, cast)

    open_campaigns(session, now=datetime(2021, 3, 15, 2, tzinfo=UTC), calendar=vietnam)

    assert not has_campaign(session, root, unit)


@pytest.mark.parametrize("event", [None, date(2021, 3, 10), date(2021, 3, 20), date(2021, 4, 3)])
def test_the_database_and_python_agree_on_the_day_a_campaign_is_over(session, vietnam, event):
    root = open_template(session, vietnam, "happiness_day", 2021)
    root.round.event_date = event
    session.flush()

    for day in (date(2021, 3, 20), date(2021, 3, 21), date(2021, 4, 3), date(2021, 4, 4)):
        found = session.scalar(select(Campaign.id).where(Campaign.id == root.id, goes_on(day)))
        assert (found is not None) == (day < root.over_on)


def test_a_main_event_in_january_keeps_the_campaign_of_the_old_year_open_until_it_was_held(
    session, vietnam, cast
):
    root = open_template(
        session, vietnam, "gender_action_month", 2021, datetime(2021, 10, 1, tzinfo=UTC)
    )
    december = datetime(2021, 12, 10, 2, tzinfo=UTC)
    move(session, root, NewAnchor(event_date=date(2022, 1, 10)), vietnam, cast.hoa, december)

    move(session, root, NewAnchor(event_date=date(2022, 1, 14)), vietnam, cast.hoa, IN_JANUARY)

    assert root.event_date == date(2022, 1, 14)
    with pytest.raises(ConflictError, match="2021 is closed"):
        anchors.preview(
            session, root, NewAnchor(event_date=date(2021, 12, 30)), vietnam, now=IN_JANUARY
        )
    with pytest.raises(ConflictError, match="2021 is closed"):
        anchors.preview(session, root, NewAnchor(), vietnam, now=datetime(2022, 2, 20, tzinfo=UTC))


def test_the_fourth_quarter_changes_while_its_figures_are_due_and_is_closed_then(
    session, quarter, vietnam, cast
):
    version = editing.get_template(session, "communication_quarter").current
    assert len(compare(session, quarter, version, calendar=vietnam, now=IN_JANUARY).lines) == 0

    seen = move(session, quarter, NewAnchor(last=date(2022, 1, 10)), vietnam, cast.hoa, IN_JANUARY)

    assert {line.new_due for line in seen.moved if line.key == "summary"} == {date(2022, 1, 17)}
    after = datetime(2022, 1, 18, 2, tzinfo=UTC)
    for change in (
        lambda: anchors.preview(session, quarter, NewAnchor(), vietnam, now=after),
        lambda: compare(session, quarter, version, calendar=vietnam, now=after),
        lambda: cancel_round(session, quarter, "nhầm", by=cast.hoa, now=after),
    ):
        with pytest.raises(ConflictError, match="2021 is closed"):
            change()


def test_a_quarter_whose_work_is_done_is_closed_with_its_year(session, quarter, vietnam):
    for item in session.scalars(select(ChecklistItem)):
        item.status = TodoStatus.COMPLETED
    session.flush()

    with pytest.raises(ConflictError, match="2021 is closed"):
        anchors.preview(session, quarter, NewAnchor(), vietnam, now=IN_JANUARY)
