"""Hand over what closed units left open: checklist items, planned activities and posts go to the units that follow.

Of the year in which a unit ended everything that is open goes over, the overdue items too: nobody is left in the old unit to do
them. Campaigns of former years stay as they were, unless something in them was due after the last day. Several predecessors give
one item; a split gives it to each part; an item of an abolished level goes where its template's ``if_no_district`` says. Figures
of a day before the hand-over stay: the old items were open then, and the new ones were not there. Every run finds only what a
closed unit still holds, so running it again changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, extract, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from events.activities import credited_campaigns
from events.bequest import Bequest
from events.checklist import MOVED_TO, state_of
from events.database import new_uid
from events.errors import N_, ConflictError, NotFoundError
from events.lineage import Lineage
from events.localtime import local_day
from events.models import (
    Activity,
    ActivityCredit,
    Campaign,
    CampaignStatus,
    Change,
    ChecklistItem,
    IfNoLevel,
    Level,
    NotDone,
    Person,
    Post,
    PostProposal,
    Reform,
    Template,
    TemplateItem,
    TodoStatus,
    Unit,
)
from events.models.campaigns import OPEN
from events.models.history import Door
from events.people import RoleBook, give_post, held, require_post
from events.successions import take_along
from events.units import alive, ancestors

_A_DAY = timedelta(days=1)
_Key = tuple[int, int, str]  # unit, template, period


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Numbers of what went over: items closed in old units, items begun in new ones, items that nobody needs any more.

    ``delegated`` are items of units that go on, but had been given to one that ended.
    """

    closed: int = 0
    begun: int = 0
    dropped: int = 0
    campaigns: int = 0
    posts: int = 0
    activities: int = 0
    delegated: int = 0


def hand_over(session: Session, *, on: date, by: Person | None, now: datetime, door: Door = Door.PAGE) -> HandedOver:
    """Give the open items and planned activities of every unit that ended before ``on`` to its successors, and propose its posts.

    Raises ``ConflictError`` before the day has come: until then the old units still work.
    """
    if on > local_day(now):
        raise ConflictError(N_("The new units begin on %(day)s; their work is handed over then."), day=f"{on:%d/%m/%Y}")
    take_along(session, on)
    items = open_in_closed_units(session, on, lock=True)
    activities = _planned_in_closed_units(session, on)
    delegated = _delegated_to_closed_units(session, on)
    posts = propose_posts(session, on=on, reform=None)
    if not (items or activities or delegated):
        return HandedOver(posts=posts)
    work = _Handover(session, on, by, now, door)
    work.delegate_anew(delegated)
    return replace(work.run(items, activities), posts=posts, delegated=len(delegated))


def hand_over_due(session: Session, *, by: Person | None, now: datetime, door: Door = Door.CLOCK) -> HandedOver:
    """Hand over everything of units that have ended by today, whichever reform ended them. For the clock."""
    return hand_over(session, on=local_day(now), by=by, now=now, door=door)


def open_in_closed_units(session: Session, on: date, *, lock: bool = False) -> Sequence[ChecklistItem]:
    """Return the items that ``hand_over`` would move: open ones of the unit's last year, and of campaigns that outlive it."""
    late = aliased(ChecklistItem)
    outlives = select(late.id).where(late.campaign_id == Campaign.id, late.status.in_(OPEN), late.due > Unit.valid_to)
    runs = or_(Campaign.year >= extract("year", Unit.valid_to), outlives.exists())
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Campaign.unit)
        .where(Unit.valid_to < on, Campaign.status != CampaignStatus.CANCELLED, ChecklistItem.status.in_(OPEN), runs)
        .order_by(ChecklistItem.due, ChecklistItem.id)
        .options(joinedload(ChecklistItem.campaign).joinedload(Campaign.unit))
        .execution_options(populate_existing=True)
    )
    return session.scalars(query.with_for_update(of=ChecklistItem) if lock else query).all()


