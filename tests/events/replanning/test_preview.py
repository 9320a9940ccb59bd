"""What a preview says of items that move alike."""

from datetime import date
from types import SimpleNamespace

from events.days.reasons import Cause, DayReason
from events.replanning.preview import Fate, Line, grouped

IN_TET = date(2027, 2, 8)
COMMUNE = SimpleNamespace(level="commune", full_name="Xã Đăk Pxi")


def test_a_day_that_has_passed_is_no_guess_in_a_preview():
    guess, before = DayReason(Cause.TET, provisional=True), date(2027, 2, 3)
    moved = (date(2027, 2, 17), before, guess, {"nominal_due": IN_TET, "due": before})
    line = Line(Fate.MOVED, COMMUNE, 1, "plan", "Kế hoạch", None, *moved)

    on_the_day, later = grouped([line], IN_TET), grouped([line], date(2027, 2, 9))

    assert [group.reason for group in on_the_day] == [guess]
    assert [group.reason for group in later] == [DayReason(Cause.TET)]
