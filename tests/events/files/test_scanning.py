"""A program of the machine looks through what is uploaded."""

import sys

import pytest

from events.errors import InvalidInputError
from events.files.scanning import NotScannedError, require_harmless

# as clamdscan: 1 for a virus, 2 for an error of its own
SCANNER = (
    sys.executable,
    "-c",
    "import sys; body = sys.stdin.buffer.read(); sys.exit(1 if b'EICAR' in body else 0)",
)


def test_a_harmless_file_is_taken_and_another_refused_by_name():
    require_harmless(SCANNER, "ke-hoach.pdf", b"%PDF-1.7 a plan" * 100_000)

    with pytest.raises(InvalidInputError) as refused:
        require_harmless(SCANNER, "ke-hoach.pdf", b"%PDF-1.7 EICAR")
    assert refused.value.facts == {"name": "ke-hoach.pdf"}


@pytest.mark.parametrize(
    "program", [(sys.executable, "-c", "raise SystemExit(2)"), ("/there/is/no/such/program",)]
)
def test_a_file_of_which_nobody_can_tell_is_not_taken(program):
    with pytest.raises(NotScannedError):
        require_harmless(program, "ke-hoach.pdf", b"%PDF-1.7")


def test_a_program_that_never_ends_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("events.files.scanning._LONGEST", 0.2)

    with pytest.raises(NotScannedError):
        require_harmless((sys.executable, "-c", "import time; time.sleep(60)"), "a.pdf", b"")


def test_without_a_program_every_file_is_taken():
    require_harmless((), "ke-hoach.pdf", b"%PDF-1.7 EICAR")
