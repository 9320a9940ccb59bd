"""What people do in a storm, and how their browsers send it.

A deed is its kind and what it is about; each function sends one and returns the status of the
answer, 0 where there was nothing to do.
"""

import http.client
import io
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from PIL import Image

from tests.reliability.storm.browser import Browser
from tests.reliability.storm.province import COURSE, OFFICERS, PROOFS, Work

Deed = tuple[str, Any]

# the Tết break stays, and with it the year decided; only the day swapped moves
DECIDED_YEAR = 2027
_TET = "Nghỉ Tết từ ngày 04/02/2027 đến hết ngày 10/02/2027"
_FIRST_SWAP = date(2027, 5, 10)  # a Monday without a public holiday near, as those that follow
_SWAPS = 15
_MARK = re.compile(r'name="fingerprint" value="([^"]+)"')
_TICKED = re.compile(r'name="day" value="([0-9-]+)" checked')
_ITEM_TITLE = re.compile(r'(?m)^(title_vi = ".*?)( \(bản \d+\))?"$')


def deeds_of(number: int, chance: random.Random, work: Work) -> Iterator[Deed]:
    """Yield what somebody does, one after the other, without end."""
    if number == 0:
        yield from _of_who_moves_and_opens(chance, work)
    elif number < OFFICERS:
        yield from _of_who_merges_imports_and_decides(chance, work)
    else:
        yield from _of_a_commune(number, chance, work)


def _of_who_moves_and_opens(chance: random.Random, work: Work) -> Iterator[Deed]:
    today, count = datetime.now(UTC).date(), 0
    while True:
        count += 1
        if chance.random() < 0.7:
            yield "move", work.day + timedelta(days=1 + count % 20)
        else:
            yield "open", today + timedelta(days=90 + count)


def _of_who_merges_imports_and_decides(chance: random.Random, work: Work) -> Iterator[Deed]:
    left, count = list(work.others), 0
    chance.shuffle(left)
    while True:
        count += 1
        kind = chance.random()
        if kind < 0.2 and len(left) > 1:
            yield "merge", (f"Xã Bão Số {count}", left.pop(), left.pop())
        elif kind < 0.6:
            yield "import", count
        else:
            yield "decide", count


def _of_a_commune(number: int, chance: random.Random, work: Work) -> Iterator[Deed]:
    todo, done, count = list(work.ticks[number]), list[tuple[int, str]](), 0
    chance.shuffle(todo)
    while True:
        count += 1
        kind = chance.random()
        if kind < 0.3 and todo:
            done.append(todo.pop())
            yield "tick", done[-1]
        elif kind < 0.4 and done:
            todo.insert(0, done.pop(0))
            yield "reopen", todo[0]
        elif kind < 0.65:
            yield "note", (chance.choice(work.proofs[number])[0], f"{number}-{count}")
        else:
            photo = number * 10_000 + count
            yield "upload", (chance.choice(work.proofs[number])[0], photo)


def _tick(browser: Browser, what: tuple[int, str], _work: Work) -> int:
    item, kind = what
    proof = {f"{kind}-{name}": typed for name, typed in PROOFS[kind].items()}
    return browser.post(f"/viec/{item}/hoan-thanh", **proof)[0]


def _reopen(browser: Browser, what: tuple[int, str], _work: Work) -> int:
    return browser.post(f"/viec/{what[0]}/mo-lai")[0]


def _note(browser: Browser, what: tuple[int, str], _work: Work) -> int:
    item, note = what
    return browser.post(f"/viec/{item}/vuong-mac", note=note)[0]


def _upload(browser: Browser, what: tuple[int, int], _work: Work) -> int:
    item, number = what
    return browser.send_file(f"/viec/{item}/minh-chung", "photo-file", a_picture(number))[0]


def _move(browser: Browser, day: date, work: Work) -> int:
    path, typed = f"/chien-dich/{work.round_uid}/doi-ngay", {"event_date": day.isoformat()}
    status, page = browser.ask("GET", f"{path}?{urlencode(typed | {'xem': '1'})}")
    mark = _MARK.search(page)
    if mark is None:
        return 0 if status == http.client.OK else status  # it stands there already
    return browser.post(path, **typed, fingerprint=mark[1])[0]


def _open(browser: Browser, day: date, _work: Work) -> int:
    form = {"title": f"Lớp {day:%d/%m/%Y}", "day": day.isoformat(), "who": "all"}
    return browser.post(f"/ngay-ky-niem/loai/{COURSE}/mo", **form)[0]


def _merge(browser: Browser, what: tuple[str, str, str], _work: Work) -> int:
    name, *keys = what
    today = datetime.now(UTC).date().isoformat()
    form: dict[str, Any] = {"name": name, "unit": keys, "on": today, "basis": "Nghị quyết thử"}
    return browser.post("/cai-cach/moi/sap-nhap", lam="ap-dung", **form)[0]


def _import(browser: Browser, number: int, _work: Work) -> int:
    status, file = browser.ask("GET", f"/mau/{COURSE}.toml")
    if status != http.client.OK:
        return status
    return browser.post("/mau/nhap", text=_ITEM_TITLE.sub(rf'\1 (bản {number})"', file))[0]


def _decide(browser: Browser, number: int, _work: Work) -> int:
    off, on = swapped(number)
    swap = f"Hoán đổi ngày làm việc từ ngày {off:%d/%m/%Y} sang ngày {on:%d/%m/%Y}"
    form: dict[str, Any] = {"year": str(DECIDED_YEAR), "text": f"{_TET}\n{swap}"}
    form |= {"source": f"Bão {number}", "replaces": "1"}
    status, page = browser.post("/lich-lam-viec/xem-truoc", **form)
    mark = _MARK.search(page)
    if mark is None:
        return status
    shown = {"listed": "1", "fingerprint": mark[1], "day": _TICKED.findall(page)}
    return browser.post("/lich-lam-viec/ap-dung", **form, **shown)[0]


SENT: dict[str, Callable[[Browser, Any, Work], int]] = {
    "tick": _tick,
    "reopen": _reopen,
    "note": _note,
    "upload": _upload,
    "move": _move,
    "open": _open,
    "merge": _merge,
    "import": _import,
    "decide": _decide,
}


def swapped(number: int) -> tuple[date, date]:
    """Return the Monday that a decision frees, and the Saturday that is worked for it."""
    off = _FIRST_SWAP + timedelta(weeks=number % _SWAPS)
    return off, off + timedelta(days=5)


def a_picture(number: int) -> bytes:
    """Return a small picture of which there is no other."""
    body = io.BytesIO()
    color = (number >> 16 & 255, number >> 8 & 255, number & 255)
    Image.new("RGB", (12, 9), color).save(body, "PNG")
    return body.getvalue()