def propose_posts(session: Session, *, on: date, reform: Reform | None) -> int:
    """End the posts of units that ended before ``on`` and propose them in the successors; return how many are proposed.

    A person who held the same role in two merged units is proposed once. ``reform`` remembers until when the posts were to be held.
    """
    lineage, book = Lineage.load(session, on), RoleBook.load(session)
    proposals = session.scalars(select(PostProposal)).all()
    known = {(row.person_id, row.unit_id, row.role_key) for row in proposals}
    asked = {row.from_post_id for row in proposals}
    lasts: dict[str, str | None] = {}
    count = 0
    for post in _posts_of_closed_units(session, on):
        last = post.unit.valid_to
        assert last is not None
        if post.valid_to is None or post.valid_to > last:
            lasts[str(post.id)] = post.valid_to.isoformat() if post.valid_to else None
            post.valid_to = last
        for heir in lineage.heirs(post.unit_id) if post.id not in asked else ():
            role = book.of_copy(post.role_key, lineage.kin[heir].level, on)
            if (post.person_id, heir, role) in known:
                continue
            known.add((post.person_id, heir, role))
            values = {"from_post": post, "person_id": post.person_id, "unit_id": heir, "role_key": role}
            session.add(PostProposal(reform_id=reform.id if reform else None, valid_from=last + _A_DAY, **values))
            count += 1
    if reform is not None:
        reform.detail = {**reform.detail, "posts": lasts}
    session.flush()
    return count


def waiting_proposals(session: Session, *conditions: ColumnElement[bool]) -> Sequence[PostProposal]:
    """Return the proposals that nobody has decided yet and that meet ``conditions``, in the order of units."""
    load = (
        joinedload(PostProposal.person),
        joinedload(PostProposal.role),
        joinedload(PostProposal.unit),
        joinedload(PostProposal.from_post).joinedload(Post.unit),
    )
    query = select(PostProposal).join(PostProposal.unit).where(PostProposal.confirmed.is_(None), *conditions)
    return session.scalars(query.options(*load).order_by(Unit.position, PostProposal.id)).all()


