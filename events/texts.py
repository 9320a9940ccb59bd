"""What people type, as it is stored and compared: in one Unicode form, and on one line where a line
is meant.
"""

import unicodedata

from events.errors import N_, InvalidInputError

LONGEST = 500  # characters of a line; longer ones are pasted documents
GIVE_A_REASON = N_("Please give the reason.")


def nfc(text: str) -> str:
    """Return text in the one form that is stored and compared (Unicode NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def folded(*parts: str | None) -> str:
    """Return text as people type it when they search: lower case, without diacritics, đ as d."""
    text = unicodedata.normalize(
        "NFD", " ".join(part for part in parts if part).lower().replace("đ", "d")
    )
    return "".join(c for c in text if not unicodedata.combining(c))


def one_line(text: str | None) -> str:
    """Return text on one line, words one space apart; empty when there is none."""
    return " ".join(nfc(text or "").split())


def short(text: str | None, longest: int = LONGEST) -> str | None:
    """Return text on one line; None when there is none.

    Raises ``InvalidInputError`` for a longer one.
    """
    line = one_line(text)
    if len(line) > longest:
        raise InvalidInputError(N_("At most %(longest)s characters fit here."), longest=longest)
    return line or None


def required(text: str | None, missing: str) -> str:
    """Return text that must not be empty.

    Raises ``InvalidInputError`` with the sentence ``missing``.
    """
    if not text:
        raise InvalidInputError(missing)
    return text
