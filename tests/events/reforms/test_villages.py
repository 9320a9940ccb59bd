from datetime import timedelta

import pytest
from sqlalchemy import func, select

from events.campaigns.opening import open_campaigns
from events.checklist.dividing import split_item, take_back_part
from events.checklist.history import Stamp
from events.checklist.states import (
    start_item,
)
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.models import Campaign, ChecklistItem, ItemState, Unit
from events.models.history import Door
from events.reforms.handover import hand_over_due
from events.reforms.villages import (
    correct_village,
    end_village,
    villages_of,
)
from tests.events.conftest import NOW, TODAY


def test_a_village_gets_its_copies_of_what_runs(session, happiness, enter):
    village = enter("Đăk Ra")

    campaign = session.scalars(select(Campaign).where(Campaign.unit_id == village.id)).one()
    assert (village.full_name, village.level_key, village.search) == (
        "Thôn Đăk Ra",
        "village",
        "thon dak ra",
    )
    assert campaign.parent_id == happiness.id
    assert [item.key for item in campaign.items] == ["village_meeting", "club_activity"]


def test_a_village_entered_after_a_campaign_owes_nothing_in_it(session, happiness, enter, vietnam):
    village = enter("Đăk Ra", now=NOW.replace(month=6))

    open_campaigns(session, now=NOW.replace(month=6), calendar=vietnam)

    theirs = select(Campaign).where(Campaign.unit_id == village.id)
    owes = [campaign.template_id for campaign in session.scalars(theirs)]
    assert happiness.template_id not in owes


def test_entering_a_village_twice_changes_nothing(session, happiness, cast, enter):
    first = enter("Đăk Ra")

    assert enter(" thôn  đăk ra ") is first
    assert len(villages_of(session, cast.commune, TODAY)) == 1


def test_villages_of_the_same_name_have_keys_and_slugs_of_their_own(session, cast, enter):
    villages = [
        enter("1"),
        enter("1", "to_dan_pho"),
        enter("1", by=cast.khanh, commune=cast.other_commune),
    ]
    villages += [enter("Đăk Hà"), enter("Dak Ha")]

    assert len({village.key for village in villages}) == 5
    assert len({village.slug for village in villages}) == 5
    assert [village.full_name for village in villages[:2]] == ["Thôn 1", "Tổ dân phố 1"]
    assert villages[0].key == "23341-thon-1"


def test_only_a_commune_has_villages_and_only_its_people_enter_them(session, cast, enter):
    with pytest.raises(NotAllowedError):
        enter("1", by=cast.khanh)
    with pytest.raises(ConflictError, match="is none"):
        enter("1", by=cast.hoa, commune=cast.district)
    with pytest.raises(InvalidInputError):
        enter("Thôn ")

    assert (
        session.scalar(select(func.count()).select_from(Unit).where(Unit.level_key == "village"))
        == 0
    )


def test_a_village_that_is_entered_before_the_campaign_is_opened_with_it(
    session, cast, enter, vietnam
):
    village = enter("1")

    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)

    query = (
        select(ChecklistItem.key).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    )
    assert "village_meeting" in session.scalars(query).all()


def test_a_village_that_has_reported_nothing_is_called_what_it_is(
    session, cast, happiness, enter, who
):
    village = enter("Đăk Raa")
    other = enter("2")

    assert correct_village(session, village.id, "lang", "Đăk Ra", **who).full_name == "Làng Đăk Ra"
    assert (village.type, village.search) == ("lang", "lang dak ra")
    with pytest.raises(ConflictError, match="already"):
        correct_village(session, other.id, "lang", "đăk ra", **who)
    with pytest.raises(NotAllowedError):
        correct_village(session, village.id, "lang", "Khác", by=cast.khanh, now=NOW)

    item = session.scalars(
        select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    ).first()
    start_item(session, item.id, Stamp(**who))
    with pytest.raises(ConflictError, match="has reported"):
        correct_village(session, village.id, "lang", "Khác", **who)


def test_a_village_ends_once_what_its_commune_gave_it_is_taken_back(
    session, cast, banners, enter, vietnam, who
):
    village = enter("1")
    [part] = split_item(session, banners.id, [village.id], calendar=vietnam, **who)
    with pytest.raises(ConflictError, match="Please take that back first"):
        end_village(session, village.id, **who)

    take_back_part(session, part.id, **who)
    end_village(session, village.id, **who)

    tomorrow = NOW + timedelta(days=1)
    hand_over_due(session, stamp=Stamp(None, tomorrow, Door.CLOCK))
    assert villages_of(session, cast.commune, tomorrow.date()) == []
    left = select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    assert {item.state for item in session.scalars(left)} == {ItemState.NOT_REQUIRED}
