from datetime import date

import pytest

from events.checklist.evidence import evidence_missing
from events.checklist.history import history_of
from events.checklist.own_items import OwnItem, add_own_item
from events.errors import InvalidInputError, NotAllowedError
from tests.events.conftest import NOW, TODAY


def test_a_unit_adds_its_own_item_once(session, happiness, who):
    own = OwnItem("Thi nấu  ăn ", date(2021, 3, 19), "event", ("photo",), 1)

    first = add_own_item(session, happiness, own, **who)

    assert add_own_item(session, happiness, own, **who) is first
    assert (first.summary, first.is_own, first.required, evidence_missing(first)) == (
        "Thi nấu ăn",
        True,
        False,
        1,
    )
    assert history_of(session, first)[0].after == {"added": "Thi nấu ăn"}


@pytest.mark.parametrize(
    "own",
    [
        OwnItem(" ", TODAY, "event"),
        OwnItem("x" * 301, TODAY, "event"),
        OwnItem("Thi", TODAY, "no such phase"),
        OwnItem("Thi", TODAY, "event", ("no such kind",)),
        OwnItem("Thi", TODAY, "event", weight=9),
        OwnItem("Thi", TODAY, "event", role="so_vhttdl"),
        OwnItem("Thi", TODAY, "event", evidence_min=1),
        OwnItem("Thi", date(226, 3, 19), "event"),
        OwnItem("Thi", date(9999, 12, 31), "event"),
        OwnItem("Thi", date(2023, 3, 19), "event"),
    ],
)
def test_an_own_item_that_cannot_be_stored_is_refused(session, happiness, who, own):
    number = len(happiness.items)

    with pytest.raises(InvalidInputError):
        add_own_item(session, happiness, own, **who)

    session.expire(happiness)
    assert len(happiness.items) == number


def test_only_the_units_people_add_to_its_campaign(session, cast, happiness):
    with pytest.raises(NotAllowedError):
        add_own_item(session, happiness, OwnItem("Thi", TODAY, "event"), by=cast.khanh, now=NOW)
