"""The tables of the room `events`, one module per subject."""

from events.models.campaigns import Campaign, CampaignStatus, ChecklistItem, TodoStatus
from events.models.feeds import FeedSnapshot
from events.models.history import Change
from events.models.observances import (
    CalendarDay,
    DecidedYear,
    Observance,
    ObservanceOccurrence,
    ObservanceStatus,
    ProposedHoliday,
    Theme,
    TitlePeriod,
)
from events.models.people import Person, Post, Role
from events.models.templates import (
    Anchor,
    Cascade,
    EvidenceType,
    IfNoLevel,
    Phase,
    Template,
    TemplateItem,
    TemplateVersion,
)
from events.models.units import Level, Unit, UnitSuccession

__all__ = [
    "Anchor",
    "CalendarDay",
    "Campaign",
    "CampaignStatus",
    "Cascade",
    "Change",
    "ChecklistItem",
    "DecidedYear",
    "EvidenceType",
    "FeedSnapshot",
    "IfNoLevel",
    "Level",
    "Observance",
    "ObservanceOccurrence",
    "ObservanceStatus",
    "Person",
    "Phase",
    "Post",
    "ProposedHoliday",
    "Role",
    "Template",
    "TemplateItem",
    "TemplateVersion",
    "Theme",
    "TitlePeriod",
    "TodoStatus",
    "Unit",
    "UnitSuccession",
]
