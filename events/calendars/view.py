"""From where a calendar is looked at: on which day, at which address, in which language."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from events.words.language import tell, translations

PATH = "/lich/{key}.ics"
ENGLISH = "en/"  # how the keys of calendars begin that English readers read
A_DAY = timedelta(days=1)
PAST = timedelta(days=90)
CANCELLED_STAYS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class View:
    """``today`` is the day where the officials sit; ``public_url`` has no slash at its end."""

    today: date
    public_url: str
    language: str = "vi"

    def say(self, sentence: str, **facts: Any) -> str:
        """Return a sentence of the code as the readers of this calendar read it."""
        return tell(sentence, facts, self.language)

    def word(self, msgid: str) -> str:
        return translations(self.language).gettext(msgid)

    def titled(self, row: Any) -> str:
        """Return the title of a row that has one in both languages."""
        return str(row.title_en if self.language == "en" else row.title_vi)

    def key(self, key: str) -> str:
        """Return the key of a calendar in the language of this one."""
        return ENGLISH + key if self.language == "en" else key

    def feed_at(self, key: str) -> str:
        """Return the whole address of a public calendar in the language of this one."""
        return self.at(PATH.format(key=self.key(key)))

    def at(self, path: str) -> str:
        """Return the whole address of a page or a calendar."""
        return f"{self.public_url}{path}"
