"""Which passwords are refused: those that others guess first.

Length alone decides otherwise (ASVS 2.1): no letters of a certain kind are asked for. What is easy
is found by ``zxcvbn``, which knows the most common passwords, names and patterns of keys; it is
told the service's name, the names of the places and those of the person.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from events.models import Unit
from events.words.texts import folded

SHORTEST = 12  # characters
LONGEST = 200  # argon2 reads them all
_READ = 72  # characters that zxcvbn takes
_ENOUGH = 3  # of its marks 0 to 4: more than 10**8 guesses
_OWN_PART = 6  # letters and digits that must be left when all known names are taken out
_SHORTEST_NAME = 3  # letters; shorter ones stand in every other word
_FEWEST_LETTERS = 5  # different ones
_COMMON_HERE = (  # what no list of other countries has
    *("sumvay", "giadinh", "giadinhvietnam", "tinhyeu", "hanhphuc", "hanhphucgiadinh"),
    *("matkhau", "matkhaumoi", "quantri", "quantrivien", "dangnhap", "taikhoan", "xinchao"),
    *("anhyeuem", "emyeuanh", "yeuem", "yeuanh", "conyeume", "conyeubome", "meyeucon"),
    *("vietnam", "toiyeuvietnam"),
    *("ubnd", "uybannhandan", "sovhttdl", "vanhoa", "banchidao", "congtacgiadinh", "khongbiet"),
)


def is_easy(password: str, known: Iterable[str] = ()) -> bool:
    """Tell whether a password is easy to guess. ``known`` are names of places, people and mailboxes
    that somebody would try.
    """
    plain = _letters(password)
    names = {name for each in known for name in _names(each)} | set(_COMMON_HERE)
    if len(set(password.casefold())) < _FEWEST_LETTERS or _own_part(plain, names) < _OWN_PART:
        return True
    hints = [name for name in names if len(name) >= _SHORTEST_NAME]
    return any(
        zxcvbn(text[:_READ], user_inputs=hints)["score"] < _ENOUGH
        for text in {password, plain}
        if text
    )


def names_of_places(session: Session) -> list[str]:
    """Return the names of all units, past and present."""
    return list(session.scalars(select(Unit.full_name)))


def _own_part(plain: str, names: Iterable[str]) -> int:
    """Return how many letters and digits nobody else would think of; a year is thought of."""
    rest = plain
    for name in sorted(names, key=len, reverse=True):
        if len(name) > _SHORTEST_NAME:
            rest = rest.replace(name, "")
    return len(re.sub(r"(?:19|20)\d\d|123\d*", "", rest))


def _names(text: str) -> set[str]:
    """Return a name as it may stand in a password: with and without what its first words say it is,
    an address whole and up to the @.
    """
    words = text.partition("@")[0].split()
    parts = {_letters(" ".join(words[start:])) for start in range(max(1, len(words) - 1))}
    return (parts | {_letters(text)}) - {""}


def _letters(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]+", folded(text)))
