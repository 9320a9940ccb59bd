"""What observances are called in letters, in the words that letters do not vary."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from events.words.texts import folded

_SHORT_FOR = (("pcblgd", "phong chong bao luc gia dinh"), ("bdg", "binh dang gioi"))
_SHORT_TITLE = 3  # words
_UNSAID = {"va", "ve", "vi", "voi", "doi", "cua", "cac"}  # words that letters put in or leave out


@dataclass(frozen=True, slots=True)
class Names:
    """What the observances are called, in the words that letters do not vary."""

    words: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, titles: Mapping[str, Sequence[str]]) -> "Names":
        return cls({key: tuple(_ways(names)) for key, names in titles.items()})

    def in_text(self, text: str) -> list[str]:
        """Return the keys of the observances that a text names, in their order there."""
        plain = f" {plain_words(text)} "
        places = {
            key: min(at)
            for key, names in self.words.items()
            if (at := [plain.find(f" {name} ") for name in names if f" {name} " in plain])
        }
        return sorted(places, key=places.__getitem__)


def _ways(titles: Sequence[str]) -> Iterator[str]:
    """Return a title in full, without what stands in parentheses, and its first half alone."""
    for title in titles:
        bare = title.split("(")[0]
        yield plain_words(bare)
        first = plain_words(bare.split(" và ")[0])
        if len(first.split()) > _SHORT_TITLE:
            yield first


def plain_words(text: str) -> str:
    """Return a text without accents, short forms and the words that letters leave out."""
    plain = folded(text).replace("quoc gia", " ")
    for short, full in _SHORT_FOR:
        plain = re.sub(rf"\b{short}\b", full, plain)
    words = re.findall(r"\w+", plain)
    return " ".join(word for word in words if word not in _UNSAID)
