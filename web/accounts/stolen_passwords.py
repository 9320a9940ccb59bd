"""Passwords that were stolen elsewhere (ASVS 6.2.12), looked up in a file of the machine: nothing
of a password goes to anybody.

The file is what the downloader of Pwned Passwords writes: a line for each, sorted, of the SHA-1 of
the password in capitals, a colon and how often it was seen. It has some 40 GB; 40 looks find one.
"""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO


def is_in(file: Path | None, password: str) -> bool:
    """Tell whether a password is in the file; without a file none is. Raises ``OSError``."""
    if file is None:
        return False
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, os.SEEK_END)
        while low < high:
            middle = (low + high) // 2
            found, end = _line_from(lines, middle)
            if found == wanted:
                return True
            if found and found < wanted:
                low = end
            else:
                high = middle
    return False


def _line_from(lines: BinaryIO, place: int) -> tuple[bytes, int]:
    """Return the digest on the first line that begins at ``place`` or later, and where the next one
    begins; empty behind the last.
    """
    lines.seek(max(0, place - 1))
    if place:
        lines.readline()  # the rest of the one before
    return lines.readline().split(b":")[0].strip(), lines.tell()
