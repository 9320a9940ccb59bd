"""Passwords that were stolen elsewhere are refused, looked up in a file of the machine."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.accounts.stolen_passwords import is_in

STOLEN = "một câu đã bị lộ rồi"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def written(file: Path, passwords, end: str = "\r\n") -> Path:
    lines = sorted(f"{digest(each)}:{len(each)}" for each in passwords)
    file.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("stolen")


@given(
    st.sets(st.text(min_size=1), max_size=40), st.text(min_size=1), st.sampled_from(["\n", "\r\n"])
)
def test_all_of_a_file_is_found_and_nothing_else(folder, passwords, other, end):
    file = written(folder / "list.txt", passwords, end)

    assert all(is_in(file, password) for password in passwords)
    assert is_in(file, other) == (other in passwords)


def test_without_a_file_nothing_is_stolen():
    assert not is_in(None, STOLEN)


@pytest.fixture
def settings(settings, tmp_path):
    return settings | {"stolen_passwords": written(tmp_path / "list.txt", [STOLEN, "khác", "nữa"])}


def test_a_stolen_password_is_refused_on_the_page(signed_in, cast, with_password):
    with_password(cast.thi)

    answer = signed_in(cast.thi).post(
        "/tai-khoan", current="bốn từ dễ nhớ lắm", password=STOLEN, again=STOLEN
    )

    assert answer.status_code == 422
    assert "đã bị lộ ở nơi khác" in answer.text
