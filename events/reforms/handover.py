"""Hand over what closed units left open: checklist items, planned activities and posts go to the
units that follow.

Of the year in which a unit ended, and early in it of the year before, everything that is open goes
over, the overdue items too: nobody is left in the old unit to do them, and a merger on 1 February
comes before last year's reports are in. Campaigns of years before stay as they were, unless
something in them was due after the last day. What is for reference nobody owes, and it stays.
Several predecessors give one item, due on the last of their days; a split gives it to each part; an
item of an abolished level goes where its template's ``if_no_level`` says. Figures of a day before
the hand-over stay: the old items were open then, and the new ones were not there. Every run finds
only what a closed unit still holds, so running it again changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.activities.planned import credited_campaigns
from events.campaigns.late import copied_dates
from events.checklist.closing_words import Closing
from events.checklist.history import (
    DELEGATE,
    MOVED_FROM,
    MOVED_FROM_ITEM,
    MOVED_TO,
    Stamp,
    frozen,
    state_of,
)
from events.database.sessions import new_uid
from events.errors import N_, ConflictError
from events.installation import day_here, domain_of
from events.locks import lock_templates
from events.models import (
    Activity,
    ActivityCredit,
    Campaign,
    Change,
    ChecklistItem,
    ClosedBecause,
    Level,
    NotDone,
    Person,
    Round,
    TemplateItem,
    TodoStatus,
    Unit,
)
from events.models.campaigns import of_rounds
from events.models.templates import DROP
from events.people.proposed_posts import propose_posts
from events.people.rights import Capability, require_for_all
from events.people.roles import RoleBook
from events.reforms.carried_over import Bequest
from events.reforms.closed_units import (
    delegated_to_closed_units,
    open_in_closed_units,
    planned_in_closed_units,
)
from events.reforms.successor_campaigns import SuccessorCampaigns
from events.reforms.successor_rows import take_along
from events.units.lineage import Lineage, predecessors
from events.units.start_lines import start_line
from events.working_calendar import work_calendar


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Numbers of what went over: items closed in old units, items begun in new ones, items that
    nobody needs any more.

    ``delegated`` are items of units that go on, but had been given to one that ended.
    """

    closed: int = 0
    begun: int = 0
    dropped: int = 0
    campaigns: int = 0
    posts: int = 0
    activities: int = 0
    delegated: int = 0


def hand_over(session: Session, *, on: date, stamp: Stamp) -> HandedOver:
    """Give the open items and planned activities of every unit that ended before ``on`` to its
    successors, and propose its posts.

    Raises ``ConflictError`` before the day has come: until then the old units still work.
    """
    if on > day_here(session, stamp.now):
        raise ConflictError(
            N_("The new units begin on %(day)s; their work is handed over then."),
            day=f"{on:%d/%m/%Y}",
        )
    take_along(session, on)
    # before anything of a round is read: days may be moving, or a version be applied
    _lock_openers(session, on)
    items = open_in_closed_units(session, on, lock=True)
    activities = planned_in_closed_units(session, on)
    delegated = delegated_to_closed_units(session, on)
    posts = propose_posts(session, on=on, reform=None)
    if not (items or activities or delegated):
        return HandedOver(posts=posts)
    work = _Handover(session, on, stamp)
    work.delegate_anew(delegated)
    return replace(work.run(items, activities), posts=posts, delegated=len(delegated))


