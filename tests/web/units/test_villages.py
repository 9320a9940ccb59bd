from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.models import Unit
from events.reforms.villages import villages_of
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor


def villages(session: Session) -> int:
    return (
        session.scalar(select(func.count()).select_from(Unit).where(Unit.level_key == "village"))
        or 0
    )


def test_strangers_are_asked_to_sign_in_and_come_back(stranger: Visitor, cast: Cast):
    answer = stranger.get(f"/don-vi/{cast.commune.slug}/thon")

    assert answer.location.startswith("/dang-nhap?next=/")


def test_a_commune_enters_its_villages(signed_in, opened: Opened, cast: Cast, session: Session):
    thi, path = signed_in(cast.thi), f"/don-vi/{cast.commune.slug}/thon"
    assert path in thi.read(f"/don-vi/{cast.commune.slug}")

    for _ in range(2):
        assert thi.post(path, kind="lang", name="Đăk Ra").status_code == 303

    [village] = villages_of(session, cast.commune, date(2021, 3, 1))
    page = thi.read(path)
    assert "Làng Đăk Ra" in page
    assert "Làng Đăk Ra" in thi.read(f"/don-vi/{village.slug}")


def test_a_ward_is_offered_the_kind_it_has_and_told_what_was_added(
    signed_in, cast: Cast, session: Session
):
    # Phường Quang Trung
    khanh, path = signed_in(cast.khanh), f"/don-vi/{cast.other_commune.slug}/thon"
    page = khanh.read(path)

    assert 'value="to_dan_pho" selected' in page
    assert "Thêm thôn, làng, tổ dân phố" in page
    khanh.post(path, kind="to_dan_pho", name="5")
    assert "Đã thêm Tổ dân phố 5." in khanh.read(path)

    [village] = villages_of(session, cast.other_commune, date(2021, 3, 1))
    khanh.post(f"{path}/{village.id}/sua", kind="to_dan_pho", name="Hòa Bình")
    assert "Đã sửa tên thành tổ dân phố Hòa Bình." in khanh.read(path)
    khanh.post(f"{path}/{village.id}/ket-thuc")
    assert "Hôm nay là ngày hoạt động cuối cùng của tổ dân phố Hòa Bình." in khanh.read(path)


@pytest.mark.parametrize(
    ("form", "status"),
    [({"kind": "lang", "name": " "}, 400), ({"kind": "x", "name": "Đăk Ra"}, 400)],
)
def test_a_village_that_cannot_be_entered_is_said_in_words(
    signed_in, opened: Opened, cast: Cast, session: Session, form, status
):
    response = signed_in(cast.thi).post(f"/don-vi/{cast.commune.slug}/thon", **form)

    assert response.status_code == status
    assert 'role="alert"' in response.text
    assert villages(session) == 0


def test_others_enter_no_villages(signed_in, opened: Opened, cast: Cast, session: Session):
    assert (
        signed_in(cast.khanh)
        .post(f"/don-vi/{cast.commune.slug}/thon", kind="lang", name="x")
        .status_code
        == 403
    )
    signed_in(cast.hoa).read(f"/don-vi/{cast.district.slug}/thon", 404)
    assert villages(session) == 0


def test_a_commune_corrects_and_ends_its_villages(
    signed_in, opened: Opened, cast: Cast, village: Unit, session: Session
):
    thi, khanh, path = (
        signed_in(cast.thi),
        signed_in(cast.khanh),
        f"/don-vi/{cast.commune.slug}/thon",
    )
    assert 'value="Đăk Ra"' in thi.read(path)
    assert 'value="Đăk Ra"' not in khanh.read(path)

    assert thi.post(f"{path}/{village.id}/sua", kind="thon", name=" ").status_code == 400
    thi.post(f"{path}/{village.id}/sua", kind="thon", name="Đăk Rang")
    assert "Thôn Đăk Rang" in thi.read(path)
    assert khanh.post(f"{path}/{village.id}/ket-thuc").status_code == 403
    thi.post(f"{path}/{village.id}/ket-thuc")
    assert "đến 01/03/2021" in thi.read(path)
