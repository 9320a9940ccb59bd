"""Every table of the service: importing this module fills the metadata that migrations are compared with."""

from web.accounts import models as accounts

from events import models
from events.database import Base
from notifications import outbox
from scheduler import heartbeats

ROOMS = (models, outbox, heartbeats, accounts)  # whose import makes the tables

metadata = Base.metadata
