"""Play the mail storms and print their reports as JSON; exit code 1 if anything was lost, misread or
doubled beyond what a kill allows.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

from tests.reliability.mail_storm.play import MailStorm
from tests.reliability.storm.server import database_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=4, help="rounds of four relays; 0: none")
    parser.add_argument("--outage", type=int, default=10, help="seconds; 0: none")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    reports = played(asked)
    print(json.dumps(reports, ensure_ascii=False))
    return 0 if all(one["is_clean"] for one in reports.values()) else 1


def played(asked: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Return the report of each storm that is asked for."""
    home = Path(tempfile.mkdtemp(prefix="sumvay-mail-storm-"))
    try:
        with database_of(asked.database, home) as url:
            storm = MailStorm(url, asked.seed)
            found = {"kills": storm.kills(asked.mails, asked.kills)}
            if asked.stops:
                found["stops"] = storm.stops(asked.mails, asked.stops)
            if asked.outage:
                found["outage"] = storm.outage(asked.mails, lambda: hold(storm, asked.outage))
            storm.engine.dispose()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return {name: one.plain | {"is_clean": one.is_clean} for name, one in found.items()}


def hold(storm: MailStorm, seconds: float) -> None:
    """Let nobody write into the outbox for so long."""
    with storm.factory.begin() as session:
        if storm.engine.dialect.name == "postgresql":
            session.connection().exec_driver_sql("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
        else:
            session.connection()
        time.sleep(seconds)


if __name__ == "__main__":
    raise SystemExit(main())
