"""The disk fails at every step of storing a file: with an error after which the program goes on, and
with a cut after which nothing does.
"""

import errno
import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.errors import NoRoomError
from events.files import disk
from events.files.store import PART, is_whole, leftovers, read_file, store_file

PAPER = b"%PDF-1.7 a plan" * 9
LATER = datetime.now(UTC) + timedelta(days=2)


class Cut(BaseException):
    """The power is gone: nothing that tidies up runs either."""


class Disk:
    """Counts what is asked of the disk, and fails the n-th time: once, or from then on."""

    CALLS = (
        (Path, "mkdir"),
        (disk, "NamedTemporaryFile"),
        (Path, "write_bytes"),
        (os, "fsync"),
        (Path, "replace"),
        (Path, "unlink"),
    )

    def __init__(self, monkeypatch, failing, problem):
        self.told, self.failing, self.problem = [], failing, problem
        for owner, name in self.CALLS:
            monkeypatch.setattr(owner, name, self._counted(name, getattr(owner, name)))

    def _counted(self, name, call):
        def counted(*arguments, **options):
            self.told.append(name)
            number = len(self.told)
            if number == self.failing or (number > self.failing and self.problem is Cut):
                if name == "write_bytes":  # half of it was written
                    call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise Cut if self.problem is Cut else OSError(self.problem, "the disk says no")
            return call(*arguments, **options)

        return counted


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EIO, Cut])
def test_whatever_the_disk_refuses_a_file_is_whole_or_not_there(tmp_path, monkeypatch, problem):
    told_apart = []
    for step in itertools.count(1):
        folder = tmp_path / str(step)
        with monkeypatch.context() as patched:
            disk_ = Disk(patched, step, problem)
            try:
                digest = store_file(folder, "ke-hoach.pdf", PAPER).digest
                break
            except (OSError, NoRoomError, Cut) as error:
                told_apart.append(isinstance(error, NoRoomError))
        seen = [file for file in folder.glob("??/*") if file.suffix != PART]
        assert all(is_whole(folder, file.name) for file in seen)
        assert problem is Cut or leftovers(folder) == []

        digest = store_file(folder, "ke-hoach.pdf", PAPER).digest
        assert read_file(folder, digest) == PAPER
    assert step > 8
    assert set(told_apart) == {problem == errno.ENOSPC}
    assert read_file(folder, digest) == PAPER
    assert "unlink" not in disk_.told


def test_what_was_written_is_on_the_disk_before_it_has_its_name_and_its_name_after(
    tmp_path, monkeypatch
):
    told = Disk(monkeypatch, 0, errno.EIO).told

    store_file(tmp_path, "ke-hoach.pdf", PAPER)

    assert told[-4:] == ["write_bytes", "fsync", "replace", "fsync"]
