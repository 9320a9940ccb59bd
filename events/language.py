"""The catalogue of translations that every face of the service speaks from: English in the code, Vietnamese on the screen."""

import gettext
from functools import lru_cache
from pathlib import Path

from events.errors import DomainError

TRANSLATIONS = Path(__file__).with_name("translations")
LANGUAGES = ("vi", "en")


@lru_cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the sentences of ``language``; a language without a catalogue speaks English."""
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def say(error: DomainError, language: str) -> str:
    """Return what an error says, in the reader's language."""
    sentence = translations(language).gettext(error.sentence)
    return sentence % error.facts if error.facts else sentence
