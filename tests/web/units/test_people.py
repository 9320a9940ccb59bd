from datetime import date

import pytest
from sqlalchemy import select

from events.models import Person, Post
from events.people.posts import give_post

PAGE = "/don-vi/dak-glei.dak-glei/nhan-su"
NEW = {"full_name": "Cán bộ mới", "email": "moi@example.org", "phone": "", "role": "cc_vhxh"}


def test_a_person_is_put_in_a_post_by_somebody_above(signed_in, cast, session):
    response = signed_in(cast.hoa).post(PAGE, **NEW)

    assert response.status_code == 303
    post = session.scalars(
        select(Post).join(Post.person).where(Person.email == "moi@example.org")
    ).one()
    assert (post.unit, post.role_key, post.valid_from) == (
        cast.commune,
        "cc_vhxh",
        date(2021, 3, 1),
    )


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_others_may_not_look_or_change(signed_in, cast, session, who):
    visitor = signed_in(getattr(cast, who))

    assert visitor.get(PAGE).status_code == 403
    assert visitor.post(PAGE, **NEW).status_code == 403
    assert session.scalar(select(Person).where(Person.email == "moi@example.org")) is None


def test_the_way_here_is_offered_only_to_those_who_may(signed_in, stranger, cast, session):
    unit = PAGE.removesuffix("/nhan-su")

    assert f'href="{PAGE}"' in signed_in(cast.hoa).read(unit)
    assert f'href="{PAGE}"' not in signed_in(cast.khanh).read(unit)
    assert f'href="{PAGE}"' not in stranger.read(unit)


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


def test_who_does_what_is_chosen_and_never_given_by_the_order_of_a_list(signed_in, cast, session):
    page = signed_in(cast.hoa).read(PAGE)
    response = signed_in(cast.hoa).post(PAGE, **(NEW | {"role": ""}))

    assert '<option value="">– chọn –</option>' in page
    assert response.status_code == 422
    assert "Vui lòng chọn vai trò." in response.text
    assert session.scalar(select(Person).where(Person.email == "moi@example.org")) is None


def test_a_known_person_given_a_post_gets_the_number_that_was_missing(signed_in, cast, session):
    thi = {
        "full_name": cast.thi.full_name,
        "email": "thi@example.org",
        "phone": "0905 123 456",
        "role": "cc_vhxh",
    }

    assert signed_in(cast.hoa).post(PAGE, **thi).status_code == 303

    session.expire_all()
    assert cast.thi.phone == "0905 123 456"
    assert 'href="tel:0905123456"' in signed_in(cast.hoa).read(PAGE)


def test_another_number_of_a_known_person_is_neither_lost_nor_overwritten_in_passing(
    signed_in, cast, session
):
    cast.thi.phone = "0905 123 456"
    thi = {
        "full_name": cast.thi.full_name,
        "email": "thi@example.org",
        "phone": "0911 000 000",
        "role": "cc_vhxh",
    }

    response = signed_in(cast.hoa).post(PAGE, **thi)

    assert response.status_code == 422
    assert "đã có số điện thoại khác" in response.text
    session.expire_all()
    assert (cast.thi.phone, len(cast.thi.posts)) == ("0905 123 456", 1)


def test_name_and_number_are_corrected_on_a_page_of_their_own(signed_in, cast, session):
    visitor, post = signed_in(cast.hoa), cast.thi.posts[0]
    address = f"{PAGE}/{post.id}/sua"

    assert f'href="{address}"' in visitor.read(PAGE)
    assert 'value="Cán bộ xã (Thi)"' in visitor.read(address)
    assert (
        visitor.post(address, full_name="Nguyễn Thị Thi", phone="0905 123 456").status_code == 303
    )

    session.expire_all()
    assert (cast.thi.full_name, cast.thi.phone, cast.thi.email) == (
        "Nguyễn Thị Thi",
        "0905 123 456",
        "thi@example.org",
    )
    assert visitor.post(address, full_name=" ", phone="").status_code == 422
    session.expire_all()
    assert cast.thi.full_name == "Nguyễn Thị Thi"


def test_one_unit_does_not_correct_somebody_who_works_in_another_too(signed_in, cast, session):
    give_post(session, cast.thi, cast.other_commune, "ubnd_xa", since=date(2020, 1, 1))
    session.commit()
    session.expire_all()
    posts = {post.unit_id: post.id for post in cast.thi.posts}
    new = {"full_name": "Ai đó", "phone": ""}
    there = f"/don-vi/{cast.other_commune.slug}/nhan-su/{posts[cast.other_commune.id]}/sua"

    assert signed_in(cast.khanh).post(there, **new).status_code == 403
    assert signed_in(cast.la).post(f"{PAGE}/{posts[cast.commune.id]}/sua", **new).status_code == 403
    assert (
        signed_in(cast.hoa).post(f"{PAGE}/{posts[cast.other_commune.id]}/sua", **new).status_code
        == 404
    )
    session.expire_all()
    assert cast.thi.full_name == "Cán bộ xã (Thi)"
