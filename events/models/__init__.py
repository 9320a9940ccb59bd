"""The tables of the room `events`, one module per subject."""

from events.models import marking  # noqa: F401 - it listens
from events.models.activities import Activity, ActivityCredit
from events.models.audit import AuditEntry, AuditKind
from events.models.campaigns import Campaign
from events.models.documents import Document, DocumentChange, DocumentKind
from events.models.feed_tokens import FeedScope, FeedToken
from events.models.feeds import Feed, FeedMark, FeedStamp
from events.models.history import Change
from events.models.imported import ImportedCalendar, ImportedEvent
from events.models.items import (
    ChecklistItem,
    ClosedBecause,
    Evidence,
    ItemCredit,
    ItemState,
    NotDone,
    TodoStatus,
)
from events.models.observances import (
    CalendarDay,
    DecidedYear,
    LegalBasis,
    Observance,
    ObservanceOccurrence,
    ObservanceStatus,
    ProposedHoliday,
    Theme,
    TitlePeriod,
)
from events.models.offers import PostOffer
from events.models.office import Office
from events.models.people import Duty, Person, Post, Role
from events.models.reforms import CalendarDecision, PostProposal, Reform, ReformKind
from events.models.reminders import ItemKind, ReminderRule
from events.models.rounds import CampaignStatus, Round
from events.models.start_lines import StartLine
from events.models.templates import (
    Anchor,
    Cascade,
    EvidenceType,
    Needs,
    Phase,
    Template,
    TemplateItem,
    TemplateVersion,
)
from events.models.units import Level, Unit, UnitSuccession

__all__ = [
    "Activity",
    "ActivityCredit",
    "Anchor",
    "AuditEntry",
    "AuditKind",
    "CalendarDay",
    "CalendarDecision",
    "Campaign",
    "CampaignStatus",
    "Cascade",
    "Change",
    "ChecklistItem",
    "ClosedBecause",
    "DecidedYear",
    "Document",
    "DocumentChange",
    "DocumentKind",
    "Duty",
    "Evidence",
    "EvidenceType",
    "Feed",
    "FeedMark",
    "FeedScope",
    "FeedStamp",
    "FeedToken",
    "ImportedCalendar",
    "ImportedEvent",
    "ItemCredit",
    "ItemKind",
    "ItemState",
    "LegalBasis",
    "Level",
    "Needs",
    "NotDone",
    "Observance",
    "ObservanceOccurrence",
    "ObservanceStatus",
    "Office",
    "Person",
    "Phase",
    "Post",
    "PostOffer",
    "PostProposal",
    "ProposedHoliday",
    "Reform",
    "ReformKind",
    "ReminderRule",
    "Role",
    "Round",
    "StartLine",
    "Template",
    "TemplateItem",
    "TemplateVersion",
    "Theme",
    "TitlePeriod",
    "TodoStatus",
    "Unit",
    "UnitSuccession",
]
