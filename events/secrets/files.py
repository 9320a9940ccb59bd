"""Secrets that are made at the first start, in files that the service's user alone may read.

A file is whole or not there: it is written under another name and then linked to its own, which
fails when somebody else was first. So of many processes that start together all read the same.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from events.errors import N_, CannotRunError


class ShortSecretError(CannotRunError):
    """Raised for a file whose secret is empty or too short to be one."""

    msgid = N_(
        "%(file)s is empty or too short to be a secret. Please bring it back from the backup, or "
        "delete it and start again: a new one is made."
    )


def secret_in(file: Path, make: Callable[[], str], *, shortest: int) -> str:
    """Return the secret in ``file``, made if there is none; ``shortest`` is in characters.

    Raises ``ShortSecretError``, and ``OSError`` for a folder that cannot be used.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _put(file, make())
    secret = file.read_text(encoding="utf-8").strip()
    if len(secret) < shortest:
        raise ShortSecretError(file=file)
    return secret


def _put(file: Path, secret: str) -> None:
    """Write the file, unless somebody else did so first."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(secret)
            out.flush()
            os.fsync(out.fileno())
        os.link(name, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