def number_waiting(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Return how many proposals ``waiting_proposals`` would give."""
    query = select(func.count()).select_from(PostProposal).where(PostProposal.confirmed.is_(None), *conditions)
    return session.scalar(query) or 0


def decided_by(person: Person, on: date) -> ColumnElement[bool]:
    """Return the condition that a post of ``person`` on the day ``on`` allows to decide a proposal: one above its unit."""
    posts = select(Post.unit_id).where(Post.person_id == person.id, held(on))
    is_own_root = Unit.parent_id.is_(None) & Unit.id.in_(posts)
    below = select(Unit.id).where(Unit.parent_id.in_(posts) | is_own_root).cte("below_posts", recursive=True)
    child = aliased(Unit)
    below = below.union(select(child.id).join(below, child.parent_id == below.c.id))
    return PostProposal.unit_id.in_(select(below.c.id))


def decide_proposal(
    session: Session, proposal_id: int, *, confirm: bool, by: Person, now: datetime, as_administrator: bool = False
) -> PostProposal:
    """Confirm or decline a proposed post. Deciding the same way twice changes nothing.

    Raises ``NotAllowedError`` unless ``by`` administers the service or holds a post above the unit, ``ConflictError`` when
    somebody else decided otherwise.
    """
    proposal = session.get(PostProposal, proposal_id, with_for_update=True, populate_existing=True)
    if proposal is None:
        raise NotFoundError(N_("There is no such proposal."))
    if not as_administrator:
        above = ancestors(proposal.unit)
        require_post(session, by, above[0] if above else proposal.unit, local_day(now))
    if proposal.confirmed is None:
        proposal.decided, proposal.decided_by, proposal.confirmed = now, by, confirm
        if confirm:
            give_post(session, proposal.person, proposal.unit, proposal.role_key, since=proposal.valid_from)
    elif proposal.confirmed != confirm:
        raise ConflictError(N_("Somebody has already decided on the post of %(person)s."), person=proposal.person.full_name)
    return proposal


def _posts_of_closed_units(session: Session, on: date) -> Sequence[Post]:
    """Return the posts that were held on the last day of a unit that ended before ``on``."""
    to_the_end = or_(Post.valid_to.is_(None), Post.valid_to >= Unit.valid_to)
    begun = or_(Post.valid_from.is_(None), Post.valid_from <= Unit.valid_to)
    query = select(Post).join(Post.unit).where(Unit.valid_to < on, to_the_end, begun).options(joinedload(Post.unit))
    return session.scalars(query.order_by(Post.id)).all()


def _planned_in_closed_units(session: Session, on: date) -> list[Activity]:
    """Return the activities of units that ended before ``on`` which take place, perhaps once more, after their last day."""
    to_come = or_(Activity.dtstart > Unit.valid_to, Activity.weekly_until > Unit.valid_to)  # the last day itself among them
    stands = (Activity.status != CampaignStatus.CANCELLED, Campaign.status != CampaignStatus.CANCELLED)
    query = select(Activity).join(Activity.campaign).join(Campaign.unit).where(Unit.valid_to < on, to_come, *stands)
    load = joinedload(Activity.campaign).joinedload(Campaign.unit)
    found = session.scalars(query.order_by(Activity.id).options(load).with_for_update(of=Activity)).all()
    return [activity for activity in found if _last_day(activity) > (activity.campaign.unit.valid_to or on)]


def _last_day(activity: Activity) -> date:
    return max(local_day(activity.dtstart), activity.weekly_until or date.min)


def _delegated_to_closed_units(session: Session, on: date) -> Sequence[ChecklistItem]:
    """Return the open items of living units that were given to a unit below which ended before ``on``."""
    doer = aliased(Unit)
    query = select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.unit).join(doer, ChecklistItem.delegate_unit)
    gone = (alive(on), doer.valid_to < on, ChecklistItem.status.in_(OPEN), Campaign.status != CampaignStatus.CANCELLED)
    load = (joinedload(ChecklistItem.campaign), joinedload(ChecklistItem.delegate_unit))
    return session.scalars(query.where(*gone).order_by(ChecklistItem.id).options(*load).with_for_update(of=ChecklistItem)).all()


def _lock_openers(session: Session, closed: Iterable[Campaign]) -> None:
    """Keep the opener of campaigns away: both may begin the same round in the same unit."""
    ids = {campaign.template_id for campaign in closed}
    session.execute(select(Template.id).where(Template.id.in_(ids)).order_by(Template.id).with_for_update())


class _Handover:
    """One run: the rows it reads once, and what it has begun so far."""

    def __init__(self, session: Session, on: date, by: Person | None, now: datetime, door: Door) -> None:
        self._session, self._on, self._by, self._now, self._door = session, on, by, now, door
        self._lineage = Lineage.load(session, on)
        self._book = RoleBook.load(session)
        self._levels = {level.key: level.title_vi for level in session.scalars(select(Level))}
        self._campaigns: dict[_Key, Campaign] = {}
        self._keys: dict[int, set[str]] = {}
        self._items: dict[tuple[int, str], ChecklistItem] = {}  # by campaign id and key, those looked at in this run
        self._bequest = Bequest(session, self._lineage, on)
        self._new_campaigns: list[tuple[Campaign, Campaign]] = []
        self._before: dict[_Key, list[Campaign]] = defaultdict(list)  # by the unit that does their work now
        self._rules: dict[tuple[int, str], IfNoLevel] = {}
        self._covered: dict[tuple[int, str], set[tuple[int, str]]] = defaultdict(set)

    def run(self, items: Sequence[ChecklistItem], activities: Sequence[Activity]) -> HandedOver:
        closed = {item.campaign for item in items} | {activity.campaign for activity in activities}
        _lock_openers(self._session, closed)
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
        self._nest()
        self._session.flush()
        self._bequest.link(self._campaigns)
        for item, targets in zip(items, targets_of, strict=True):
            self._close(item, targets)
        self._session.flush()
        dropped = sum(not targets for targets in targets_of)
        return HandedOver(len(items), begun, dropped, len(self._new_campaigns), activities=moved)

    def delegate_anew(self, items: Iterable[ChecklistItem]) -> None:
        """Have items done by the one unit that follows the one they were given to, or by their own unit again."""
        for item in items:
            assert item.delegate_unit is not None
            doer = self._bequest.doer_below(item.delegate_unit.id, item.campaign.unit_id)
            before = {"delegate": item.delegate_unit.full_name}
            item.delegate_unit = None if doer is None else self._session.get_one(Unit, doer)
            item.touch(self._now)
            self._record(item, before, {"delegate": item.delegate_unit.full_name if item.delegate_unit else None})
        self._session.flush()

    def _read(self, closed: Iterable[Campaign]) -> None:
        """Read the rounds' campaigns, their items' keys, and where items of an abolished level go."""
        session, templates = self._session, {campaign.template_id for campaign in closed}
        for campaign in session.scalars(select(Campaign).where(Campaign.template_id.in_(templates))):
            self._campaigns[(campaign.unit_id, campaign.template_id, campaign.period)] = campaign
            for heir in self._lineage.heirs(campaign.unit_id):
                self._before[(heir, campaign.template_id, campaign.period)].append(campaign)
        rounds = {campaign.id: campaign for campaign in self._campaigns.values()}
        query = select(ChecklistItem.campaign_id, ChecklistItem.key).join(ChecklistItem.campaign)
        for campaign_id, key in session.execute(query.where(Campaign.template_id.in_(templates))):
            self._keys.setdefault(campaign_id, set()).add(key)
            campaign = rounds[campaign_id]
            for heir in self._lineage.heirs(campaign.unit_id):
                self._covered[(campaign.template_id, campaign.period)].add((heir, key))
        versions = {campaign.version_id for campaign in closed}
        rules = select(TemplateItem.version_id, TemplateItem.key, TemplateItem.if_no_district)
        for version_id, key, rule in session.execute(rules.where(TemplateItem.version_id.in_(versions))):
            self._rules[(version_id, key)] = rule

    def _instead(self, item: ChecklistItem) -> list[int]:
        """Return the units that take an item of a unit without successor. What a unit added itself goes to the unit above."""
        unit_id = item.campaign.unit_id
        rule = self._rules.get((item.campaign.version_id, item.key))
        if rule is None:
            above = self._lineage.stand_in(unit_id)
            return [] if above is None else [above]
        if rule is IfNoLevel.DROP:
            return []
        near = [*self._lineage.above(unit_id), *self._lineage.below(unit_id)]
        kin = [one for one in near if self._lineage.kin[one].level == rule.value]
        return list(dict.fromkeys(heir for one in kin for heir in self._lineage.heirs(one)))

    def _not_covered(self, item: ChecklistItem, targets: Iterable[int]) -> list[int]:
        """Leave out the units that have, or whose predecessors had, this very item themselves."""
        covered = self._covered[(item.campaign.template_id, item.campaign.period)]
        return [target for target in targets if (target, item.key) not in covered]

    def _begin(self, old: ChecklistItem, unit_id: int) -> bool:
        """Begin the item in the successor's campaign, or add to what it has there already; tell whether it is new."""
        campaign = self._campaign(old.campaign, unit_id)
        known = self._known(campaign, old.key)
        item = known or self._new(old, campaign, unit_id)
        before = state_of(item)
        came_with = self._bequest.pass_on(old, item)
        after = state_of(item)
        whence = {"moved_from": old.campaign.unit.full_name, "moved_from_item": old.id, "due": item.due.isoformat()}
        self._record(item, before if known and before != after else {}, after | whence | came_with)
        return known is None

    def _move(self, activity: Activity) -> bool:
        """Give a planned activity, with its UID, to the successor; its old campaign and those of other parts go on showing it."""
        old = activity.campaign
        above = self._lineage.stand_in(old.unit_id)
        heirs = self._lineage.heirs(old.unit_id) or ([] if above is None else [above])
        if not heirs:
            return False
        shared = credited_campaigns(self._session, activity)
        activity.campaign, *others = [self._campaign(old, heir) for heir in heirs]
        activity.touch(self._now)
        again = (self._campaigns.get((heirs[0], campaign.template_id, campaign.period)) for campaign in shared)
        others += [campaign for campaign in again if campaign is not None]
        self._session.add_all(ActivityCredit(activity=activity, campaign=other) for other in (old, *others))
        return True

    def _known(self, campaign: Campaign, key: str) -> ChecklistItem | None:
        """Return the campaign's item with this key: begun in this run, or there before."""
        if (campaign.id, key) not in self._items and key in self._keys.get(campaign.id, ()):
            query = select(ChecklistItem).where(ChecklistItem.campaign_id == campaign.id, ChecklistItem.key == key)
            self._items[campaign.id, key] = self._session.scalars(query).one()
        return self._items.get((campaign.id, key))

    def _new(self, old: ChecklistItem, campaign: Campaign, unit_id: int) -> ChecklistItem:
        level = self._lineage.kin[unit_id].level
        support = [self._book.in_force(key, self._on) for key in old.support_roles]
        item = ChecklistItem(
            uid=new_uid(),
            campaign=campaign,
            role_key=self._book.of_copy(old.role_key, level, self._on),
            support_roles=list(dict.fromkeys(support)),
            status=TodoStatus.NEEDS_ACTION,
            created=self._now,
            last_modified=self._now,
            **{name: getattr(old, name) for name in _CARRIED},
        )
        self._session.add(item)
        self._items[campaign.id, old.key] = item
        return item

    def _campaign(self, old: Campaign, unit_id: int) -> Campaign:
        """Return the successor's campaign of the same round, with those above it; opened now if it has none."""
        key = unit_id, old.template_id, old.period
        if key in self._campaigns:
            return self._campaigns[key]
        parent_id = self._lineage.kin[unit_id].parent_id
        values = {name: getattr(old, name) for name in _SAME_ROUND} | self._words(key)
        campaign = Campaign(
            uid=new_uid(),
            unit_id=unit_id,
            parent=self._campaign(old, parent_id) if parent_id is not None else None,
            owner_role_key=self._book.in_force(old.owner_role_key, self._on),
            created=self._now,
            last_modified=self._now,
            **values,
        )
        self._session.add(campaign)
        self._session.flush()
        self._campaigns[key] = campaign
        self._new_campaigns.append((campaign, old))
        return campaign

    def _words(self, key: _Key) -> dict[str, Any]:
        """Return the theme and slogans of their own that all predecessors' campaigns agree on; else those of the year hold."""
        own = [{"theme": campaign.theme, "slogans": campaign.slogans} for campaign in self._before[key]]
        return own[0] if own and all(other == own[0] for other in own) else {}

    def _nest(self) -> None:
        """Put the new campaigns inside the successor's campaign that contains them, as their predecessors were."""
        for new, old in self._new_campaigns:
            if old.outer is not None:
                new.outer = self._campaigns.get((new.unit_id, old.outer.template_id, old.outer.period))

    def _close(self, item: ChecklistItem, targets: Sequence[int]) -> None:
        before = state_of(item)
        item.status, item.not_done, item.blocked = TodoStatus.CANCELLED, NotDone.NOT_REQUIRED, None
        item.reason = self._reason(item, targets)
        item.touch(self._now)
        self._record(item, before, state_of(item) | {MOVED_TO: self._bequest.went_to(item)})

    def _reason(self, item: ChecklistItem, targets: Sequence[int]) -> str:
        if not targets:
            return f"{self._levels[item.campaign.unit.level_key]} không còn"
        if len(targets) > _NAMED:
            return f"chuyển cho {len(targets)} đơn vị {self._levels[self._lineage.kin[targets[0]].level].lower()}"
        return f"chuyển cho {', '.join(self._lineage.kin[target].full_name for target in targets)}"

    def _record(self, item: ChecklistItem, before: dict[str, Any], after: dict[str, Any]) -> None:
        state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
        who = {"by": self._by, "by_name": self._by.full_name if self._by else None, "door": self._door}
        self._session.add(
            Change(at=self._now, item=item, before=before, after=after, blocked=item.blocked is not None, **who, **state)
        )


_NAMED = 3  # units a reason names; a district's item may go to twenty communes
_SAME_ROUND = ("template_id", "period", "observance_id", "version_id", "year", "summary", "opens", "dtstart", "dtend", "event_date")
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
)
