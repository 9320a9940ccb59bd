"""Parsers and clients that others wrote, which read our calendars in tests.

Each returns what it makes of the events of a calendar: UID, start, end (a day, or an instant in
UTC) and summary. None of them is part of the service.
"""

import ctypes
import ctypes.util
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import playwright
import pytest
import vobject

Seen = set[tuple[str, str, str, str]]
_ICAL_JS = Path(__file__).parent / "data" / "ical.js" / "read.mjs"
_NODE = Path(playwright.__file__).parent / "driver" / "node"


def with_icalendar(body: bytes) -> Seen:
    """The library that we write with, reading its own."""
    events = icalendar.Calendar.from_ical(body).walk("VEVENT")
    return {
        (str(e["UID"]), _said(e["DTSTART"].dt), _said(e["DTEND"].dt), str(e["SUMMARY"]))
        for e in events
    }


def with_ical_js(body: bytes) -> Seen:
    """Thunderbird's and Nextcloud's."""
    node = [str(_NODE), str(_ICAL_JS)]
    done = subprocess.run(node, input=body, capture_output=True, check=True, timeout=60)
    return {
        (uid, _instant(start), _instant(end), summary)
        for uid, start, end, summary in json.loads(done.stdout)
    }


def with_vobject(body: bytes) -> Seen:
    """Radicale's, and of many scripts."""
    calendar = vobject.readOne(body.decode())
    return {
        (e.uid.value, _said(e.dtstart.value), _said(e.dtend.value), e.summary.value)
        for e in getattr(calendar, "vevent_list", [])
    }


class _Time(ctypes.Structure):
    """``icaltimetype`` of libical 3."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    )


def with_libical(body: bytes) -> Seen:
    """GNOME's and KDE's; from the system's package libical3."""
    ical = _libical()
    calendar = ical.icalparser_parse_string(body)
    assert calendar, "libical reads nothing"
    try:
        assert ical.icalcomponent_count_errors(calendar) == 0
        found, kind = set(), ical.icalcomponent_string_to_kind(b"VEVENT")
        event = ical.icalcomponent_get_first_component(calendar, kind)
        while event:
            times = ical.icalcomponent_get_dtstart(event), ical.icalcomponent_get_dtend(event)
            start, end = (_of_libical(ical, one) for one in times)
            uid, summary = (
                getattr(ical, f"icalcomponent_get_{name}")(event).decode()
                for name in ("uid", "summary")
            )
            found.add((uid, start, end, summary))
            event = ical.icalcomponent_get_next_component(calendar, kind)
        return found
    finally:
        ical.icalcomponent_free(calendar)


def _libical() -> Any:
    name = ctypes.util.find_library("ical")
    if name is None:
        pytest.skip("libical is not installed (.ci/libical installs it)")
    ical = ctypes.CDLL(name)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, result, arguments in (
        ("icalparser_parse_string", pointer, [text]),
        ("icalcomponent_string_to_kind", number, [text]),
        ("icalcomponent_count_errors", number, [pointer]),
        ("icalcomponent_get_first_component", pointer, [pointer, number]),
        ("icalcomponent_get_next_component", pointer, [pointer, number]),
        ("icalcomponent_get_dtstart", _Time, [pointer]),
        ("icalcomponent_get_dtend", _Time, [pointer]),
        ("icalcomponent_get_uid", text, [pointer]),
        ("icalcomponent_get_summary", text, [pointer]),
        ("icaltime_as_timet_with_zone", ctypes.c_long, [_Time, pointer]),
        ("icalcomponent_free", None, [pointer]),
    ):
        getattr(ical, function).restype = result
        getattr(ical, function).argtypes = arguments
    return ical


def _of_libical(ical: Any, one: _Time) -> str:
    if one.is_date:
        return date(one.year, one.month, one.day).isoformat()
    return _said(datetime.fromtimestamp(ical.icaltime_as_timet_with_zone(one, one.zone), UTC))


READERS: dict[str, Callable[[bytes], Seen]] = {
    "icalendar": with_icalendar,
    "ical.js": with_ical_js,
    "vobject": with_vobject,
    "libical": with_libical,
}


def _said(moment: date) -> str:
    return (
        moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()
    )


def _instant(text: str) -> str:
    return _said(datetime.fromisoformat(text.replace("Z", "+00:00"))) if "T" in text else text
