"""The shipped catalogue: observances, templates, units and calendar decisions, read from TOML and
checked as a whole.

Everything is checked before anything is stored. The first mistake is reported with its file, its
line, the entry and the reason, because the person who edits these files is an officer and not a
programmer.
"""

from pathlib import Path

from events.catalog.checks import (
    check_calendar,
    check_observances,
    check_reminders,
    check_roles,
    check_templates,
    check_units,
)
from events.catalog.entries import (
    CalendarFile,
    ObservancesFile,
    TemplatesFile,
    UnitsFile,
)
from events.catalog.source_files import SourceFile
from events.catalog.whole import Catalog

SHIPPED = Path(__file__).with_name("data")
FILES = ("units.toml", "templates.toml", "observances.toml", "calendar.toml")


def read_catalog(folder: Path = SHIPPED) -> Catalog:
    """Read and check the four files of ``folder``. Raises ``CatalogError`` for the first
    mistake.
    """
    files = {name: SourceFile.read(folder / name) for name in FILES}
    catalog = Catalog(
        files["units.toml"].parse(UnitsFile),
        files["templates.toml"].parse(TemplatesFile),
        files["observances.toml"].parse(ObservancesFile),
        files["calendar.toml"].parse(CalendarFile),
    )
    check_units(catalog.units, files["units.toml"])
    check_roles(catalog, files["templates.toml"])
    check_observances(catalog, files["observances.toml"])
    check_templates(catalog, files["templates.toml"])
    check_reminders(catalog, files["templates.toml"])
    check_calendar(catalog.calendar, files["calendar.toml"])
    return catalog
