"""An installation made by the code of an older commit: its own server, and people at its pages.

What people do is sent as their browsers send it, since addresses and fields outlive the functions
behind them. What a version does not know yet it refuses; the report says what it took.
"""

import io
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.reliability.storm.browser import PASSWORD, SEE_OTHER, Browser
from tests.reliability.storm.deeds import a_picture
from tests.reliability.storm.province import PROOFS
from tests.scheduler.processes import PATIENCE, environment

ROOT = Path(__file__).parents[3]
_EMAIL = "hoa@example.org"
_STATEMENTS = "var/sumvay.sql"
_VALUES = {
    "full_name": "Nguyễn Thị Hoa",
    "email": _EMAIL,
    "password": PASSWORD,
    "again": PASSWORD,
    "repeat": PASSWORD,
}
# without the editable installation of this version, which would lend its modules to the other
_START = """
import runpy, sys
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in repr(one).lower()]
tree = sys.argv.pop(1)
sys.path.insert(0, tree)
sys.path.append(tree + "/more")
runpy.run_module("scheduler", run_name="__main__", alter_sys=True)
"""


def make(commit: str, home: Path) -> dict[str, int]:
    """Make an installation in ``home`` with the code of ``commit``; return how often which kind of
    deed was done in it.
    """
    tree = home / "code"
    _check_out(commit, tree)
    with _serving(tree, home) as port:
        return _work(Browser(port), home)


def _check_out(commit: str, tree: Path) -> None:
    """Put the files of a commit into a folder, with the packages that it has and this has not."""
    command = ["git", "-C", str(ROOT), "archive", commit]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            archive.extractall(tree, filter="data")
    if "flask-limiter" in (tree / "requirements.txt").read_text():
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(tree / "more")]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*command, "flask-limiter"], check=True, **quiet)


