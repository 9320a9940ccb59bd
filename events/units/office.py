"""What an installation is called and whom it serves."""

from sqlalchemy.orm import Session

from events.models import Office

_THE_ROW = 1


def office_of(session: Session) -> Office:
    """Return what was entered; a row that is not kept yet when nothing was."""
    return session.get(Office, _THE_ROW) or Office(id=_THE_ROW, is_set_up=False)


def office_to_change(session: Session) -> Office:
    """Return the row to write into, made if there is none."""
    office = office_of(session)
    session.add(office)
    return office
