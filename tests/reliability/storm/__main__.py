"""Play one storm and print its report; exit code 1 if anything was lost, halved or doubled."""

import argparse
import json
import math
import shutil
import signal
import tempfile
from pathlib import Path

from tests.reliability.mail_storm.__main__ import played
from tests.reliability.storm.play import Storm
from tests.reliability.storm.server import database_of

_A_MINUTE = 60
_MAIL_KILLS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="60, if nothing else is asked for")
    parser.add_argument("--kills", type=int, help="go on until so many")
    parser.add_argument("--mails", type=int, default=2000, help="of the storm over mail; 0: none")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    seconds = asked.seconds or (math.inf if asked.kills else _A_MINUTE)
    home = Path(tempfile.mkdtemp(prefix="sumvay-storm-"))
    with database_of(asked.database, home) as url:
        storm = Storm(home, url, asked.seed, seconds=seconds, kills=asked.kills or math.inf)
        signal.signal(signal.SIGTERM, lambda *_signal: storm.stop())
        report = storm.play()
    mail = _over_mail(asked)
    print(json.dumps(report.plain | {"mail": mail}, ensure_ascii=False))
    if report.is_clean and all(one["is_clean"] for one in mail.values()):
        shutil.rmtree(home, ignore_errors=True)
        return 0
    return 1


def _over_mail(asked: argparse.Namespace) -> dict[str, dict[str, object]]:
    if not asked.mails:
        return {}
    kills = min(asked.kills or _MAIL_KILLS, asked.mails // 10)
    more = argparse.Namespace(**vars(asked) | {"kills": kills, "stops": 4, "outage": _A_MINUTE})
    return played(more)


if __name__ == "__main__":
    raise SystemExit(main())