@contextmanager
def _serving(tree: Path, home: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = environment(
        SUMVAY_CONFIG=str(tree / "config.toml"),
        SUMVAY_DATABASE__URL="sqlite:///var/sumvay.db",
        SUMVAY_WEB__PORT=str(port),
    )
    variables.pop("PYTHONPATH")
    command = [sys.executable, "-c", _START, str(tree), "serve"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=variables, stdout=log, stderr=log)
    try:
        _wait(process, Browser(port), home / "log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _wait(process: "subprocess.Popen[bytes]", browser: Browser, log: Path) -> None:
    deadline = time.monotonic() + 4 * PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if browser.ask("GET", "/dang-nhap")[0] < 500:
                return
        time.sleep(0.2)
    raise RuntimeError(log.read_text()[-2000:])


def _work(browser: Browser, home: Path) -> dict[str, int]:
    """Let the first administrator, who has a post in the province, do some of everything."""
    code = (home / "var" / "setup_code").read_text().strip()
    status = fill(browser, "/cai-dat", "/cai-dat", code=code, **_VALUES)
    if status != SEE_OTHER:
        raise RuntimeError(f"the first administrator was answered with {status}")
    done: dict[str, int] = {}
    with closing(sqlite3.connect(home / "var" / "sumvay.db")) as database:
        for kind, deeds in _deeds(browser, database):
            done[kind] = done.get(kind, 0) + sum(deed() == SEE_OTHER for deed in deeds)
    return done


_Deeds = list[Callable[[], int]]


def _deeds(browser: Browser, database: sqlite3.Connection) -> Iterator[tuple[str, _Deeds]]:
    """Yield by kind what is done, with the rows that it is about looked up just before."""
    today = datetime.now(UTC).date()
    [(province, slug)] = database.execute(
        "SELECT id, slug FROM unit WHERE parent_id IS NULL AND valid_to IS NULL"
    )
    items = database.execute(
        "SELECT i.id, i.evidence FROM checklist_item i JOIN campaign c ON c.id = i.campaign_id"
        " WHERE c.unit_id = ? ORDER BY i.id",
        (province,),
    ).fetchall()
    campaigns = database.execute(
        "SELECT uid FROM campaign WHERE unit_id = ? ORDER BY id", (province,)
    ).fetchall()
    proved = [(item, kind) for item, wanted in items for kind in PROOFS if f'"{kind}"' in wanted]
    pictured = [item for item, wanted in items if '"photo"' in wanted]

    def post(path: str, **form: Any) -> Callable[[], int]:
        return lambda: browser.post(path, **form)[0]

    yield (
        "upload",
        [
            lambda item=item: browser.send_file(
                f"/viec/{item}/minh-chung", "photo-file", a_picture(item)
            )[0]
            for item in pictured[:3]
        ],
    )
    yield (
        "tick",
        [
            post(
                f"/viec/{item}/hoan-thanh",
                **{f"{kind}-{name}": typed for name, typed in PROOFS[kind].items()},
            )
            for item, kind in proved[:4]
        ],
    )
    yield "reopen", [post(f"/viec/{item}/mo-lai") for item, _kind in proved[:1]]
    yield "note", [post(f"/viec/{item}/vuong-mac", note="mưa bão") for item, _e in items[-2:]]
    yield (
        "appoint",
        [
            lambda: fill(
                browser,
                f"/don-vi/{slug}/nhan-su",
                f"/don-vi/{slug}/nhan-su",
                full_name="Trần Văn Khánh",
                email="khanh@example.org",
            )
        ],
    )
    for (uid,) in campaigns[:2]:
        path = f"/chien-dich/{uid}/van-ban"
        yield (
            "draft",
            [
                lambda path=path: fill(
                    browser, path, path, abstract="Kế hoạch thử", number="10/KH-BCĐ"
                )
            ],
        )
        papers = database.execute("SELECT uid FROM document").fetchall()
        yield (
            "issue",
            [post(f"{path}/{paper}/ban-hanh", on=today.isoformat()) for (paper,) in papers],
        )
        yield (
            "own item",
            [
                lambda uid=uid: fill(
                    browser,
                    f"/chien-dich/{uid}/viec-rieng",
                    f"/chien-dich/{uid}/viec-rieng",
                    summary="Việc của tỉnh",
                    due=(today + timedelta(days=9)).isoformat(),
                )
            ],
        )
        yield (
            "activity",
            [
                lambda uid=uid: fill(
                    browser,
                    f"/chien-dich/{uid}/hoat-dong/moi",
                    f"/chien-dich/{uid}/hoat-dong/moi",
                    summary="Toạ đàm",
                    day=(today + timedelta(days=9)).isoformat(),
                    **{"from": "08:00", "until": "10:00"},
                )
            ],
        )
    communes = database.execute(
        "SELECT key FROM unit WHERE parent_id = ? AND valid_to IS NULL ORDER BY id", (province,)
    ).fetchall()
    yield (
        "merge",
        [
            post(
                "/cai-cach/moi/sap-nhap",
                lam="ap-dung",
                unit=[key for (key,) in communes[:2]],
                name="Xã Mới",
                on=today.isoformat(),
                basis="Nghị quyết thử",
            )
        ],
    )


def fill(browser: Browser, page: str, action: str, **values: str) -> int:
    """Fill in the form of a page that leads to ``action``, as far as it has the fields."""
    status, body = browser.ask("GET", page)
    forms = _Forms()
    forms.feed(body)
    found = [fields for where, fields in forms.found if (where or page) == action]
    if not found:
        return status if status != SEE_OTHER else 404
    fields = found[-1]
    browser.take_token(fields.pop("csrf_token", ""))
    return browser.post(action, **fields | {k: v for k, v in values.items() if k in fields})[0]


class _Forms(HTMLParser):
    """The forms of a page that are sent, with what stands in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._inside, self._select = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self._inside = said.get("method", "").lower() == "post"
            if self._inside:
                self.found.append((said.get("action", ""), {}))
        elif not self._inside:
            return
        elif tag == "input" and name and said.get("type") in ("checkbox", "radio"):
            if "checked" in said:
                self.found[-1][1][name] = said.get("value", "on")
        elif tag in ("input", "textarea") and name:
            self.found[-1][1][name] = said.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            fields = self.found[-1][1]
            if "selected" in said or not fields.get(self._select):
                fields[self._select] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""


def pack(home: Path, file: Path) -> None:
    """Keep an installation without its code and its secrets; the database as statements, which are
    half as large.
    """
    with closing(sqlite3.connect(home / "var" / "sumvay.db")) as connection:
        statements = "\n".join(connection.iterdump()).encode()
    with tarfile.open(file, mode="w:xz", preset=9) as archive:
        entry = tarfile.TarInfo(_STATEMENTS)
        entry.size = len(statements)
        archive.addfile(entry, io.BytesIO(statements))
        if (home / "var" / "files").exists():
            archive.add(home / "var" / "files", "var/files")


def unpack(file: Path, home: Path) -> None:
    """Put back an installation that was kept."""
    with tarfile.open(file) as archive:
        archive.extractall(home, filter="data")
    statements = home / _STATEMENTS
    with closing(sqlite3.connect(home / "var" / "sumvay.db")) as connection:
        connection.executescript(statements.read_text("utf-8"))
    statements.unlink()
