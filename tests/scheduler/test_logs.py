"""Lines of the log: when, with the offset from UTC, and what."""

import logging
import re

from scheduler.logs import _Formatter

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def test_a_line_says_when_it_was_for_readers_in_any_zone():
    record = logging.LogRecord("sumvay", logging.INFO, "", 0, "begun", (), None)

    line = _Formatter(LINE).format(record)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO sumvay: begun", line), line
