"""How far a unit has come, today or as of a past day: by unit below, phase, item, campaign and
year.

What is asked for stands in the address, so that a page can be sent on, printed and made again.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from flask import Blueprint, render_template, request, url_for

from events.campaigns.lookup import names_of_rounds
from events.database.sessions import Condition, Session
from events.days.recurrence import FIRST_YEAR
from events.errors import N_, InvalidInputError, NotFoundError
from events.models import Phase, Round, Template
from events.models.campaigns import of_rounds, of_year
from events.people.visibility import Fact
from events.progress.across_reforms import Counted, counted_with
from events.progress.as_of import AsOf, Day
from events.progress.figures import (
    Part,
    Progress,
    Waiting,
    of_phase,
    parts,
    sum_of,
    waiting,
    year_progress,
)
from events.progress.recorded_late import recorded_late
from events.progress.silent_units import silent_units
from events.progress.standings import Below, below_of
from events.templates.editing import all_templates, find_template
from events.templates.vocabulary import phases
from events.units.tree import ancestors, get_unit
from events.words.texts import nfc
from web.kit.closed_units import closed_notice
from web.kit.context import get_config, get_session, today
from web.kit.entries import day_of, year_of
from web.kit.language import gettext as _
from web.kit.language import title
from web.kit.visibility import require_sight, sees
from web.kit.words import day_text, unit_until

bp = Blueprint("progress", __name__, url_prefix="/tien-do")

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a year, a past day, one campaign, one phase."""

    year: int
    on: date | None
    round: tuple[Template, str] | None
    phase: Phase | None

    @property
    def day(self) -> Day:
        return AsOf(self.on, get_config().zone) if self.on else today()

    @property
    def of_round(self) -> list[Condition]:
        if self.round is None:
            return []
        template, period = self.round
        return [of_rounds(Round.template_id == template.id, Round.period == period)]

    @property
    def in_year(self) -> list[Condition]:
        return [*self.of_round, of_year(self.year)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: ``address`` leads on to the same figures of that line alone, ``waiting``
    are who has not done it.
    """

    name: str
    progress: Progress
    address: str | None = None
    is_data: bool = True  # named by people, in Vietnamese and perhaps in English
    waiting: Sequence[Waiting] = ()


@bp.get("/<slug>")
def show(slug: str) -> str:
    """Show the progress of a unit in the year ``?nam=``, as of ``?ngay=``, in ``?chien-dich=`` and
    ``?giai-doan=``.
    """
    session = get_session()
    unit = get_unit(session, slug)
    require_sight(Fact.FIGURES, unit)
    names = sees(Fact.LATE_UNITS, unit)
    asked = _asked(session)
    counted = counted_with(session, unit, asked.day)
    in_year = [counted.condition, *asked.in_year]
    below = below_of(session, counted, asked.day, *asked.in_year, *_of_phase(asked))
    found = [
        part
        for part in parts(session, asked.day, *in_year)
        if asked.phase is None or part.phase_key == asked.phase.key
    ]
    owing = waiting(session, asked.day, *in_year) if names and asked.round else {}
    return render_template(
        "progress/show.html",
        unit=unit,
        closed=closed_notice(unit, lambda other: _of_unit(other.slug)),
        unit_path=ancestors(unit)[::-1],
        asked=asked,
        chosen=_chosen(session, asked),
        total=sum_of(part.progress for part in found),
        units=_units(below) if names else [],
        names=names,
        earlier=below.earlier,
        phases=_phases(session, found),
        items=_items(session, found, owing),
        rounds=_rounds(session, found, in_year),
        years=_years(session, asked, counted),
        silent=silent_units(session, asked.day, *in_year) if names else [],
        recorded_late=recorded_late(session, asked.day, *in_year, *_of_phase(asked))
        if names
        else None,
    )


def _asked(session: Session) -> Asked:
    on = _day(request.args.get("ngay", ""))
    year = year_of(request.args.get("nam", "")) or (on or today()).year
    return Asked(
        year,
        on,
        _round(session, request.args.get("chien-dich", "")),
        _phase(session, request.args.get("giai-doan", "")),
    )


def _day(text: str) -> date | None:
    """Read a past day; today's figures are those of the items as they are."""
    day = day_of(text)
    if day is None:
        return None
    if day > today():
        raise InvalidInputError(
            N_("%(day)s is still to come: progress is known up to today."), day=day_text(day)
        )
    if day.year < FIRST_YEAR:
        raise InvalidInputError(N_("“%(day)s” is not a date."), day=text)
    return day if day < today() else None


def _round(session: Session, text: str) -> tuple[Template, str] | None:
    """Read a campaign's round, written as the template's key, a colon and the period."""
    if not text:
        return None
    key, _colon, period = nfc(text).partition(":")
    template = find_template(session, key)
    if template is None or not period:
        raise NotFoundError(kind="campaign", key=text)
    return template, period


def _phase(session: Session, key: str) -> Phase | None:
    if not key:
        return None
    phase = phases(session).get(key)
    if phase is None:
        raise InvalidInputError(N_("There is no phase “%(key)s”."), key=key[:40])
    return phase


def _here(**changes: object) -> str:
    """Return the address of this page with some of what is asked for changed; None takes it
    away.
    """
    known = {
        name: request.args[name]
        for name in ("nam", "ngay", "chien-dich", "giai-doan")
        if request.args.get(name)
    }
    wanted = known | {name.replace("_", "-"): value for name, value in changes.items()}
    slug = (request.view_args or {})["slug"]
    return url_for(
        ".show",
        **({"slug": slug} | {name: value for name, value in wanted.items() if value is not None}),
    )


def _chosen(session: Session, asked: Asked) -> list[tuple[str, str]]:
    """Return what narrows the figures, each with the address of the page without it."""
    found = []
    if request.args.get("nam"):
        found.append((_("Year %(year)s", year=asked.year), _here(nam=None)))
    if asked.on:
        found.append((_("As of %(day)s", day=day_text(asked.on)), _here(ngay=None)))
    if asked.round:
        template, period = asked.round
        names = names_of_rounds(session, *asked.of_round)
        _key, name = names.get((template.id, period), ("", f"{title(template)} ({period})"))
        found.append((name, _here(chien_dich=None)))
    if asked.phase:
        found.append((title(asked.phase), _here(giai_doan=None)))
    return found


def _units(below: Below) -> list[Row]:
    """Return the unit's own work, and of the units below it and before it those that had work.

    Without work a unit has no line: a village that was entered later would come into the report of
    a day before.
    """
    others = [branch for branch in [*below.branches, *below.before] if branch.progress]
    rows = (
        [Row(_("This unit's own work"), below.own, is_data=False)] if below.own and others else []
    )
    return rows + [
        Row(unit_until(each.name, each.until), each.progress, _of_unit(each.slug))
        for each in others
    ]


def _of_phase(asked: Asked) -> list[Condition]:
    return [of_phase(asked.phase.key, asked.day)] if asked.phase else []


def _of_unit(slug: str) -> str:
    return _here().replace(
        url_for(".show", slug=(request.view_args or {})["slug"]), url_for(".show", slug=slug), 1
    )


def _phases(session: Session, found: list[Part]) -> list[Row]:
    by_phase = _summed(found, lambda part: part.phase_key)
    return [
        Row(title(phase), by_phase[key], _here(giai_doan=key), False)
        for key, phase in phases(session).items()
        if key in by_phase
    ]


def _items(
    session: Session, found: list[Part], owing: Mapping[str, Sequence[Waiting]]
) -> list[tuple[str, list[Row]]]:
    """Return the items under their templates; a template's rounds are added up.

    ``owing`` tells who has not done one.
    """
    by_item = _summed(found, lambda part: (part.template_id, part.key))
    names = {(part.template_id, part.key): part.summary for part in found}
    templates = {row.id: row for row in all_templates(session)}
    groups: dict[int, list[Row]] = {}
    for (template_id, key), progress in by_item.items():
        groups.setdefault(template_id, []).append(
            Row(names[template_id, key], progress, waiting=owing.get(key, ()))
        )
    return [(title(templates[template_id]), rows) for template_id, rows in groups.items()]


def _rounds(session: Session, found: list[Part], conditions: list[Condition]) -> list[Row]:
    names = names_of_rounds(session, *conditions)
    by_round = _summed(found, lambda part: (part.template_id, part.period))
    return [
        Row(names[id_, period][1], progress, _here(chien_dich=f"{names[id_, period][0]}:{period}"))
        for (id_, period), progress in by_round.items()
    ]


def _years(session: Session, asked: Asked, counted: Counted) -> list[Row]:
    by_year = year_progress(
        session, asked.day, counted.condition, *asked.of_round, *_of_phase(asked)
    )
    return [Row(str(year), progress, _here(nam=year), False) for year, progress in by_year.items()]


def _summed(found: Iterable[Part], key: Callable[[Part], _K]) -> dict[_K, Progress]:
    total: dict[_K, Progress] = {}
    for part in found:
        total[key(part)] = total.get(key(part), Progress()) + part.progress
    return total
