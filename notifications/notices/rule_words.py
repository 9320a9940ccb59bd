"""What people call the rule of a notice: one wording for pages, commands and the answer to why."""

from events.errors import N_
from events.words.language import Said

_RULES = {
    "before": N_("%(days)s working days before"),
    "overdue": N_("%(days)s working days late"),
    "again": N_("late, week %(days)s"),
    "late": N_("late below, told %(days)s levels above"),
    "week": N_("plan of the week"),
    "month": N_("figures of the month"),
}


def rule_in_words(rule: str) -> Said:
    """Return a rule such as "before-7" as people say it; one that is not known stays as it is."""
    if rule == "before-0":
        return Said(N_("on the day"))
    kind, _dash, days = rule.partition("-")
    return Said(_RULES[kind], {"days": days}) if kind in _RULES else Said(rule)
