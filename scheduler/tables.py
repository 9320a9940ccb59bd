"""Every table of the service: importing this module fills the metadata that migrations are compared with."""

import web.accounts.models  # noqa: F401 - the four imports are the point
from events.database import Base

metadata = Base.metadata
