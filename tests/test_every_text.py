"""Odd text in every field that a form has for typing, and what programs of others read of it then.

The fields come from the pages themselves, so that a new one joins by itself.
"""

import re
import unicodedata
from collections.abc import Iterator

import pytest

from events.calendars import ical, person_feed, unit_feed
from events.calendars.check.whole import check, events_in
from events.calendars.kept import Kept
from tests.readers import READERS, with_icalendar
from tests.test_every_write import LONG_AGO
from tests.walk import province as provinces
from tests.walk.province import A_WHILE, Province
from tests.walk.steps import STEPS

pytestmark = pytest.mark.slow
# decomposed letters, marks upon marks, a family and a flag, what iCalendar escapes, turned writing,
# zero widths, and characters that are none
ODD = (
    'Lê\u0303 ho\u0323\u0302i a\u0301\u0323\u0303\u0308, b; c\\ \\n "d" 👨\u200d👩\u200d👧🇻🇳 '
    "\u202eRTL\u202c\u2066x\u2069\u200b\ufeff\u200f ﷺ\ufdd0\ufffe\U0001ffff ơ\u0300"
)
BREAKS = "Một\rhai\r\nba\nbốn\u2028năm\u2029sáu\vbảy\ftám\x85chín\0mười\x01\x1b\x7f\tđủ"
LONG = "Chữ rất dài, có phẩy; có 👨\u200d👩\u200d👧 và dấu ê\u0302\u0301. " * 200  # 10 kB in UTF-8
TEXTS = {"odd": ODD, "breaks": BREAKS, "long": LONG}
# Fields of these are the same in every row
_ROW = re.compile(r"^(?:[1-9]\d*)\.")
REFUSED = frozenset({400, 409, 413, 422})
DONE = frozenset({200, 302, 303})
# Fields that everybody finds again in a calendar: here the odd text must come back whole. Not among
# them: what an office is called, which no calendar says, and the name of a village, which refuses it
SHOWN = {
    ("activities.add", "summary"),
    ("activities.add", "location"),
    ("activities.add", "organizer"),
    ("desk.change", "name"),
    ("editing.save", "summary"),
    ("keeping.announce", "theme"),
    ("own_items.add", "summary"),
}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (ical, person_feed, unit_feed):
            patch.setattr(module, "RENDERER_EPOCH", LONG_AGO)
        yield provinces.build(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def came_back() -> set[tuple[str, str]]:
    return set()


def fields_of(province: Province, name: str) -> list[str]:
    """Return the fields of a step into which anything may be typed."""
    if STEPS[name].page is None:
        return []
    typed = province.form_of(name).typed
    return [one for one in typed if not _ROW.match(one) and one != "csrf_token"]


@pytest.mark.parametrize(
    "name", [n for n, step in STEPS.items() if step.page and n == step.endpoint]
)
def test_whatever_is_typed_every_calendar_is_read_by_all(
    province: Province, came_back: set[tuple[str, str]], name: str
):
    later = STEPS[name].later
    province.begin_again(later=later)
    province.prepare(name)
    fields = fields_of(province, name)
    if not fields:
        return
    for kind, text in TEXTS.items():
        for field in fields:
            province.begin_again(later=later)
            province.prepare(name)
            province.renew()
            before = province.feeds()
            province.clock.advance(A_WHILE)

            answer = province.send(name, {field: text})

            assert answer.status_code in DONE | REFUSED, (field, kind, answer.status_code)
            if answer.status_code in REFUSED:
                continue
            province.renew()
            changed = [
                feed
                for key, feed in province.feeds().items()
                if key not in before or before[key].body != feed.body
            ]
            _is_read_by_all(changed)
            if kind == "odd" and any(_shows(feed, _clean(text)) for feed in changed):
                came_back.add((name, field))


def test_odd_text_comes_back_whole_from_each_field_that_calendars_show(
    came_back: set[tuple[str, str]],
):
    assert came_back >= SHOWN


def _is_read_by_all(feeds: list[Kept]) -> None:
    for feed in feeds:
        assert [(one.rule.key, one.uid) for one in check(feed.body)] == []
        assert len(with_icalendar(feed.body)) == len(events_in(feed.body))
    longest = max(feeds, key=lambda feed: len(feed.body), default=None)
    for reader in READERS.values() if longest else ():
        assert longest is not None
        try:
            seen = reader(longest.body)
        except pytest.skip.Exception:  # not installed here
            continue
        assert seen == with_icalendar(longest.body), reader.__name__


def _shows(feed: Kept, text: str) -> bool:
    """Tell whether a value of a calendar has a text, unfolded and without its escapes."""
    plain = feed.body.replace(b"\r\n ", b"").decode()
    value = re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], plain)
    return text in value


def _clean(text: str) -> str:
    """Return what is left to be seen of a text, on one line: written a second time on purpose."""
    unseen = {"Cc", "Cf", "Cs", "Cn"}
    kept = [c for c in text if c in "\u200c\u200d" or unicodedata.category(c) not in unseen]
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
