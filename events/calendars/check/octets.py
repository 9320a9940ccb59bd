"""What is asked of the octets, whatever they mean: encoding, line breaks, folds, characters."""

import re
import unicodedata
from collections.abc import Iterator

from events.calendars.check.lines import Physical, physical_lines, unfolded
from events.calendars.check.rules import MOST_OCTETS, Breach, breach

_LONGEST_LINE = 75  # octets without the break (RFC 5545, 3.1)
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MARKS = ("Mn", "Mc", "Me")
_JOINER = "\u200d"
_TWICE = 2  # letters in one line that look encoded twice: one may be a letter before a wide space


def octet_breaches(body: bytes) -> Iterator[Breach]:
    if len(body) > MOST_OCTETS:
        yield breach("size", octets=len(body))
    if body.startswith(_BOM):
        yield breach("bom", 1)
    if not body.endswith(b"END:VCALENDAR\r\n"):
        yield breach("last-line", body.count(b"\n") + (not body.endswith(b"\n")))
    for line in physical_lines(body):
        yield from _of_line(line)
    yield from _folds(body)
    for number, octets in unfolded(body.removeprefix(_BOM)):
        yield from _of_text(number, octets)


def _of_line(line: Physical) -> Iterator[Breach]:
    if line.end not in (b"\r\n", b""):  # the last line is asked by itself
        yield breach("line-ends", line.number)
    if not line.octets.strip():
        yield breach("blank-line", line.number)
    if len(line.octets) > _LONGEST_LINE:
        yield breach("line-length", line.number, octets=len(line.octets))


def _folds(body: bytes) -> Iterator[Breach]:
    """Look at each place where a line is folded."""
    before = b""
    for line in physical_lines(body):
        if not (line.continues and before):
            before = line.octets
            continue
        after = line.octets[1:]
        if after and 0x80 <= after[0] < 0xC0:
            yield breach("folded-letter", line.number)
        elif _is_mark(after) and not _is_one_letter(before):
            yield breach("folded-mark", line.number)
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            yield breach("folded-escape", line.number)
        before = after if after.strip(b"\\") else before + after


def _is_mark(octets: bytes) -> bool:
    first = octets[:4].decode("utf-8", "ignore")[:1]
    return first == _JOINER or (first != "" and unicodedata.category(first) in _MARKS)


def _is_one_letter(octets: bytes) -> bool:
    """Tell whether a letter has more marks than a line holds, so that it must be folded."""
    text = octets.decode("utf-8", "ignore")
    return all(unicodedata.category(mark) in _MARKS for mark in text[1:])


def _of_text(number: int, octets: bytes) -> Iterator[Breach]:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        yield breach("utf-8", number)
        return
    if control := _CONTROL.search(text):
        yield breach("control-character", number, code=f"{ord(control.group()):04X}")
    if text.isascii():
        return
    if not unicodedata.is_normalized("NFC", text):
        yield breach("nfc", number)
    if _is_encoded_twice(text):
        yield breach("double-encoding", number)


def _is_encoded_twice(text: str) -> bool:
    """Tell whether all letters beyond ASCII are the octets of others, as Windows shows them."""
    try:
        once = b"".join(map(_octet, text)).decode()
    except UnicodeError:
        return False
    return sum(not letter.isascii() for letter in once) >= _TWICE


def _octet(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")
