"""A post for somebody who works elsewhere is offered, and tells nothing of them."""

from typing import Any

import pytest
from sqlalchemy import select

from events.models import AuditEntry, AuditKind, Post, PostOffer
from notifications.letters.composer import Composer
from notifications.outbox.table import Message, MessageKind
from tests.conftest import Cast
from tests.web.conftest import Visitor

PAGE = "/don-vi/dak-glei.dak-glei/nhan-su"
OFFERS = "/tai-khoan/chuc-danh"
KHANH: dict[str, Any] = {
    "full_name": "Tên nào đó",
    "email": "khanh@example.org",
    "phone": "0905 000 000",
    "role": "cc_vhxh",
}


@pytest.fixture
def thi(signed_in, cast: Cast) -> Visitor:
    return signed_in(cast.thi)


@pytest.fixture
def offer(thi: Visitor, session) -> PostOffer:
    assert thi.post(PAGE, **KHANH).status_code == 303
    return session.scalars(select(PostOffer)).one()


def posts_in(unit, session) -> set[str]:
    session.expire_all()
    return {post.person.email for post in session.scalars(select(Post).where(Post.unit == unit))}


def test_who_offers_reads_neither_the_name_nor_a_number(thi, cast, session):
    cast.khanh.phone = "0911 222 333"
    session.commit()

    refusals = (
        thi.post(PAGE, **KHANH),
        thi.post(PAGE, **KHANH | {"full_name": "Cán bộ xã khác (Khánh)"}),
    )
    page = thi.read(PAGE)

    assert {answer.status_code for answer in refusals} == {303}
    assert "khanh@example.org" in page
    assert "(Khánh)" not in page
    assert "0911 222 333" not in page
    assert posts_in(cast.commune, session) == {"thi@example.org"}


def test_a_number_that_another_unit_typed_is_not_filled_in(offer, cast, session):
    session.expire_all()
    assert cast.khanh.phone is None


def test_the_person_is_asked_by_mail_and_accepts(offer, signed_in, cast, session):
    message = session.scalars(select(Message)).one()
    mail = Composer("l@example.org", "Sum Vầy", "https://lich.example.org")
    assert (message.kind, message.rcpt_to) == (MessageKind.POST_OFFER, "khanh@example.org")
    assert b"base64" in mail.compose(session, message)
    khanh = signed_in(cast.khanh)
    assert "Đăk Glei" in khanh.read(OFFERS)

    assert khanh.post(f"{OFFERS}/{offer.id}", accept="1").status_code == 303

    assert posts_in(cast.commune, session) == {"thi@example.org", "khanh@example.org"}
    kinds = session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds == [AuditKind.POST_OFFERED, AuditKind.POST_GIVEN]


def test_declined_is_declined(offer, signed_in, cast, session, thi):
    khanh = signed_in(cast.khanh)
    assert "khanh@example.org" in thi.read(PAGE)
    khanh.post(f"{OFFERS}/{offer.id}", accept="0")

    assert posts_in(cast.commune, session) == {"thi@example.org"}
    assert "khanh@example.org" not in thi.read(PAGE)
    assert khanh.post(f"{OFFERS}/{offer.id}", accept="0").status_code == 303
    assert khanh.post(f"{OFFERS}/{offer.id}", accept="1").status_code == 409


@pytest.mark.parametrize(("who", "status"), [("thi", 403), ("la", 403), ("hoa", 303)])
def test_only_the_person_or_their_own_unit_accepts(offer, signed_in, cast, session, who, status):
    visitor = signed_in(getattr(cast, who))

    assert ("(Khánh)" in visitor.read(OFFERS)) == (status == 303)
    assert visitor.post(f"{OFFERS}/{offer.id}", accept="1").status_code == status
    assert ("khanh@example.org" in posts_in(cast.commune, session)) == (status == 303)


def test_somebody_without_a_post_is_asked_and_nobody_else(thi, signed_in, cast, session):
    thi.post(PAGE, **KHANH | {"email": "la@example.org"})
    offer = session.scalars(select(PostOffer)).one()

    assert signed_in(cast.hoa).post(f"{OFFERS}/{offer.id}", accept="1").status_code == 403
    assert signed_in(cast.la).post(f"{OFFERS}/{offer.id}", accept="1").status_code == 303
    assert "la@example.org" in posts_in(cast.commune, session)


def test_offering_twice_asks_once(thi, offer, session):
    thi.post(PAGE, **KHANH)

    assert len(session.scalars(select(PostOffer)).all()) == 1
    assert len(session.scalars(select(Message)).all()) == 1


def test_a_stranger_and_another_unit_offer_nothing(stranger, signed_in, cast, session):
    session.commit()
    assert stranger.post(PAGE, **KHANH).location.startswith("/dang-nhap")
    assert (
        signed_in(cast.khanh).post(PAGE, **KHANH | {"email": "la@example.org"}).status_code == 403
    )
    assert session.scalars(select(PostOffer)).all() == []
