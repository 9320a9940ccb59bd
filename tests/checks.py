"""What ``make check`` looks at beyond the linters: the Vietnamese catalogue is complete, migrations
equal the models.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po

from events.database import sessions as database
from events.words.language import TRANSLATIONS
from scheduler import migrate

_EXTRACT = ["-q", "extract", "-F", "pyproject.toml", "-k", "N_", "-k", "_l", "-o"]


def untranslated() -> list[str]:
    """Return the sentences of the code that the Vietnamese catalogue lacks or leaves empty."""
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "messages.pot"
        subprocess.run(
            [sys.executable, "-m", "babel.messages.frontend", *_EXTRACT, str(pot), "."], check=True
        )
        wanted = read_po(pot.open("rb"))
    have = read_po((TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po").open("rb"), locale="vi")
    translated = {
        str(message.id) for message in have if message.id and message.string and not message.fuzzy
    }
    return [
        str(message.id) for message in wanted if message.id and str(message.id) not in translated
    ]


def unmigrated() -> list[str]:
    """Return what the models have and a freshly migrated database does not."""
    with tempfile.TemporaryDirectory() as folder:
        engine = database.create_engine(f"sqlite:///{folder}/check.db")
        migrate.upgrade(engine)
        found = [str(difference) for difference in migrate.differences(engine)]
        engine.dispose()
    return found


def main() -> int:
    """Print what is wrong, one line each; exit code 1 if anything is."""
    problems = [f"not translated: {sentence}" for sentence in untranslated()]
    problems += [f"not migrated: {difference}" for difference in unmigrated()]
    print("\n".join(problems) or "catalogue complete, migrations equal models")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
