"""How a unit ended and who does its work now: said in one place, for pages and calendars.

What happened is read from the units that followed. A change that came with the catalogue has no row
of its own, and one unit's renaming moves those below it, which are then the same units in another
place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.errors import N_
from events.models import Reform, ReformKind, Unit, UnitSuccession
from events.units.lineage import heirs_of, work_above
from events.units.tree import successors
from events.words.language import translations, within

_A_DAY = timedelta(days=1)
_SAID = {
    ReformKind.MERGE: N_("This unit was merged into %(units)s"),
    ReformKind.SPLIT: N_("This unit was split into %(units)s"),
    ReformKind.RENAME: N_("This unit was renamed to %(units)s"),
    None: N_("This unit is now %(units)s"),
}
_ANNOUNCED = {
    ReformKind.MERGE: N_("From %(day)s merged into %(units)s; open items are handed over"),
    ReformKind.SPLIT: N_("From %(day)s split into %(units)s; open items are handed over"),
    ReformKind.RENAME: N_("From %(day)s renamed to %(units)s"),
    ReformKind.ABOLISH: N_("From %(day)s this unit is no more"),
    None: N_("From %(day)s this unit is %(units)s"),
}


@dataclass(frozen=True, slots=True)
class Closure:
    """What became of a unit. ``kind`` is None for one that only stands elsewhere since.

    ``into`` followed at once, ``heirs`` of them live on the day asked for; where none does,
    ``above`` and ``below`` have the work.
    """

    last_day: date
    kind: ReformKind | None
    into: Sequence[Unit]
    heirs: Sequence[Unit]
    above: Sequence[Unit] = ()
    below: Sequence[Unit] = ()

    @property
    def goes_on_in(self) -> Sequence[Unit]:
        """The living units whose pages and calendars go on from this one's."""
        return self.heirs or [*self.above, *self.below]

    def words(self, language: str) -> str:
        """Return in a sentence without its full stop what became of the unit."""
        gettext = translations(language).gettext
        ended = {"units": within(_names(self.above), language) or "–"}
        if self.kind is ReformKind.ABOLISH:
            return str(
                gettext(
                    N_(
                        "This unit ended; its work went to %(units)s and to the units that were "
                        "below it"
                    )
                )
                % ended
            )
        said = str(gettext(_SAID[self.kind]) % {"units": self._followed_by(language)})
        if not self.heirs:
            return str(
                gettext(N_("%(what)s, which has ended since; the work went to %(units)s"))
                % (ended | {"what": said})
            )
        if list(self.heirs) == list(self.into):
            return said
        return str(
            gettext(N_("%(what)s, now %(units)s"))
            % {"what": said, "units": within(_names(self.heirs), language)}
        )

    def announcement(self, language: str) -> str:
        """Return in a sentence without its full stop what is to become of a unit that still
        lives.
        """
        day = f"{self.last_day + _A_DAY:%d/%m/%Y}"
        sentence = translations(language).gettext(_ANNOUNCED[self.kind])
        return str(sentence % {"day": day, "units": self._followed_by(language)})

    def _followed_by(self, language: str) -> str:
        return within(_names(self.into, with_parent=self.kind is None), language)


def closure_of(session: Session, unit: Unit, today: date) -> Closure | None:
    """Return what became of a unit as of ``today``, or as of the day after its last if that is
    later; None for one without end.
    """
    if unit.valid_to is None:
        return None
    on = max(today, unit.valid_to + _A_DAY)
    into = successors(session, unit)
    closure = Closure(unit.valid_to, _kind(session, unit, into), into, heirs_of(session, into, on))
    if closure.heirs:
        return closure
    was_below = session.scalars(select(Unit).where(Unit.parent_id == unit.id)).all()
    return replace(
        closure, above=work_above(session, unit, on), below=heirs_of(session, was_below, on)
    )


def _kind(session: Session, unit: Unit, into: Sequence[Unit]) -> ReformKind | None:
    if not into:
        return ReformKind.ABOLISH
    if len(into) > 1:
        return ReformKind.SPLIT
    [new] = into
    link = UnitSuccession
    merged = session.scalar(
        select(func.count()).select_from(link).where(link.successor_id == new.id)
    )
    if merged == 1 and new.full_name == unit.full_name:
        return None
    return ReformKind.RENAME if merged == 1 and _was_renamed(session, unit) else ReformKind.MERGE


def _was_renamed(session: Session, unit: Unit) -> bool:
    """Tell whether a renaming was entered here: the catalogue does not know every unit that went
    into a new one.
    """
    assert unit.valid_to is not None
    entered = select(Reform.detail).where(
        Reform.kind == ReformKind.RENAME, Reform.on == unit.valid_to + _A_DAY
    )
    return any(unit.key in detail["before"] for detail in session.scalars(entered))


def _names(units: Iterable[Unit], *, with_parent: bool = False) -> str:
    parents = {unit: f" ({unit.parent.full_name})" for unit in units if with_parent and unit.parent}
    return ", ".join(f"{unit.full_name}{parents.get(unit, '')}" for unit in units)
