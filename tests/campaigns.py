"""Campaigns made by hand, each in a round of its own."""

from typing import Any

from sqlalchemy import inspect

from events.models import Campaign, Round

_OF_BOTH = {"created", "last_modified"}
_OF_CAMPAIGN = {"id", "sequence"}


def a_campaign(**values: Any) -> Campaign:
    """Return a campaign with a round of its own; each value goes to whichever of them has it."""
    names = set(inspect(Round).attrs.keys()) - _OF_CAMPAIGN
    of_round = {name: value for name, value in values.items() if name in names}
    own = {name: value for name, value in values.items() if name in _OF_BOTH or name not in names}
    return Campaign(round=Round(**of_round), **own)
