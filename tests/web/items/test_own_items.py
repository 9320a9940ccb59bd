from datetime import date

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from events.checklist.optional import switch_off
from events.models import ChecklistItem, Round
from events.templates.editing import edit_template, item_entry
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor


def test_strangers_are_asked_to_sign_in_and_come_back(stranger: Visitor, opened: Opened):
    answer = stranger.get(f"/chien-dich/{opened.commune.uid}/viec-rieng")

    assert answer.location.startswith("/dang-nhap?next=/")


def test_people_of_other_units_have_nothing_to_add(signed_in, opened: Opened, cast: Cast):
    signed_in(cast.khanh).read(f"/chien-dich/{opened.commune.uid}/viec-rieng", 403)


def test_a_unit_adds_its_own_item(signed_in, opened: Opened, cast: Cast, session: Session):
    thi, path = signed_in(cast.thi), f"/chien-dich/{opened.commune.uid}/viec-rieng"
    wrong = thi.post(path, summary="Thi nấu ăn", due="ngày mai", phase="event")
    assert wrong.status_code == 400
    assert 'value="Thi nấu ăn"' in wrong.text

    response = thi.post(
        path,
        summary="Thi nấu ăn",
        due="2021-03-19",
        phase="event",
        evidence="photo",
        evidence_min="1",
        weight="3",
        role="hoi_lhpn",
    )

    assert response.location == f"/chien-dich/{opened.commune.uid}"
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.summary == "Thi nấu ăn")).one()
    assert (item.due, item.evidence, item.is_own) == (date(2021, 3, 19), ["photo"], True)
    assert (item.weight, item.role_key) == (3, "hoi_lhpn")
    assert "Thi nấu ăn" in thi.read(f"/chien-dich/{opened.commune.uid}")


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("19/03/0226", "không phải là ngày hợp lệ"),
        ("31/12/9999", "không phải là ngày hợp lệ"),
        ("19/03/2126", "quá xa"),
    ],
)
def test_a_slip_in_the_year_is_said_with_what_was_typed(
    signed_in, opened: Opened, cast: Cast, session: Session, due: str, said: str
):
    answer = signed_in(cast.thi).post(
        f"/chien-dich/{opened.commune.uid}/viec-rieng", summary="Thi", due=due, phase="event"
    )

    assert (answer.status_code, due in answer.text) == (400, True)
    assert said in answer.text
    assert (
        session.scalar(select(func.count()).select_from(ChecklistItem).where(ChecklistItem.is_own))
        == 0
    )


def test_what_an_own_item_lacks_is_said_all_at_once(signed_in, opened: Opened, cast: Cast):
    page = (
        signed_in(cast.thi)
        .post(f"/chien-dich/{opened.commune.uid}/viec-rieng", evidence_min="x")
        .text
    )

    assert [
        name for name in ("summary", "due", "evidence_min") if f'<a href="#{name}">' in page
    ] == [
        "summary",
        "due",
        "evidence_min",
    ]


def test_what_the_template_has_no_longer_is_offered_as_an_item_of_the_units_own(
    signed_in, opened: Opened, cast: Cast, session: Session
):
    item = next(item for item in opened.commune.items if item.key == "visits")
    switch_off(session, item.id, by=cast.thi, now=NOON)
    rest = [item_entry(each) for each in opened.commune.version.items if each.key != item.key]
    version = edit_template(session, opened.commune.template, rest, by=cast.hoa, now=NOON)
    session.execute(update(Round).values(version_id=version.id))
    session.commit()
    thi = signed_in(cast.thi)

    page = thi.read(f"/viec/{item.id}")

    assert f"/viec/{item.id}/mo-lai" not in page
    assert f"/viec/{item.id}/hoan-tac" not in page
    assert f"/chien-dich/{opened.commune.uid}/viec-rieng" in page
    assert f"/viec/{item.id}/chon" not in thi.read(f"/viec/{item.id}/tuy-chon")
    assert thi.post(f"/viec/{item.id}/mo-lai").status_code == 409
