"""Simulate: play a year ahead, or a play of what could happen in it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import click
from sqlalchemy import select

from events.campaigns.opening import self_opening
from events.catalog.reading import SHIPPED, read_catalog
from events.checklist.closing_words import closing_in, why_closed
from events.checklist.history import MOVED_FROM
from events.database.sessions import SessionFactory
from events.days.reasons import DayReason
from events.days.recurrence import check_year
from events.errors import N_, InvalidInputError
from events.models import Template
from scheduler import migrate
from scheduler.commands import NewService, pass_service
from scheduler.console import Voice, _, out, progress_bar, show_table, tell
from scheduler.memory import copy_of_catalog
from scheduler.service import Service, utc_now
from scheduler.simulation.acts import Act
from scheduler.simulation.acts.dates import LatePlan, MoveEvent
from scheduler.simulation.copies import copy_of
from scheduler.simulation.days import simulate
from scheduler.simulation.lines import ChangeLine, NoticeLine, Simulation, StoryLine, as_json
from scheduler.simulation.play import Play, read_play, shipped_plays
from scheduler.simulation.stage import TITLES, notice_in_words


@click.command("simulate")
@click.option("--year", type=int, help="The year whose campaigns are played.")
@click.option("--until", type=int, help="Play on to the end of this year.")
@click.option(
    "--play",
    "play_name",
    metavar="NAME|FILE",
    help="What happens in it: a shipped play (2021, 2025, 2026-2027) or a TOML file.",
)
@click.option(
    "--event",
    multiple=True,
    metavar="KEY=DATE",
    help="The main event is held on this day instead; may be repeated.",
)
@click.option(
    "--late-plan",
    multiple=True,
    metavar="KEY=DATE",
    help="The province's plan is issued only on this day.",
)
@click.option("--unit", help="Only this unit and those below it (code or address name).")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "story", "mail", "json"]),
    default="table",
    show_default=True,
)
@pass_service
def simulate_(
    new_service: NewService,
    year: int | None,
    until: int | None,
    play_name: str | None,
    event: tuple[str, ...],
    late_plan: tuple[str, ...],
    unit: str | None,
    style: str,
) -> None:
    """Play a year with a moved clock; nothing is written or sent.

    A play lets people act in it: late plans, ticks, choices, mergers. The shipped ones show every
    rule at work.

    \b
    sumvay simulate --year 2027
    sumvay simulate --play 2025 --format story     the reform of 1 July, told day by day
    sumvay simulate --year 2027 --late-plan intl_happiness_day=2027-03-10
    sumvay simulate --year 2027 --unit KEY --format json > 2027.json
    """
    play = read_play(play_name) if play_name else None
    first, last = _years(year, until, play)
    events, plans = [_day_of(text) for text in event], [_day_of(text) for text in late_plan]
    acts = [*_early_events(events), *_late_plans(plans), *(play.act if play else ())]
    service = new_service()
    copy = _copy(service, first, shipped=play_name in shipped_plays())
    with copy() as session:
        # a play may open others
        known = session.scalars(select(Template)).all() if play else self_opening(session)
        _require_campaigns(
            [template for template in known if not template.cutoffs], events, range(first, last + 1)
        )
        _require_campaigns(known, plans, range(first, last + 1))
    with progress_bar(N_("Playing the year")) as bar:
        played = simulate(
            copy,
            first,
            until=last,
            acts=acts,
            unit=unit,
            rules=service.settings.notifications.rules,
            progress=bar,
        )
    _show(played, style, play)


COMMANDS = [simulate_]

_STATES = {
    "NEEDS-ACTION": N_("not started"),
    "IN-PROCESS": N_("in progress"),
    "COMPLETED": N_("done"),
    "CANCELLED": N_("not done"),
}


def _years(year: int | None, until: int | None, play: Play | None) -> tuple[int, int]:
    """Return the first and the last year to play; a play brings its own.

    Raises ``YearOutOfRangeError``.
    """
    if play is not None and year is None:
        year, until = play.year, until or play.until
    if year is None:
        raise click.UsageError(_("Please give --year or --play."))
    check_year(year)
    check_year(until or year)
    if until is not None and until < year:
        raise click.BadParameter(f"{until} lies before {year}", param_hint="--until")
    return year, until or year


def _early_events(days: Sequence[tuple[str, date]]) -> list[Act]:
    return [
        MoveEvent(on=day, campaign=f"{key}/{day.year}", event=day, early=True) for key, day in days
    ]


def _late_plans(days: Sequence[tuple[str, date]]) -> list[Act]:
    return [LatePlan(on=day, campaign=key) for key, day in days]


def _require_campaigns(
    templates: Iterable[Template], days: Sequence[tuple[str, date]], years: range
) -> None:
    """Raise ``InvalidInputError`` for a day of a campaign that the played years do not have: it
    would change nothing.
    """
    keys = {
        key
        for one in templates
        for key in (one.key, one.observance.key if one.observance else one.key)
    }
    played = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    for key, day in days:
        if key not in keys:
            raise InvalidInputError(
                N_("There is no campaign “%(key)s” in %(years)s."), key=key, years=played
            )
        if day.year not in years:
            sentence = N_("“%(key)s”: %(day)s does not lie in the played year (%(years)s).")
            raise InvalidInputError(sentence, key=key, day=f"{day:%d/%m/%Y}", years=played)


def _day_of(text: str) -> tuple[str, date]:
    """Read ``KEY=YYYY-MM-DD``. Raises ``InvalidInputError``."""
    key, _equals, day = text.partition("=")
    try:
        return key.strip(), date.fromisoformat(day.strip())
    except ValueError as error:
        raise InvalidInputError(
            N_("“%(text)s” is not of the form KEY=YYYY-MM-DD."), text=text
        ) from error


def _copy(service: Service, year: int, *, shipped: bool) -> SessionFactory:
    """Copy the real database if there is one, else the shipped catalogue as it was known when
    ``year`` began, which the shipped plays are written for.
    """
    exists = service.has_database  # asked first: the engine would make the folder
    if not shipped and exists and migrate.version_of(service.engine) is migrate.Version.CURRENT:
        return copy_of(service.engine, service.settings.installation)
    folder = None if shipped else service.settings.events.catalog
    catalog = read_catalog(folder or SHIPPED).as_known_on(date(year, 1, 1))
    return copy_of_catalog(catalog, utc_now(), service.settings.installation)


def _show(played: Simulation, style: str, play: Play | None) -> None:
    if style == "json":
        click.echo(_json_lines(as_json(played, Voice.language)))
        return
    out.print()
    if style == "mail":
        _show_mails(played)
        return
    if play is not None or style == "story":
        _show_story(played.story, play)
    if style == "story":
        return
    _show_campaigns(played)
    _show_items(played)
    _show_notices(played.notices)
    _show_changes(played)
    for level, count in played.without_units.items():
        sentence = N_(
            "%(count)s items of level “%(level)s” go to nobody: no unit of that level is entered."
        )
        tell(sentence, count=count, level=_level(played, level))
    if play is None:
        tell(
            N_("To see each rule at work: sumvay simulate --play NAME --format story (%(plays)s)"),
            plays=", ".join(shipped_plays()),
        )


def _json_lines(values: dict[str, Any]) -> str:
    """Return one JSON object, an entry of its lists on a line: years are compared line by line, and
    the fast encoder knows no indents.
    """
    named = (f'"{name}": {_json(value)}' for name, value in values.items())
    return "{\n" + ",\n".join(named) + "\n}"


def _json(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_json, value)) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _show_story(story: Sequence[StoryLine], play: Play | None) -> None:
    """Show what happened, day after day; a morning's date stands at its first line."""
    rows, day = [], None
    for line in story:
        rows.append(
            [
                _day(line.day) if line.day != day else "",
                _(TITLES[line.told.rule]),
                line.told.text(Voice.language),
            ]
        )
        day = line.day
    show_table(
        play.title if play else _("What happened"), [_("Day"), _("Rule"), _("What happened")], rows
    )


