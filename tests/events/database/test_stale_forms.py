"""A form that has grown old overwrites nothing in silence."""

from datetime import date

import pytest

from events.database.stale_forms import digest, require_shown
from events.errors import ChangedMeanwhileError

SENTENCE = "“%(title)s” was changed meanwhile."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("ab", "")),
        (("1",), (1,)),
        ((None,), ("",)),
        (([1, 2],), ([2, 1],)),
        (({"day": date(2026, 6, 28)},), ({"day": date(2026, 6, 29)},)),
    ],
)
def test_a_form_that_showed_other_values_is_told_apart(one, other):
    assert digest(*one) != digest(*other)


def test_a_form_is_recognised_whatever_the_order_in_which_values_by_name_were_read():
    assert digest({"a": 1, "b": [date(2026, 6, 28)]}) == digest({"b": [date(2026, 6, 28)], "a": 1})


def test_a_form_carries_whatever_it_showed_in_sixteen_characters():
    assert {len(digest(*values)) for values in ((), ("Ngày Gia đình" * 99, 28))} == {16}


def test_what_was_shown_and_what_no_form_showed_may_be_stored():
    require_shown("now", "now", SENTENCE)
    require_shown(None, "now", SENTENCE)


@pytest.mark.parametrize("shown", ["before", ""])
def test_what_was_not_shown_is_refused_with_what_would_not_be(shown):
    with pytest.raises(ChangedMeanwhileError, match="“Tết” was changed") as refused:
        require_shown(shown, "now", SENTENCE, title="Tết")

    assert refused.value.now_shown == "now"
