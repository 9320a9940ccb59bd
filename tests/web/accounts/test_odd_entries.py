"""No odd entry at the doors of accounts is a mistake of ours."""

import pytest

from tests.web.conftest import Visitor

ODD = [
    "",
    "\x00",
    "a\x00b@example.org",
    "x" * 5000,
    "‮abc",
    "{}",
    "[]",
    '{"id": 5}',
    '{"id": "\\u0000"}',
    "ﷺ" * 50,
]


def _answers(odd: str, *usual: int) -> tuple[int, ...]:
    """Return how the service may answer: what no database can hold is refused at its door."""
    return (400,) if "\x00" in odd else usual


@pytest.mark.parametrize("odd", ODD)
def test_whoever_comes_in_may_type_anything(stranger: Visitor, cast, session, odd):
    session.commit()
    for path, fields in (
        ("/dang-nhap", {"email": "thi@example.org", "password": odd}),
        ("/dang-nhap", {"email": odd, "password": odd, "next": odd}),
        ("/dang-nhap/lien-ket", {"email": odd, "next": odd}),
        ("/dang-nhap/quen-mat-khau", {"email": odd}),
        ("/dang-nhap/buoc-hai", {"code": odd}),
        ("/dang-nhap/khoa", {"credential": odd, "next": odd}),
        ("/dang-nhap/mat-khau/x", {"password": odd, "again": odd}),
    ):
        assert stranger.post(path, **fields).status_code in _answers(odd, 303, 410, 422), path


@pytest.mark.parametrize("odd", ODD)
def test_whoever_is_in_may_type_anything(signed_in, cast, session, odd):
    cast.hoa.is_administrator = True
    hoa = signed_in(cast.hoa)
    hoa.get("/tai-khoan/hai-buoc/ma")
    for path, fields in (
        ("/tai-khoan", {"current": odd, "password": odd, "again": odd}),
        ("/tai-khoan/hai-buoc/ma", {"code": odd}),
        ("/tai-khoan/hai-buoc/ma/bo", {"code": odd}),
        ("/tai-khoan/hai-buoc/khoa", {"credential": odd, "name": odd}),
        ("/tai-khoan/chuc-danh/1", {"accept": odd}),
    ):
        assert hoa.post(path, **fields).status_code in _answers(odd, 303, 400, 404, 422), path
    for path in ("/quan-tri/nhat-ky", "/quan-tri/nhat-ky.csv", "/quan-tri/nguoi"):
        asked = {"loai": odd, "nguoi": odd, "tim": odd, "tu": odd, "den": odd, "trang": odd}
        assert hoa.get(path, query_string=asked).status_code in _answers(odd, 200), path