def _show_campaigns(played: Simulation) -> None:
    units: dict[tuple[date, str, str, date, date], Counter[str]] = defaultdict(Counter)
    for line in played.campaigns:
        units[(line.opens, line.observance, line.summary, line.dtstart, line.dtend)][
            _level(played, line.level)
        ] += 1
    rows = [
        [
            _day(opens),
            key,
            summary,
            f"{_day(dtstart)} – {_day(date.fromordinal(dtend.toordinal() - 1))}",
            _numbers(levels),
        ]
        for (opens, key, summary, dtstart, dtend), levels in sorted(units.items())
    ]
    columns = [_("Opens"), _("Key"), _("Campaign"), _("Days"), _("Units")]
    years = str(played.year) if played.until == played.year else f"{played.year}–{played.until}"
    show_table(_("Campaigns of %(year)s") % {"year": years}, columns, rows)


def _show_items(played: Simulation) -> None:
    campaigns = {line.id: line.summary for line in played.campaigns}
    copies: Counter[tuple[str, ...]] = Counter()
    for line in played.items:
        what = campaigns[line.campaign], line.summary, _level(played, line.level)
        reason = line.reason.words(Voice.language) if line.reason else ""
        copies[(line.due.isoformat(), *what, _day(line.nominal_due), reason)] += 1
    rows = [
        [_day(date.fromisoformat(due)), nominal, reason, campaign, item, level, str(count)]
        for (due, campaign, item, level, nominal, reason), count in sorted(copies.items())
    ]
    columns = [
        _("Due"),
        _("Counted"),
        _("Moved because"),
        _("Campaign"),
        _("Item"),
        _("Level"),
        _("Copies"),
    ]
    show_table(_("Checklist items"), columns, rows)


