"""What keeps a command or a server from running, said in one line, with an exit code."""

import errno

from sqlalchemy.exc import DatabaseError

from events.errors import N_, CannotRunError, DomainError
from scheduler.config import ConfigError
from scheduler.console import complain

USAGE = 2


class DatabaseUnreachableError(CannotRunError):
    """Raised when the database does not answer or refuses to be written."""

    msgid = N_("The database cannot be used: %(reason)s")


class FileTroubleError(CannotRunError):
    """Raised when a file or folder of the service cannot be used."""

    msgid = N_("%(file)s cannot be used: %(reason)s")


def refuse(error: Exception) -> int:
    """Say an error we know in one line and return its exit code; let any other one through."""
    match error:
        case ConfigError():
            complain(error)
            return USAGE
        case DomainError():
            complain(error)
        case DatabaseError():
            complain(DatabaseUnreachableError(reason=" ".join(str(error.orig).split())))
        case OSError() if error.filename or error.errno in (
            errno.EACCES,
            errno.EROFS,
            errno.ENOSPC,
        ):
            complain(
                FileTroubleError(file=error.filename or "?", reason=error.strerror or str(error))
            )
        case _:
            raise error
    return 1
