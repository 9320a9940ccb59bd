"""Every table of the service: importing this module fills the metadata that migrations are compared
with.
"""

from events import models
from events.database.sessions import Base
from notifications.announcements import table as announcements
from notifications.notices import table as notices
from notifications.outbox import pausing, suppression
from notifications.outbox import table as outbox
from notifications.subscribers import table as subscribers
from scheduler.watch import heartbeats, jumps, lead
from web.accounts import models as accounts

ROOMS = (
    models,
    outbox,
    suppression,
    pausing,
    notices,
    subscribers,
    announcements,
    heartbeats,
    jumps,
    lead,
    accounts,
)  # whose import makes the tables

metadata = Base.metadata
