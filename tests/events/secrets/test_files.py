"""Secrets that are made at the first start."""

import threading
from pathlib import Path

import pytest

from events.secrets import files as secret_files
from events.secrets.files import ShortSecretError, secret_in

MANY = 40


def test_all_who_start_together_read_one_whole_secret(tmp_path: Path):
    file, read, gate = tmp_path / "var" / "key", [], threading.Barrier(MANY)

    def start(number: int) -> None:
        gate.wait()
        read.append(secret_in(file, lambda: f"{number:04}" * 16, shortest=16))

    starts = [threading.Thread(target=start, args=[number]) for number in range(MANY)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()

    assert read == [file.read_text()] * MANY
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["key"]


def test_a_secret_that_could_not_be_written_whole_is_not_there(tmp_path: Path, monkeypatch):
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(secret_files.os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        secret_in(tmp_path / "key", lambda: "x" * 64, shortest=16)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "\n", "short"])
def test_an_empty_or_short_secret_is_refused_and_stays(tmp_path: Path, text: str):
    file = tmp_path / "key"
    file.write_text(text)

    with pytest.raises(ShortSecretError, match="too short to be a secret"):
        secret_in(file, lambda: "x" * 64, shortest=16)
    assert file.read_text() == text
