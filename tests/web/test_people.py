from datetime import date

import pytest
from sqlalchemy import select

from events.models import Person, Post

PAGE = "/don-vi/dak-glei.dak-glei/nhan-su"
NEW = {"full_name": "Cán bộ mới", "email": "moi@example.org", "phone": "", "role": "cc_vhxh"}


def test_a_person_is_put_in_a_post_by_somebody_above(signed_in, cast, session):
    response = signed_in(cast.hoa).post(PAGE, **NEW)

    assert response.status_code == 303
    post = session.scalars(select(Post).join(Post.person).where(Person.email == "moi@example.org")).one()
    assert (post.unit, post.role_key, post.valid_from) == (cast.commune, "cc_vhxh", date(2021, 3, 1))


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_others_may_not_look_or_change(signed_in, cast, session, who):
    visitor = signed_in(getattr(cast, who))

    assert visitor.get(PAGE).status_code == 403
    assert visitor.post(PAGE, **NEW).status_code == 403
    assert session.scalar(select(Person).where(Person.email == "moi@example.org")) is None


def test_a_stranger_is_sent_to_sign_in(stranger, cast, session):
    session.commit()

    assert stranger.get(PAGE).location.startswith("/dang-nhap")


def test_an_address_of_somebody_else_is_refused_and_what_was_typed_stays(signed_in, cast):
    response = signed_in(cast.hoa).post(PAGE, **(NEW | {"email": "khanh@example.org"}))

    assert response.status_code == 422
    assert "khanh@example.org" in response.text
    assert 'value="Cán bộ mới"' in response.text


def test_a_role_of_another_level_is_refused(signed_in, cast, session):
    assert signed_in(cast.hoa).post(PAGE, **(NEW | {"role": "so_vhttdl"})).status_code == 422


def test_a_post_is_ended_once_and_the_person_stays(signed_in, cast, session):
    visitor, post = signed_in(cast.hoa), cast.thi.posts[0]

    for _again in range(2):
        assert visitor.post(f"{PAGE}/{post.id}/ket-thuc").status_code == 303

    session.refresh(post)
    assert post.valid_to == date(2021, 2, 28)
    visitor.read(PAGE)  # with the sentence that says so
    assert "Cán bộ xã (Thi)" not in visitor.read(PAGE)


def test_a_post_of_another_unit_is_not_ended_from_here(signed_in, cast, session):
    post = cast.khanh.posts[0]

    assert signed_in(cast.hoa).post(f"{PAGE}/{post.id}/ket-thuc").status_code == 404
    session.refresh(post)
    assert post.valid_to is None
