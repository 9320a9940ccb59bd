"""The campaigns in which units that follow others go on with their rounds: those that they have,
and those begun for them.
"""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.database.sessions import new_uid
from events.installation import domain_of
from events.models import Campaign
from events.people.roles import RoleBook
from events.units.lineage import Lineage

_Key = tuple[int, int]  # unit, round


class SuccessorCampaigns:
    """One run's campaigns by unit and round; ``begun`` are the new ones, each with the
    one in whose place it stands.
    """

    def __init__(
        self, session: Session, lineage: Lineage, book: RoleBook, on: date, stamp: Stamp
    ) -> None:
        self._session, self._lineage, self._book = session, lineage, book
        self._on, self._stamp = on, stamp
        self.known: dict[_Key, Campaign] = {}
        self.begun: list[tuple[Campaign, Campaign]] = []
        # by the unit that does their work now
        self._before: dict[_Key, list[Campaign]] = defaultdict(list)

    def know(self, campaign: Campaign) -> None:
        """Take a campaign of a round that goes over into account."""
        self.known[campaign.unit_id, campaign.round_id] = campaign
        for heir in self._lineage.heirs(campaign.unit_id):
            self._before[heir, campaign.round_id].append(campaign)

    def of(self, old: Campaign, unit_id: int) -> Campaign:
        """Return the successor's campaign of the same round, with those above it; opened now if it
        has none.
        """
        key = unit_id, old.round_id
        if key in self.known:
            return self.known[key]
        parent_id = self._lineage.kin[unit_id].parent_id
        campaign = Campaign(
            uid=new_uid(domain_of(self._session)),
            round=old.round,
            unit_id=unit_id,
            parent=self.of(old, parent_id) if parent_id is not None else None,
            owner_role_key=self._book.in_force(old.owner_role_key, self._on),
            created=self._stamp.now,
            last_modified=self._stamp.now,
            **self._words(key),
        )
        self._session.add(campaign)
        self._session.flush()
        self.known[key] = campaign
        self.begun.append((campaign, old))
        return campaign

    def nest(self) -> None:
        """Put the new campaigns inside the successor's campaign that contains them, as their
        predecessors were.
        """
        for new, old in self.begun:
            if old.outer is not None:
                new.outer = self.known.get((new.unit_id, old.outer.round_id))

    def _words(self, key: _Key) -> dict[str, Any]:
        """Return the theme and slogans of their own that all predecessors' campaigns agree on; else
        those of the year hold.
        """
        own = [
            {"theme": campaign.theme, "slogans": campaign.slogans} for campaign in self._before[key]
        ]
        return own[0] if own and all(other == own[0] for other in own) else {}
