"""What the product refuses, in a sentence with its facts."""

import pytest

from events.errors import ChangedMeanwhileError, DomainError, NotFoundError, YearOutOfRangeError


def test_an_error_says_the_sentence_of_its_kind_with_the_facts():
    error = NotFoundError(kind="unit", key="62")

    assert str(error) == "There is no unit “62”."
    assert (error.sentence, error.facts) == (NotFoundError.msgid, {"kind": "unit", "key": "62"})


def test_an_error_may_say_a_sentence_of_its_own():
    assert str(YearOutOfRangeError("Not %(year)s.", year=1899)) == "Not 1899."


@pytest.mark.parametrize("error", [DomainError(), DomainError("100% of it is done.")])
def test_a_sentence_without_facts_stays_as_it_is(error: DomainError):
    assert str(error) == error.sentence


def test_a_form_that_has_grown_old_learns_what_would_not_be_refused():
    error = ChangedMeanwhileError("%(title)s was changed.", "0123", title="Tết")

    assert (str(error), error.now_shown) == ("Tết was changed.", "0123")
