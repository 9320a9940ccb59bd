import pytest

from events.checklist.history import Stamp, history_of
from events.checklist.optional import switch_off, switch_on
from events.checklist.states import (
    complete_item,
)
from events.errors import ConflictError
from events.models import ItemState
from tests.events.conftest import item_of


def test_an_optional_item_is_switched_off_and_on(session, happiness, who):
    visits = item_of(happiness, "visits")

    assert switch_off(session, visits.id, **who).state is ItemState.NOT_REQUIRED
    assert switch_on(session, visits.id, **who).state is ItemState.NOT_STARTED
    assert len(history_of(session, visits)) == 2


@pytest.mark.parametrize("switch", [switch_off, switch_on])
def test_a_switch_shown_before_an_optional_item_was_done_does_not_undo_it(
    session, happiness, who, switch
):
    visits = item_of(happiness, "visits")
    visits.evidence_min = 0
    complete_item(session, visits.id, Stamp(**who))

    with pytest.raises(ConflictError, match="closed already"):
        switch(session, visits.id, **who)

    assert visits.is_done


def test_a_required_item_cannot_be_switched_off(session, happiness, who):
    plan = item_of(happiness, "plan_commune")

    with pytest.raises(ConflictError, match="is required"):
        switch_off(session, plan.id, **who)

    assert plan.is_open
