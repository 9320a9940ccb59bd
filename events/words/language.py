"""The catalogue of translations that every face of the service speaks from: English in the code,
Vietnamese on the screen.
"""

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from events.errors import DomainError

TRANSLATIONS = Path(__file__).with_name("translations")
LANGUAGES = ("vi", "en")
_WORDS = ("kind", "field")  # facts of errors that are words of the product and translated too
_UNITS = ("unit", "units", "other", "above")  # facts that are names of units
_KINDS_OF_UNITS = (
    "Tỉnh|Thành phố|Thị xã|Thị trấn|Quận|Huyện|Phường|Xã|Đặc khu"
    "|Tổ dân phố|Thôn|Làng|Bản|Buôn|Ấp|Khu phố|Khóm"
)
_UNIT_IN_A_LIST = re.compile(
    rf"(?:^|(?<=, )|(?<=\())({_KINDS_OF_UNITS})(?= (?!\d|[Ss]ố \d|Hồ Chí Minh))"
)


class InWords:
    """A fact that is a code with facts of its own, such as why a date moved.

    A base and no protocol: thousands of facts are asked whether they are one, which costs too much
    by the names of their methods.
    """

    __slots__ = ()

    def words(self, language: str) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Said(InWords):
    """A sentence of the code with its facts, to be a fact of another one; in English by itself."""

    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: DomainError) -> "Said":
        """Return what an error says."""
        return cls(error.sentence, error.facts)

    def words(self, language: str) -> str:
        return tell(self.sentence, self.facts, language)

    def __str__(self) -> str:
        return self.sentence % self.facts if self.facts else self.sentence


def in_words(fact: Any, language: str) -> Any:
    """Return a fact as the reader's language says it; names, numbers and what people typed stay."""
    return fact.words(language) if isinstance(fact, InWords) else fact


@lru_cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the sentences of ``language``; a language without a catalogue speaks English."""
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def within(names: str, language: str) -> str:
    """Return the name of a unit, or several with commas, as it stands inside a Vietnamese sentence:
    “tỉnh Quảng Ngãi”.

    Decree 30/2020/NĐ-CP, appendix II, III.1: the kind of unit is written small, except before a
    number (“Tổ dân phố 5”) and in “Thành phố Hồ Chí Minh”. That it stays large before the name of a
    person or an event cannot be told from the name.
    """
    return _UNIT_IN_A_LIST.sub(lambda kind: kind[1].lower(), names) if language == "vi" else names


def tell(sentence: str, facts: Mapping[str, Any], language: str) -> str:
    """Return a sentence of the code with its facts, in the reader's language.

    A unit that begins it keeps its large letter.
    """
    told = translations(language).gettext(sentence)
    if not facts:
        return told
    facts = {name: in_words(value, language) for name, value in facts.items()}
    inside = {
        name: within(value, language)
        for name, value in facts.items()
        if name in _UNITS and isinstance(value, str)
    }
    return (told % facts)[:1] + (told % (facts | inside))[1:]


def say(error: DomainError, language: str) -> str:
    """Return what an error says, in the reader's language."""
    gettext = translations(language).gettext
    words = {
        name: gettext(value)
        for name, value in error.facts.items()
        if name in _WORDS and isinstance(value, str)
    }
    return tell(error.sentence, error.facts | words, language)
