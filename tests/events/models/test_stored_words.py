"""Words that rows hold: another word in the code would make those of before unreadable."""

from enum import StrEnum

import pytest

from events.days.reasons import Cause
from events.days.workdays import DecisionStatus, Shift
from events.models import (
    Anchor,
    CampaignStatus,
    Cascade,
    ClosedBecause,
    NotDone,
    ObservanceStatus,
    TodoStatus,
)
from events.models.documents import DocumentKind
from events.models.history import Door
from events.models.reforms import ReformKind
from events.models.reminders import ItemKind
from events.models.templates import Needs, VersionSource
from notifications.notices.table import NoticeKind, NoticeState
from notifications.outbox.table import MessageKind, MessageState

WORDS = {
    Anchor: "day start end event cutoff plan",
    CampaignStatus: "TENTATIVE CONFIRMED CANCELLED",
    Cascade: "each one",
    Cause: (
        "weekend holiday tet in-lieu-of in-lieu swap substitute "
        "decided worked-for worked outside-tet waits late-plan late-opening other"
    ),
    ClosedBecause: "person not-chosen version stand-in whole parts taken-back moved ended",
    DecisionStatus: "enacted announced dropped",
    DocumentKind: "plan letter decision notice report minutes other",
    Door: "page mail-link command clock",
    MessageKind: (
        "reminder sign_in trial password post_offer subscribe public_news operator announcement"
    ),
    MessageState: "ready leased sending sent failed suppressed cancelled expired unknown bounced",
    ItemKind: "usual the-day summing-up",
    Needs: "reference file picture address head_count number words nothing",
    NotDone: "not-done not-required moved",
    NoticeKind: "reminder late assigned moved blocked opened invited week month",
    NoticeState: "planned collapsed cancelled",
    ObservanceStatus: "core linked optional own",
    ReformKind: "merge split rename abolish move found",
    Shift: "prev next none",
    TodoStatus: "NEEDS-ACTION IN-PROCESS COMPLETED CANCELLED",
    VersionSource: "file progress",
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_rows_of_before_are_still_understood(kind: type[StrEnum]):
    assert {word.value for word in kind} == set(WORDS[kind].split())
