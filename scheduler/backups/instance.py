"""Which installation this is: a name in a file beside the database, and once more inside it.

A database that was brought back, or copied, still has the name of the installation that it comes
from. Then this one is a copy, and nobody should get mail from two: it sends none until somebody
says so (`events.units.office`).
"""

import secrets
from pathlib import Path

from events.files.disk import write_whole

FILE = "instance"


def name_here(data_dir: Path) -> str | None:
    """Return the name in the file; None if there is none yet."""
    try:
        return (data_dir / FILE).read_text().strip() or None
    except OSError:
        return None


def ensure_name(data_dir: Path) -> str:
    """Return the name in the file, made if there is none."""
    return name_here(data_dir) or begin_anew(data_dir)


def begin_anew(data_dir: Path) -> str:
    """Give this place a name that no database knows yet."""
    name = secrets.token_hex(8)
    write_whole(data_dir / FILE, name.encode())
    return name
