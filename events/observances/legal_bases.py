"""What an observance rests on for a time: papers entered here, corrected, ended, taken away.

A paper is known by its number. It reaches the public calendars at once: each year names the papers
that are in force then.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.stale_forms import digest, require_shown
from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError
from events.locks import lock_observance
from events.models import LegalBasis, Observance, Person
from events.observances.occurrences import extend_horizon
from events.people.rights import Capability, require_for_all
from events.words.texts import required, short

_CHANGED = N_(
    "Meanwhile somebody else stored something else of %(number)s; see “Legal bases through the "
    "years”. "
    "What you typed is still here: store it once more if it is to replace that."
)


@dataclass(frozen=True, slots=True)
class NewBasis:
    """A paper as somebody enters it. Years are both included; None is open."""

    kind: str
    number: str
    dated: date | None = None
    title: str = ""
    from_year: int | None = None
    to_year: int | None = None


def keep_basis(
    session: Session,
    observance: Observance,
    wanted: NewBasis,
    *,
    shown: str | None = None,
    now: datetime,
    by: Person | None,
) -> LegalBasis:
    """Enter a paper, or correct the one that has this number, such as the year in which it ends.

    ``shown`` is what ``basis_shown`` gave for the form. Raises ``InvalidInputError`` for what
    cannot be, ``ChangedMeanwhileError`` when something else is stored by now.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    number = required(short(wanted.number), N_("Please enter the number of the paper."))
    columns = _columns(wanted)
    lock_observance(session, observance)
    row = _row(session, observance, number)
    if row is not None and all(getattr(row, name) == value for name, value in columns.items()):
        return row
    if shown is not None and not shown.startswith(f"{number}|"):
        shown = _shown(None, number)
    require_shown(shown, _shown(row, number), _CHANGED, number=number)
    if row is None:
        row = LegalBasis(observance=observance, number=number)
        session.add(row)
    for name, value in columns.items():
        setattr(row, name, value)
    _tell(session, observance, now)
    return row


def basis_shown(observance: Observance, number: str) -> str:
    """Return the digest of a paper, for a form to bring along; it names the number, since people
    may type another one.
    """
    found = (basis for basis in observance.bases if basis.number == number)
    return _shown(next(found, None), number)


def drop_basis(
    session: Session, observance: Observance, number: str, *, now: datetime, by: Person | None
) -> None:
    """Take a paper away that was entered by mistake. Taking it away twice changes nothing.

    Raises ``ConflictError`` for one of the catalogue: it would come back with the next start.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    row = _row(session, observance, number)
    if row is None:
        return
    if row.catalog_base is not None:
        raise ConflictError(
            N_("%(number)s comes with the catalogue. Please enter its last year instead."),
            number=number,
        )
    session.delete(row)
    _tell(session, observance, now)


def _columns(wanted: NewBasis) -> dict[str, object]:
    for year in (wanted.from_year, wanted.to_year):
        if year is not None:
            check_year(year)
    first, last = wanted.from_year, wanted.to_year
    if first is not None and last is not None and last < first:
        raise InvalidInputError(
            N_("It cannot end in %(last)s, before it begins in %(first)s."), first=first, last=last
        )
    return {
        "kind": required(short(wanted.kind), N_("Please enter what kind of paper it is.")),
        "dated": wanted.dated,
        "title": short(wanted.title),
        "from_year": first,
        "to_year": last,
    }


def _row(session: Session, observance: Observance, number: str) -> LegalBasis | None:
    of_number = select(LegalBasis).where(
        LegalBasis.observance_id == observance.id, LegalBasis.number == number
    )
    return session.scalar(of_number.execution_options(populate_existing=True))


def _tell(session: Session, observance: Observance, now: datetime) -> None:
    session.flush()
    session.expire(observance, ["bases"])
    extend_horizon(session, now=now)


def _shown(row: LegalBasis | None, number: str) -> str:
    if row is None:
        return f"{number}|"
    known = digest(row.kind, str(row.dated), row.title, row.from_year, row.to_year)
    return f"{number}|{known}"
