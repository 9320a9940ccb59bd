"""What a preview says of each item of a round when dates are counted anew."""

from collections.abc import Collection, Mapping, Sequence

from events.campaigns.due_dates import DueDates
from events.campaigns.unit_checklists import UnitChecklist
from events.checklist.origins import DATES, values_of
from events.models import (
    ChecklistItem,
)
from events.replanning.preview import (
    Fate,
    Line,
    compare_item,
)


def lines_of(
    checklists: Sequence[UnitChecklist],
    dates: Mapping[tuple[int, str], DueDates],
    told: Collection[int] = (),
) -> list[Line]:
    """Compare the items of a round with their dates by campaign id and key; where nothing differs
    there is no line.
    """
    known, found = set(told), dict[int, DueDates]()
    lines = []
    for checklist in checklists:  # parents first, so that a part finds what its whole will have
        for item in checklist.items.values():
            wanted = dates.get((checklist.campaign.id, item.key)) or found.get(
                item.split_from_id or 0
            )
            lines.append(_line(checklist, item, wanted, known))
            if wanted is not None:
                values, _held = values_of(item, wanted.columns)
                found[item.id] = DueDates(
                    **{name: values.get(name, getattr(item, name)) for name in DATES}
                )
    return [line for line in lines if line]


def _line(
    checklist: UnitChecklist, item: ChecklistItem, dates: DueDates | None, told: set[int]
) -> Line | None:
    """Compare an item with its dates; a part of a divided item follows the whole.

    None where nothing differs.
    """
    if dates is None:
        shown = (checklist.node, checklist.campaign.id, item.key, item.summary, item)
        return Line(Fate.KEPT_OWN, *shown, item.due, item.due, None, {}) if item.is_open else None
    return compare_item(checklist, item, dates.columns, told=item.id in told)
