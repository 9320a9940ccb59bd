"""Looking through what is uploaded with a program of the machine, such as a scanner for viruses.

The program reads the file from its standard input and ends with 0 for a harmless one and with 1 for
another, as clamdscan and clamscan do.
"""

import subprocess
from collections.abc import Sequence

from events.errors import N_, InvalidInputError, NotNowError

_LONGEST = 60.0  # seconds
_HARMFUL = 1


class NotScannedError(NotNowError):
    """Raised when the program cannot say what a file is: it is not taken, and nothing is lost."""

    msgid = N_("Files cannot be looked through for viruses just now; please try again later.")


def require_harmless(program: Sequence[str], name: str, body: bytes) -> None:
    """Raise ``InvalidInputError`` for a file that the program refuses, and ``NotScannedError`` if
    it cannot tell. Without a program every file is taken. Takes its time.
    """
    if not program:
        return
    try:
        answer = subprocess.run(  # noqa: S603 - the program of the settings, and no shell
            list(program), input=body, capture_output=True, timeout=_LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotScannedError from error
    if answer.returncode == _HARMFUL:
        raise InvalidInputError(N_("“%(name)s” was refused by the scanner for viruses."), name=name)
    if answer.returncode:
        raise NotScannedError
