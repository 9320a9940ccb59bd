"""A new version of a template beside a running round: what it would change, and changing exactly
that.

A campaign remembers the version it was opened from. Applying another one changes a whole round,
from the campaign at the top to the last village, exactly as its preview showed. What is done stays,
what was edited by hand stays, and what the new version has no longer is closed as not required:
history is never deleted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from events.campaigns.lifetime import require_running
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists
from events.checklist.history import Stamp
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError
from events.installation import day_here
from events.locks import lock_round
from events.models import (
    Campaign,
    ChecklistItem,
    Person,
    TemplateVersion,
)
from events.people.rights import Capability, require_for_all
from events.replanning.preview import (
    expect,
    write,
)
from events.replanning.version_comparison import Comparison, VersionDiff


def compare(
    session: Session,
    root: Campaign,
    version: TemplateVersion,
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> VersionDiff:
    """Say what ``version`` would change in a round, unit by unit. Writes nothing.

    Raises ``ConflictError`` for a campaign that is not the top one, is over since last year or was
    cancelled.
    """
    _require_fitting(session, root, version, now)
    return Comparison(session, load_unit_checklists(session, root), version, calendar, now).diff()


def apply_version(
    session: Session,
    root: Campaign,
    version: TemplateVersion,
    *,
    expected_fingerprint: str,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> VersionDiff:
    """Change a round as the preview showed and return what was done.

    Applying a version twice changes nothing.

    The number of statements does not depend on the number of units. Raises ``ConflictError`` when
    the preview would differ now.
    """
    require_for_all(session, by, Capability.KEEP_TEMPLATES, now)
    lock_round(session, root)
    checklists = load_unit_checklists(session, root, lock=True)
    _require_fitting(session, root, version, now)
    comparison = Comparison(session, checklists, version, calendar, now)
    diff = comparison.diff()
    if diff.is_empty:
        return diff
    expect(expected_fingerprint, diff.fingerprint)
    write(session, diff.lines, stamp=Stamp(by, now))
    if diff.rows:
        session.connection().execute(insert(ChecklistItem), diff.rows)
    _renumber(session, comparison.positions)
    _remember(session, checklists, version)
    return diff


def _require_fitting(
    session: Session, root: Campaign, version: TemplateVersion, now: datetime
) -> None:
    if root.template_id != version.template_id:
        raise ConflictError(N_("This version belongs to another template."))
    if root.parent_id is not None:
        raise ConflictError(
            N_("A version is applied in the campaign at the top, for all units together.")
        )
    require_running(session, root, day_here(session, now))


def _renumber(session: Session, positions: Sequence[dict[str, Any]]) -> None:
    """Bring items into the version's order; the order alone is no change that calendars hear of."""
    if positions:
        statement = update(ChecklistItem).where(ChecklistItem.id == bindparam("item_id"))
        session.connection().execute(
            statement.values(position=bindparam("new_position")), list(positions)
        )


def _remember(
    session: Session, checklists: Sequence[UnitChecklist], version: TemplateVersion
) -> None:
    checklists[0].campaign.round.version = version
    session.flush()
    for checklist in checklists:
        for item in checklist.items.values():
            session.expire(item)
