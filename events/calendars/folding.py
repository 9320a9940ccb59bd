"""Lines folded between the letters that people see (RFC 5545, 3.1).

The library folds between characters. A mark, or what a joiner joins, is a character of its own: an
emoji of a family is five, and some clients show the halves that a fold left.
"""

import re
import unicodedata
from collections.abc import Iterator

_LONGEST = 75  # octets of a line without its break
_CHARACTER = 4  # octets that one has at most
_BREAK, _FOLD = b"\r\n", b"\r\n "
_FOLDS = re.compile(_FOLD)
_LINES = re.compile(rb"(?:[^\r]|\r\n )+\r\n")
_JOINER = "\u200d"


def fold_between_letters(lines: bytes) -> bytes:
    """Return content lines, each with its break, with no fold inside a letter; those that have none
    stay as they are, which are most.
    """
    if not _parts_a_letter(lines):
        return lines
    return _LINES.sub(lambda line: _mended(line.group()), lines)


def _mended(line: bytes) -> bytes:
    if not _parts_a_letter(line):
        return line
    return _folded(line.replace(_FOLD, b"").removesuffix(_BREAK).decode()) + _BREAK


def _parts_a_letter(lines: bytes) -> bool:
    return any(_is_inside(lines, fold.start(), fold.end()) for fold in _FOLDS.finditer(lines))


def _is_inside(lines: bytes, start: int, end: int) -> bool:
    """Tell whether a fold stands in a letter, or behind the backslash of an escaped one."""
    before = lines[max(0, start - _LONGEST) : start]
    after = lines[end : end + _CHARACTER].decode(errors="ignore")[:1]
    escapes = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
    return escapes or before.endswith(_JOINER.encode()) or _belongs_to_before(after)


def _folded(line: str) -> bytes:
    physical, room = [b""], _LONGEST
    for octets in map(str.encode, _letters(line)):
        if len(octets) > room:
            physical.append(b"")
            room = _LONGEST - 1  # one is the blank
        physical[-1] += octets
        room -= len(octets)
    return _FOLD.join(physical)


def _letters(line: str) -> Iterator[str]:
    """Yield what must not be parted: a letter with its marks, what joiners join, an escaped
    character with its backslash. What is longer than a line comes in pieces.
    """
    letter, escapes = "", False
    for one in line:
        joins = escapes or _belongs_to_before(one) or letter.endswith(_JOINER)
        escapes = one == "\\" and not escapes
        if joins and len((letter + one).encode()) < _LONGEST:
            letter += one
            continue
        if letter:
            yield letter
        letter = one
    yield letter


def _belongs_to_before(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character or " ").startswith("M")
