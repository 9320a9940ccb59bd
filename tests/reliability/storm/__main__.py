"""Play one storm and print its report; exit code 1 if anything was lost, halved or doubled."""

import argparse
import json
import math
import shutil
import signal
import tempfile
from pathlib import Path

from tests.reliability.storm.play import Storm
from tests.reliability.storm.server import database_of

_A_MINUTE = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="60, if nothing else is asked for")
    parser.add_argument("--kills", type=int, help="go on until so many")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    seconds = asked.seconds or (math.inf if asked.kills else _A_MINUTE)
    home = Path(tempfile.mkdtemp(prefix="sumvay-storm-"))
    with database_of(asked.database, home) as url:
        storm = Storm(home, url, asked.seed, seconds=seconds, kills=asked.kills or math.inf)
        signal.signal(signal.SIGTERM, lambda *_signal: storm.stop())
        report = storm.play()
    print(json.dumps(report.plain, ensure_ascii=False))
    if report.is_clean:
        shutil.rmtree(home, ignore_errors=True)
        return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
