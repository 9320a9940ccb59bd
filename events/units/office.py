"""What an installation is called and whom it serves."""

from sqlalchemy.orm import Session

from events.errors import N_
from events.installation import installation_of
from events.models import Office

MAIL_PAUSED = N_(
    "This is a copy of another installation, and no mail leaves from it. If it is to go on in its "
    "place: sumvay mail resume"
)
_THE_ROW = 1


def office_of(session: Session) -> Office:
    """Return what was entered; a row that is not kept yet when nothing was."""
    return session.get(Office, _THE_ROW) or Office(id=_THE_ROW, is_set_up=False)


def settle(session: Session) -> None:
    """Let a database that has no home yet be at home here."""
    if office_of(session).instance is None:
        at_home_here(session)


def at_home_here(session: Session) -> None:
    """Let a database be at home here, so that it is no copy any more and its mail goes out."""
    office_to_change(session).instance = installation_of(session).here


def is_copy(session: Session) -> bool:
    """Tell whether this database is at home elsewhere: it was brought back from a backup, or
    copied.
    """
    home = office_of(session).instance
    return home is not None and home != installation_of(session).here


def office_to_change(session: Session) -> Office:
    """Return the row to write into, made if there is none."""
    office = office_of(session)
    session.add(office)
    return office
