"""Rounds: one coming round of a template, with its dates.

Pure, except that it reads the template it is given, and names the conditions of a round and of a
year in SQL.

Observances come round by their rule, reports and quarters by their cut-off, and courses or
inspections on a day somebody chooses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from events.days.recurrence import Occurrence, occurrences_in, period_from
from events.models import Anchor, Campaign, Observance, Template

_COMMA = ", "  # between the title of a chosen round and its day


@dataclass(frozen=True, slots=True)
class ComingRound:
    """What opens once for a template: ``period`` tells it from the template's other rounds ("2026",
    "2026-2", "2026-10-12").

    ``year`` is the one that officials plan and report it in. A lunar day's period is its lunar
    year, which may be the one before.
    """

    template: Template
    period: str
    year: int
    dates: Occurrence
    summary: str

    @property
    def template_id(self) -> int:
        return self.template.id

    @property
    def observance(self) -> Observance | None:
        return self.template.observance

    @property
    def key(self) -> str:
        """What people call it by: its observance, or its template where there is none."""
        return self.observance.key if self.observance else self.template.key

    @property
    def key_day(self) -> date:
        return key_day(self.template, self.dates)

    @property
    def opens(self) -> date:
        """The day it opens: so many days before its key day."""
        return self.key_day - timedelta(days=self.template.generate_ahead_days)

    def belongs_on(self, today: date) -> date:
        """Return the day whose units the round belongs to: today's once it opens, and after its key
        day those of that day.

        Units that will be merged before the key day still do the work; see `handover` for what they
        leave open.
        """
        return min(self.key_day, max(self.opens, today))


def key_day(template: Template, dates: Occurrence) -> date:
    """Return the day a round is about: the cut-off of a report, else its first day.

    Roles are those in force on it.
    """
    return dates.last_day if template.anchor is Anchor.CUTOFF else dates.dtstart


def rounds_of(template: Template, year: int) -> Iterator[ComingRound]:
    """Yield the rounds of ``year``; none for a template whose day somebody chooses."""
    if template.observance is not None:
        for number, (own, dates) in enumerate(
            occurrences_in(template.observance.recurrence, year), 1
        ):
            again = f" (lần {number})" if number > 1 else ""
            yield ComingRound(
                template,
                str(own),
                year,
                dates,
                f"{template.observance.title_in(year)} năm {year}{again}",
            )
    for number, cutoff in enumerate(template.cutoffs, 1):
        dates = period_from(cutoff["first"], cutoff["last"]).occurrence(year)
        period = f"{year}-{number}" if len(template.cutoffs) > 1 else str(year)
        yield ComingRound(
            template, period, year, dates, _summary_of(template, cutoff["name"], year)
        )


def _summary_of(template: Template, name: str, year: int) -> str:
    """Return what the round of a reporting period is called.

    The period is named where there are several, and said once.
    """
    if len(template.cutoffs) == 1:
        return _of_year(template.title_vi, year)
    # "… theo quý, quý I" says it twice
    title = template.title_vi.removesuffix(f" theo {name.split()[0]}")
    return f"{title}, {_of_year(name, year)}"


def _of_year(name: str, year: int) -> str:
    return f"{name} {year}" if name.endswith("năm") else f"{name} năm {year}"


def chosen_round(
    template: Template, day: date, title: str | None = None, period: str | None = None
) -> ComingRound:
    """Return the round of a template on a day somebody chose, such as a course's first day.

    ``period`` is that of a round that is there; a new one is named after its day.
    """
    summary = _on_day(title or template.title_vi, day)
    return ComingRound(
        template, period or day.isoformat(), day.year, Occurrence.of_day(day), summary
    )


def summary_on(campaign: Campaign, day: date) -> str:
    """Return what a campaign is called once it begins on ``day``: one of a chosen day names it,
    others keep their name.
    """
    if campaign.template.observance_id is not None or campaign.template.cutoffs:
        return campaign.summary
    return _on_day(title_of(campaign.summary), day)


def title_of(summary: str) -> str:
    """Return the summary of a chosen round without its day."""
    return summary.rpartition(_COMMA)[0] or summary


def _on_day(title: str, day: date) -> str:
    return f"{title}{_COMMA}{day:%d/%m/%Y}"


def round_of(campaign: Campaign) -> ComingRound:
    """Return the round that a campaign was opened in, so that more units can be given theirs."""
    opened = campaign.round
    dates = Occurrence(opened.dtstart, opened.dtend)
    return ComingRound(opened.template, opened.period, opened.year, dates, opened.summary)


@dataclass(frozen=True, slots=True)
class Anchors:
    """The dates that offsets count from in one campaign."""

    dates: Occurrence
    event: date | None = None

    def of(self, anchor: Anchor) -> date:
        """Return the date of ``anchor``.

        The main event is on the first day unless another was chosen.
        """
        if anchor in (Anchor.END, Anchor.CUTOFF):
            return self.dates.last_day
        if anchor is Anchor.EVENT:
            return self.event or self.dates.dtstart
        return self.dates.dtstart
