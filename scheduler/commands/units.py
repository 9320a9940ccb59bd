"""Units: unit merge, split, rename, abolish, hand-over, take-back, each with a preview that changes
nothing.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.errors import N_
from events.localtime import local_day
from events.models import Reform
from events.models.history import Door
from events.reforms.closed_units import open_in_closed_units
from events.reforms.handover import HandedOver, hand_over
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.taking_back import reform_of, take_back
from events.reforms.writing import NewUnit, Reformed
from scheduler.commands import DAY, NewService, pass_service
from scheduler.console import tell
from scheduler.service import utc_now

_Command = TypeVar("_Command", bound=Callable[..., None])
_Done = TypeVar("_Done")


@click.group()
def unit() -> None:
    """Change the tree of units.

    Old campaigns keep their units; open items and posts go to the successors.
    """


def _options(command: _Command) -> _Command:
    """Give a command what every change needs: its first day, its basis, and the preview."""
    for option in (
        click.option("--preview", is_flag=True, help="Say what would happen and change nothing."),
        click.option("--basis", help="Number and date of the paper."),
        click.option(
            "--on", type=DAY, required=True, help="The first day of the new units (2027-07-01)."
        ),
    ):
        command = option(command)
    return command


@unit.command("merge")
@click.argument("keys", nargs=-1, required=True)
@click.option("--name", required=True, help="Full name of the new unit, such as “Xã A”.")
@click.option("--code", help="The state's code of the new unit.")
@click.option(
    "--parent", help="Code of the unit above, where the old ones stand below different units."
)
@_options
@pass_service
def merge_(
    new_service: NewService,
    /,
    keys: tuple[str, ...],
    name: str,
    code: str | None,
    parent: str | None,
    **rest: Any,
) -> None:
    """Merge units into a new one.

    \b
    sumvay unit merge KEY KEY --name "Xã A" --on 2027-07-01 --preview
    """
    new = NewUnit(name, code=code, parent_key=parent)
    _reform(new_service, rest, lambda session, common: merge(session, keys, new, **common))


@unit.command("split")
@click.argument("key")
@click.option(
    "--into",
    multiple=True,
    required=True,
    help="Full name of a part; codes of units below it behind a colon.",
)
@_options
@pass_service
def split_(new_service: NewService, /, key: str, into: tuple[str, ...], **rest: Any) -> None:
    """Split a unit into new ones.

    \b
    sumvay unit split KEY --into "Xã A" --into "Xã B" --on 2027-07-01
    """
    parts = [_part(text) for text in into]
    _reform(new_service, rest, lambda session, common: split(session, key, parts, **common))


@unit.command("rename")
@click.argument("key")
@click.option("--name", required=True, help="The new full name.")
@_options
@pass_service
def rename_(new_service: NewService, /, key: str, name: str, **rest: Any) -> None:
    """Give a unit a new name from a day on."""
    _reform(new_service, rest, lambda session, common: rename(session, key, name, **common))


@unit.command("abolish")
@click.argument("level")
@_options
@pass_service
def abolish(new_service: NewService, /, level: str, **rest: Any) -> None:
    """Abolish a level: its units end, those below hang on the units above."""
    _reform(new_service, rest, lambda session, common: abolish_level(session, level, **common))


@unit.command("hand-over")
@click.option("--on", type=DAY, help="Only units that ended before this day. Default: today.")
@click.option("--preview", is_flag=True, help="Say what would happen and change nothing.")
@pass_service
def hand_over_(new_service: NewService, on: datetime | None, preview: bool) -> None:
    """Hand over what closed units left open, also after a reform that came with the catalogue.

    Running it again changes nothing.
    """
    service, now = new_service(), utc_now()
    day = on.date() if on else local_day(now, service.settings.zone)
    done = _in_transaction(
        service.session_factory,
        preview,
        lambda s: hand_over(s, stamp=Stamp(None, now, Door.COMMAND), on=day),
    )
    _tell_handed_over(done)
    _tell_preview(preview)


@unit.command("take-back")
@click.argument("key")
@click.option("--preview", is_flag=True, help="Say what would happen and change nothing.")
@pass_service
def take_back_(new_service: NewService, key: str, preview: bool) -> None:
    """Take back the newest change that ends the unit KEY, entered by mistake, while nothing hangs
    on the new units.

    \b
    sumvay unit take-back KEY --preview
    """

    def work(session: Session) -> Reform:
        return take_back(session, reform_of(session, key).id, by=None, now=utc_now())

    reform = _in_transaction(new_service().session_factory, preview, work)
    tell(N_("Lives on: %(units)s"), units=", ".join(reform.detail["before"]))
    tell(N_("Removed: %(units)s"), units=", ".join(reform.detail["after"]) or "–")
    _tell_preview(preview)


COMMANDS = [unit]


def _part(text: str) -> NewUnit:
    name, _colon, keys = text.partition(":")
    return NewUnit(name.strip(), children=tuple(keys.replace(",", " ").split()))


def _reform(
    new_service: NewService,
    rest: dict[str, Any],
    change: Callable[[Session, dict[str, Any]], Reformed],
) -> None:
    on: date = rest["on"].date()
    common = {"on": on, "basis": rest["basis"], "stamp": Stamp(None, utc_now(), Door.COMMAND)}

    def work(session: Session) -> tuple[Reformed, int]:
        done = change(session, common)
        return done, len(open_in_closed_units(session, on))

    done, waiting = _in_transaction(new_service().session_factory, rest["preview"], work)
    for old in done.ended:
        tell(N_("Ends: %(unit)s (%(key)s)"), unit=old.full_name, key=old.key)
    for new in done.begun:
        tell(N_("Begins: %(unit)s (%(key)s)"), unit=new.full_name, key=new.key)
    tell(N_("Posts to confirm: %(count)s."), count=done.posts)
    if done.handed_over:
        _tell_handed_over(done.handed_over)
    else:
        tell(
            N_("%(count)s open items are handed over when the day has come: sumvay unit hand-over"),
            count=waiting,
        )
    _tell_preview(rest["preview"])


def _in_transaction(session_factory: Any, preview: bool, work: Callable[[Session], _Done]) -> _Done:
    """Do the work and keep it, or take it back after a preview."""
    with session_factory() as session:
        done = work(session)
        if preview:
            session.expunge_all()  # so that what is told outlives the transaction
            session.rollback()
        else:
            session.commit()
    return done


def _tell_handed_over(done: HandedOver) -> None:
    tell(
        N_("Handed over: %(closed)s items of old units, %(begun)s in new ones."),
        closed=done.closed,
        begun=done.begun,
    )
    if done.activities:
        tell(N_("Planned activities that went over: %(count)s."), count=done.activities)
    if done.posts:
        tell(N_("Posts to confirm: %(count)s."), count=done.posts)


def _tell_preview(preview: bool) -> None:
    if preview:
        tell(N_("This was a preview: nothing was changed."))
