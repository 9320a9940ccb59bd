"""Make installations with the code of older commits, upgrade them, and account for their rows."""

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.reliability.older.accounting import upgraded
from tests.reliability.older.making import ROOT, make, pack
from tests.reliability.upgraded import DATA

# Nothing was released yet: the first version whose pages people could work in, those before and
# after the tables changed most, and the one a hundred commits before this was written.
VERSIONS = ("a66b93a", "494054d", "c157723", "eb45113")


def main() -> int:
    """Print a line of JSON a commit; exit code 1 if a row of one is nowhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commits", nargs="*", help="of this repository; HEAD~100, say")
    parser.add_argument("--keep", action="store_true", help="in tests/data/upgrade")
    asked = parser.parse_args()
    return max(_account(commit, asked.keep) for commit in asked.commits or VERSIONS)


def _account(commit: str, keep: bool) -> int:
    home = Path(tempfile.mkdtemp(prefix="sumvay-older-"))
    try:
        done = make(commit, home)
        if keep:
            pack(home, DATA / f"{_git('show', '-s', '--format=%as-%h', commit)}.tar.xz")
        account = upgraded(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    said: dict[str, Any] = {
        "commit": commit,
        "back": int(_git("rev-list", "--count", f"{commit}..")),
    }
    print(json.dumps(said | {"done": done} | account.plain, ensure_ascii=False), flush=True)
    return 0 if account.is_balanced else 1


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
