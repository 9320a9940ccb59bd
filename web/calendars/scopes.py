"""What an own calendar may show, in the words of its owner."""

from collections.abc import Mapping

from events.models import FeedScope
from web.kit.language import lazy_gettext as _l

SCOPES: Mapping[FeedScope, str] = {
    FeedScope.MINE: _l("What I am in charge of"),
    FeedScope.UNIT: _l("All work of my unit"),
    FeedScope.SUBTREE: _l("All work of my unit and of the units below"),
    FeedScope.LEADER: _l("For leaders: campaigns and open activities of the units below"),
}
