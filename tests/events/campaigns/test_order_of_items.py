"""The order of ``depends_on`` within a unit, however days are shifted: at opening, and when days
off are decided.
"""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from events.campaigns.due_dates import WAITS
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, Shift
from events.models import Campaign, ChecklistItem, Template
from events.replanning import anchors
from events.replanning.days_off import YearDecision, apply_decision, preview_decision
from events.templates.editing import edit_template, item_entry
from events.working_calendar import work_calendar
from tests.chance import drawn, undone

# year ends, 29 February, Tết 2030, 24/11 whose compensation is 25/11
YEARS = (2021, 2024, 2027, 2029, 2030)


def reordered(session, cast, template, offsets, shifts):
    """Give a template a version in which items wait for items that may be due later."""
    entries = [item_entry(item) for item in template.current.items]
    changed = []
    for number, entry in enumerate(entries):
        first = [entries[number - 1].key] if number else []
        values = {
            "offset_days": offsets[number % len(offsets)],
            "shift": shifts[number % len(shifts)],
            "depends_on": first,
        }
        end = (
            {"end_offset_days": values["offset_days"] + 5}
            if entry.end_offset_days is not None
            else {}
        )
        changed.append(entry.model_copy(update={**values, **end, "level_offsets": {}}))
    return edit_template(
        session, template, changed, by=cast.hoa, now=datetime(2021, 1, 1, tzinfo=UTC)
    )


def is_in_order(session):
    by_key = {(item.campaign_id, item.key): item for item in session.scalars(select(ChecklistItem))}
    return all(
        item.due >= by_key[item.campaign_id, first].due
        for item in by_key.values()
        for first in item.depends_on
        if (item.campaign_id, first) in by_key
    )


@pytest.mark.slow
@drawn(25)
@given(
    key=st.sampled_from(["happiness_day", "evaw_day", "gender_action_month"]),
    year=st.sampled_from(YEARS),
    offsets=st.lists(st.integers(-60, 20), min_size=1, max_size=5),
    shifts=st.lists(st.sampled_from(Shift), min_size=1, max_size=3),
)
def test_a_template_of_people_opens_in_order_and_moving_nothing_moves_nothing(
    session, vietnam, cast, key, year, offsets, shifts
):
    with undone(session):
        template = session.scalars(select(Template).where(Template.key == key)).one()
        reordered(session, cast, template, offsets, shifts)
        [found] = rounds_of(template, year)
        now = datetime(year, 1, 1, 2, tzinfo=UTC)
        open_round(session, found, now=now, calendar=vietnam)

        assert is_in_order(session)
        root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
        assert anchors.preview(session, root, anchors.NewAnchor(), vietnam, now=now).is_empty


def test_a_decision_on_days_off_takes_those_along_that_wait(session, cast):
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    entries = [item_entry(item) for item in template.current.items]
    waits = {
        "plan_commune": {"offset_days": -18, "shift": Shift.NEXT},  # Tuesday 2 March
        "visits": {"offset_days": -18, "shift": Shift.PREVIOUS, "depends_on": ["plan_commune"]},
    }
    entries = [entry.model_copy(update=waits.get(entry.key, {})) for entry in entries]
    now = datetime(2021, 1, 10, tzinfo=UTC)
    edit_template(session, template, entries, by=cast.hoa, now=now)
    [found] = rounds_of(template, 2021)
    open_round(session, found, now=now, calendar=work_calendar(session))
    assert is_in_order(session)
    decision = YearDecision(
        2021, (Decision(date(2021, 3, 2), True, DayReason(Cause.DECIDED)),), "Nghỉ ngày 02/3/2021"
    )

    shown = preview_decision(session, decision)
    apply_decision(
        session, decision, stamp=Stamp(None, now), expected_fingerprint=shown.fingerprint
    )

    session.flush()
    assert is_in_order(session)
    visit = session.scalars(select(ChecklistItem).where(ChecklistItem.key == "visits")).first()
    assert (visit.due, visit.due_reason) == (date(2021, 3, 3), WAITS)
