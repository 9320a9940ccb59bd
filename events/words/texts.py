"""What people type, as it is stored and compared: cleaned, in one Unicode form, and on one line
where a line is meant.

Every text that people type goes through ``nfc``, and is asked whether it is empty after that: what
nobody sees is no text.
"""

import codecs
import re
import unicodedata

from events.errors import N_, InvalidInputError
from events.words.colors import HEX_OF

LONGEST = 500  # characters of a line; longer ones are pasted documents
LONGEST_PASSAGE = 4000  # characters of a reason or note in some lines
LONGEST_CODE = 20  # characters of a unit's number in the country's list, which has at most 5
LONGEST_SLUG = 50  # characters, so that a key made from it fits its column
GIVE_A_REASON = N_("Please give the reason.")


# what other programs break lines with (Unicode Standard Annex 14, class BK, CR, NL and separators)
_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_KEPT = "\n\t\u200c\u200d"  # joiners hold families of emoji and some scripts together
# Letters by name that draw nothing: fillers of Hangul, the empty pattern of Braille
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
# Controls, formats (turns of writing direction, zero widths), halves of characters, no characters
_UNSEEN = {"Cc", "Cf", "Cs", "Cn"}
_MARKS = {"Mn", "Me", "Cc", "Cf"}  # nothing to see without a letter before


def nfc(text: str) -> str:
    """Return text as it is stored and compared: in Unicode NFC, without what nobody sees (controls,
    overrides and isolates of the writing direction, zero widths), and empty when nothing is left
    to see.
    """
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _BREAKS.sub("\n", text)
        text = "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _UNSEEN)
        text = unicodedata.normalize("NFC", text)  # a mark may have come beside its letter
    return text.strip() if any(map(_is_seen, text)) else ""


def _is_seen(character: str) -> bool:
    return not (
        character.isspace()
        or character in _BLANK_LETTERS
        or unicodedata.category(character) in _MARKS
    )


def decoded(raw: bytes) -> str:
    """Return the text of a person's file, which is UTF-8 with or without a byte order mark.

    Raises ``InvalidInputError`` for UTF-16, windows-1258 and any other encoding.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw:
        raise InvalidInputError(
            N_("The file is UTF-16 and not UTF-8 text. Please save it as UTF-8 and send it again.")
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            N_(
                "The file is not UTF-8 text (perhaps windows-1258). Please save it as UTF-8 and "
                "send it again."
            )
        ) from error


def color_name(text: str) -> str:
    """Return the name of a colour. Raises ``InvalidInputError`` for one that calendars and pages do
    not know.
    """
    if text not in HEX_OF:
        raise InvalidInputError(
            N_("There is no colour “%(name)s”; possible are: %(allowed)s."),
            name=text[:40],
            allowed=", ".join(HEX_OF),
        )
    return text


def folded(*parts: str | None) -> str:
    """Return text as people type it when they search: lower case, without diacritics, đ as d."""
    text = unicodedata.normalize(
        "NFD", " ".join(part for part in parts if part).lower().replace("đ", "d")
    )
    return "".join(c for c in text if not unicodedata.combining(c))


def looked_for(text: str) -> str:
    """Return what somebody looks for, as it is compared: folded, without control characters, which
    PostgreSQL refuses.
    """
    return "".join(sign for sign in folded(text) if sign.isprintable()).strip()


def slug_of(text: str, longest: int = LONGEST_SLUG) -> str:
    """Return text as an address: ASCII, lower case, đ as d.

    Empty when it has no letter or digit.
    """
    words = re.findall(r"[a-z0-9]+", folded(text))
    return "-".join(words)[:longest].strip("-")


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


def passage(text: str | None, longest: int = LONGEST_PASSAGE) -> str | None:
    """Return text of some lines; None when there is none.

    Raises ``InvalidInputError`` for a longer one.
    """
    whole = nfc(text or "")
    if len(whole) > longest:
        raise InvalidInputError(N_("At most %(longest)s characters fit here."), longest=longest)
    return whole or None


def required(text: str | None, missing: str) -> str:
    """Return text that must not be empty.

    Raises ``InvalidInputError`` with the sentence ``missing``.
    """
    if not text:
        raise InvalidInputError(missing)
    return text
