"""Databases in memory: to play a year, and to look at something before there is a real one."""

from datetime import datetime

from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.database import sessions as database
from events.database.sessions import SessionFactory
from events.installation import Installation
from scheduler.tables import metadata


def in_memory(installation: Installation | None = None) -> SessionFactory:
    """Return an empty database in memory."""
    engine = database.create_engine("sqlite://")
    metadata.create_all(engine)
    return database.create_session_factory(engine, installation)


def copy_of_catalog(
    catalog: Catalog, now: datetime, installation: Installation | None = None
) -> SessionFactory:
    """Return a database in memory with a catalogue as shipped."""
    factory = in_memory(installation)
    with factory.begin() as session:
        import_catalog(session, catalog, now=now)
    return factory