def _show_notices(notices: list[NoticeLine]) -> None:
    mornings: dict[date, Counter[str]] = defaultdict(Counter)
    people: dict[date, set[str]] = defaultdict(set)
    for line in notices:
        mornings[line.at.date()][notice_in_words(line.kind)(Voice.language)] += 1
        people[line.at.date()].add(line.to)
    rows = [
        [_day(day), _numbers(kinds), str(len(people[day]))]
        for day, kinds in sorted(mornings.items())
    ]
    show_table(_("Notices"), [_("Morning"), _("Kind and number"), _("People")], rows)


def _show_mails(played: Simulation) -> None:
    """Show every mail with its hour, and what it says and why."""
    items = {f"{line.campaign}/{line.template_key}": line.summary for line in played.items}
    units = {line.unit: line.unit_name for line in played.campaigns}
    rows, before = [], None
    for line in sorted(played.notices, key=lambda line: (line.at, line.to)):
        what = items.get(line.item or "", line.item or "")
        is_new = (line.at, line.to) != before
        rows.append(
            [
                f"{line.at:%d/%m/%Y %H:%M}" if is_new else "",
                line.to if is_new else "",
                " – ".join(filter(None, (what, units.get(line.unit, "")))),
                notice_in_words(line.kind)(Voice.language),
            ]
        )
        before = line.at, line.to
    show_table(_("Mail"), [_("Hour"), _("To"), _("What it says"), _("Why")], rows)


def _show_changes(played: Simulation) -> None:
    """Show what happened on the way, the same thing in many units as one row."""
    if not played.changes:
        return
    campaigns = {line.id: line.summary for line in played.campaigns}
    items = {f"{line.campaign}/{line.template_key}": line.summary for line in played.items}
    copies: Counter[tuple[date, str, str, str]] = Counter()
    for line in played.changes:
        copies[
            (
                line.at.date(),
                campaigns[line.item.rpartition("/")[0]],
                items[line.item],
                _what_happened(line),
            )
        ] += 1
    rows = [
        [_day(day), campaign, item, what, str(count)]
        for (day, campaign, item, what), count in sorted(copies.items())
    ]
    show_table(
        _("Changes on the way"),
        [_("Day"), _("Campaign"), _("Item"), _("What happened"), _("Copies")],
        rows,
    )


def _what_happened(line: ChangeLine) -> str:
    before, after = line.before, line.after
    if MOVED_FROM in after:
        return _("taken over")
    if before.get("due") and before["due"] != after.get("due", before["due"]):
        days = " → ".join(_day(date.fromisoformat(day)) for day in (before["due"], after["due"]))
        return f"{days} {_why_moved(after)}".strip()
    state = (
        _STATES.get(after.get("status", ""))
        if after.get("status") != before.get("status")
        else None
    )
    why = why_closed(closing_in(after), Voice.language)
    return why or (_(state) if state else _("another change"))


def _why_moved(after: dict[str, Any]) -> str:
    reason = after.get("due_reason")
    return DayReason.from_plain(reason).words(Voice.language) if reason else ""


def _numbers(counts: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _level(played: Simulation, key: str) -> str:
    return played.levels[key][Voice.language]


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