def hand_over_due(session: Session, *, stamp: Stamp) -> HandedOver:
    """Hand over everything of units that have ended by today, whichever reform ended them.

    For the clock.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    return hand_over(session, on=day_here(session, stamp.now), stamp=stamp)


def _lock_openers(session: Session, on: date) -> None:
    """Keep others away from the rounds that ended units have: the opener may begin the same one in
    the same unit.
    """
    ended = select(Round.template_id).join(Campaign, Campaign.round_id == Round.id)
    lock_templates(session, ended.join(Campaign.unit).where(Unit.valid_to < on))


class _Handover:
    """One run: the rows it reads once, and what it has begun so far."""

    def __init__(self, session: Session, on: date, stamp: Stamp) -> None:
        self._session, self._on, self._stamp = session, on, stamp
        self._lineage = Lineage.load(session, on)
        self._book = RoleBook.load(session)
        self._forebears = predecessors(session)
        self._calendar, self._line = work_calendar(session), start_line(session)
        self._levels = {
            level.key: {"vi": level.title_vi, "en": level.title_en}
            for level in session.scalars(select(Level))
        }
        self._campaigns = SuccessorCampaigns(session, self._lineage, self._book, on, stamp)
        self._keys: dict[int, set[str]] = {}
        # by campaign id and key, those looked at in this run
        self._items: dict[tuple[int, str], ChecklistItem] = {}
        self._gave_identity: set[int] = set()  # items whose UID went over already
        self._bequest = Bequest(session, self._lineage, on)
        self._rules: dict[tuple[int, str], str] = {}
        self._covered: dict[int, set[tuple[int, str]]] = defaultdict(set)

    def run(self, items: Sequence[ChecklistItem], activities: Sequence[Activity]) -> HandedOver:
        closed = {item.campaign for item in items} | {activity.campaign for activity in activities}
        self._read(closed)
        begun = 0
        targets_of: list[Sequence[int]] = []
        for item in items:
            heirs = self._lineage.heirs(item.campaign.unit_id)
            targets: Sequence[int] = heirs or self._instead(item)
            targets_of.append(targets)
            for target in targets if heirs else self._not_covered(item, targets):
                begun += self._begin(item, target)
        moved = sum(self._move(activity) for activity in activities)
        self._campaigns.nest()
        self._session.flush()
        self._bequest.link(self._campaigns.known, self._record)
        for item, targets in zip(items, targets_of, strict=True):
            self._close(item, targets)
        self._session.flush()
        dropped = sum(not targets for targets in targets_of)
        return HandedOver(len(items), begun, dropped, len(self._campaigns.begun), activities=moved)

    def delegate_anew(self, items: Iterable[ChecklistItem]) -> None:
        """Have items done by the one unit that follows the one they were given to, or by their own
        unit again.
        """
        for item in items:
            assert item.delegate_unit is not None
            doer = self._bequest.doer_below(item.delegate_unit.id, item.campaign.unit_id)
            before = {DELEGATE: item.delegate_unit.full_name}
            item.delegate_unit = None if doer is None else self._session.get_one(Unit, doer)
            item.touch(self._stamp.now)
            self._record(
                item,
                before,
                {DELEGATE: item.delegate_unit.full_name if item.delegate_unit else None},
            )
        self._session.flush()

    def _read(self, closed: Iterable[Campaign]) -> None:
        """Read the rounds' campaigns, their items' keys, and where items of an abolished level
        go.
        """
        session, templates = self._session, {campaign.template_id for campaign in closed}
        theirs = of_rounds(Round.template_id.in_(templates))
        fresh = select(Campaign).where(theirs).execution_options(populate_existing=True)
        for campaign in session.scalars(fresh):
            self._campaigns.know(campaign)
        rounds = {campaign.id: campaign for campaign in self._campaigns.known.values()}
        query = select(ChecklistItem.campaign_id, ChecklistItem.key).join(ChecklistItem.campaign)
        for campaign_id, key in session.execute(query.where(theirs)):
            self._keys.setdefault(campaign_id, set()).add(key)
            campaign = rounds[campaign_id]
            for heir in self._lineage.heirs(campaign.unit_id):
                self._covered[campaign.round_id].add((heir, key))
        versions = {campaign.version_id for campaign in closed}
        rules = select(TemplateItem.version_id, TemplateItem.key, TemplateItem.if_no_level)
        for version_id, key, rule in session.execute(
            rules.where(TemplateItem.version_id.in_(versions))
        ):
            self._rules[(version_id, key)] = rule

    def _instead(self, item: ChecklistItem) -> list[int]:
        """Return the units that take an item of a unit without successor.

        What a unit added itself goes to the unit above.
        """
        unit_id = item.campaign.unit_id
        rule = self._rules.get((item.campaign.version_id, item.key))
        if rule is None:
            above = self._lineage.stand_in(unit_id)
            return [] if above is None else [above]
        if rule == DROP:
            return []
        near = [*self._lineage.above(unit_id), *self._lineage.below(unit_id)]
        kin = [one for one in near if self._lineage.kin[one].level == rule]
        return list(dict.fromkeys(heir for one in kin for heir in self._lineage.heirs(one)))

    def _not_covered(self, item: ChecklistItem, targets: Iterable[int]) -> list[int]:
        """Leave out the units that have, or whose predecessors had, this very item themselves."""
        covered = self._covered[item.campaign.round_id]
        return [target for target in targets if (target, item.key) not in covered]

    def _begin(self, old: ChecklistItem, unit_id: int) -> bool:
        """Begin the item in the successor's campaign, or add to what it has there already; tell
        whether it is new.
        """
        campaign = self._campaigns.of(old.campaign, unit_id)
        known = self._known(campaign, old.key)
        item = known or self._new(old, campaign, unit_id)
        before = state_of(item)
        if item.for_reference and not old.for_reference:
            item.followed_from = old.followed_from  # one of the units that went into this owed it
            for name, value in self._dates(old, campaign, unit_id).items():
                setattr(item, name, value)
        came_with = self._bequest.pass_on(old, item)
        after = state_of(item)
        whence = {
            MOVED_FROM: old.campaign.unit.full_name,
            MOVED_FROM_ITEM: old.id,
            "due": item.due.isoformat(),
        }
        self._record(item, before if known and before != after else {}, after | whence | came_with)
        return known is None

    def _move(self, activity: Activity) -> bool:
        """Give a planned activity, with its UID, to the successor; its old campaign and those of
        other parts go on showing it.
        """
        old = activity.campaign
        above = self._lineage.stand_in(old.unit_id)
        heirs = self._lineage.heirs(old.unit_id) or ([] if above is None else [above])
        if not heirs:
            return False
        shared = credited_campaigns(self._session, activity)
        activity.campaign, *others = [self._campaigns.of(old, heir) for heir in heirs]
        activity.touch(self._stamp.now)
        again = (self._campaigns.known.get((heirs[0], campaign.round_id)) for campaign in shared)
        others += [campaign for campaign in again if campaign is not None]
        self._session.add_all(
            ActivityCredit(activity=activity, campaign=other) for other in (old, *others)
        )
        return True

    def _known(self, campaign: Campaign, key: str) -> ChecklistItem | None:
        """Return the campaign's item with this key: begun in this run, or there before."""
        if (campaign.id, key) not in self._items and key in self._keys.get(campaign.id, ()):
            query = select(ChecklistItem).where(
                ChecklistItem.campaign_id == campaign.id, ChecklistItem.key == key
            )
            self._items[campaign.id, key] = self._session.scalars(query).one()
        return self._items.get((campaign.id, key))

    def _new(self, old: ChecklistItem, campaign: Campaign, unit_id: int) -> ChecklistItem:
        level = self._lineage.kin[unit_id].level
        support = [self._book.in_force(key, self._on) for key in old.support_roles]
        item = ChecklistItem(
            uid=self._take_identity(old),
            campaign=campaign,
            role_key=self._book.of_copy(old.role_key, level, self._on),
            support_roles=list(dict.fromkeys(support)),
            status=TodoStatus.NEEDS_ACTION,
            created=self._stamp.now,
            last_modified=self._stamp.now,
            **{name: getattr(old, name) for name in _CARRIED} | self._dates(old, campaign, unit_id),
        )
        self._session.add(item)
        self._items[campaign.id, old.key] = item
        return item

    def _take_identity(self, old: ChecklistItem) -> str:
        """Return the UID of an item that goes over, for the first that follows it: calendars know
        the work by it. The old row, which they no longer show, gets another.
        """
        fresh = new_uid(domain_of(self._session))
        if old.id in self._gave_identity:
            return fresh
        self._gave_identity.add(old.id)
        known, old.uid = old.uid, fresh
        self._session.flush()  # two rows never have the same
        return known

    def _dates(self, old: ChecklistItem, campaign: Campaign, unit_id: int) -> dict[str, Any]:
        """Return the dates of an item that a unit takes over which is another one than before:
        nobody begins with a debt.

        What waits for it was taken over before it, and holds it.
        """
        if self._is_the_same(old.campaign.unit_id, unit_id):
            return {"born": old.born}
        today = day_here(self._session, self._stamp.now)
        level = self._lineage.kin[unit_id].level
        dates = copied_dates(old, self._line, self._calendar, today, level)
        waiting = [
            item.due
            for (campaign_id, _key), item in self._items.items()
            if campaign_id == campaign.id and old.key in item.depends_on and item.due >= today
        ]
        return dates | ({"due": min([dates["due"], *waiting])} if "due" in dates else {})

    def _is_the_same(self, old_id: int, new_id: int) -> bool:
        """Tell whether a unit only goes on under another name, or in another place."""
        forebears = self._forebears.get(new_id, ())
        return list(forebears) == [old_id] and list(self._lineage.heirs(old_id)) == [new_id]

    def _close(self, item: ChecklistItem, targets: Sequence[int]) -> None:
        before, went_to = state_of(item), self._bequest.went_to(item)
        item.status, item.blocked = TodoStatus.CANCELLED, None
        item.not_done = NotDone.MOVED if went_to else NotDone.NOT_REQUIRED
        closing = self._closing(item, targets)
        item.closed_because, item.closing_facts = closing.because, dict(closing.facts)
        item.touch(self._stamp.now)
        self._record(item, before, state_of(item) | {MOVED_TO: went_to})

    def _closing(self, item: ChecklistItem, targets: Sequence[int]) -> Closing:
        if not targets:
            level = self._levels[item.campaign.unit.level_key]
            return Closing(ClosedBecause.ENDED, {"level": level})
        if len(targets) > _NAMED:
            level = self._levels[self._lineage.kin[targets[0]].level]
            return Closing(ClosedBecause.MOVED, {"count": len(targets), "level": level})
        names = ", ".join(self._lineage.kin[target].full_name for target in targets)
        return Closing(ClosedBecause.MOVED, {"units": names})

    def _record(
        self,
        item: ChecklistItem,
        before: dict[str, Any],
        after: dict[str, Any],
        by: Person | None = None,
    ) -> None:
        by = by or self._stamp.by
        who = {"by": by, "by_name": by.full_name if by else None, "door": self._stamp.door}
        self._session.add(
            Change(at=self._stamp.now, item=item, before=before, after=after, **who, **frozen(item))
        )


_NAMED = 3  # units that are named; a district's item may go to twenty communes
_CARRIED = (
    "key",
    "position",
    "summary",
    "phase_key",
    "dtstart",
    "nominal_due",
    "due",
    "due_reason",
    "weight",
    "required",
    "evidence",
    "evidence_min",
    "without_evidence",
    "depends_on",
    "is_own",
    "edited",
    "followed_from",
)
