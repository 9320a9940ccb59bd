"""The catalogue of translations that every face of the service speaks from: English in the code, Vietnamese on the screen."""

import gettext
from functools import lru_cache
from pathlib import Path

from events.errors import DomainError

TRANSLATIONS = Path(__file__).with_name("translations")
LANGUAGES = ("vi", "en")
_WORDS = ("kind", "field")  # facts of errors that are words of the product and translated too


@lru_cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the sentences of ``language``; a language without a catalogue speaks English."""
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def say(error: DomainError, language: str) -> str:
    """Return what an error says, in the reader's language."""
    gettext = translations(language).gettext
    facts = {name: gettext(value) if name in _WORDS and isinstance(value, str) else value for name, value in error.facts.items()}
    return gettext(error.sentence) % facts if facts else gettext(error.sentence)
