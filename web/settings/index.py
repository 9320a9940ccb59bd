"""The way to what only administrators do."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from events.campaigns.upkeep import what_to_see_to
from web.kit.access import administrators_only
from web.kit.context import get_session, now
from web.kit.language import current
from web.kit.language import lazy_gettext as _l
from web.units.proposals import number_to_decide

bp = Blueprint("admin", __name__)

# endpoint, name, what it is for
_ROOMS = [
    (
        "keeping.index",
        _l("Observances and kinds"),
        _l("Which days and kinds of campaigns are kept here, their themes."),
    ),
    (
        "templates.index",
        _l("Templates"),
        _l("What campaigns are made from: items, days before and after, versions."),
    ),
    ("decisions.index", _l("Working calendar"), _l("The yearly decisions on Tết and swap days.")),
    (
        "reforms.index",
        _l("Changes of units"),
        _l("Merge, split, rename; posts to confirm in the new units."),
    ),
    (
        "first_run.show",
        _l("Installation"),
        _l("The province or city, its committee's name, the sender of mail."),
    ),
    (
        "start_line.show",
        _l("Start line"),
        _l("The day from which this installation is followed; what was due before is no debt."),
    ),
    ("roles.index", _l("Roles"), _l("Offices and posts of each level: new, renamed, ended.")),
    (
        "audit.index",
        _l("Log"),
        _l("Who signed in or was refused, and who changed posts and rights."),
    ),
    (
        "persons.index",
        _l("Personal data"),
        _l("What is stored of a person: taken along, or erased when they have left."),
    ),
    (
        "backups.show",
        _l("Backups"),
        _l("Which copies of everything there are, and how much room is left."),
    ),
    ("mail.index", _l("Mail"), _l("What was written to the folder of mails.")),
]


@bp.get("/quan-tri")
@administrators_only
def index() -> ResponseReturnValue:
    """List the rooms."""
    known = current_app.view_functions
    rooms = [room for room in _ROOMS if room[0] in known]
    to_see_to = [one.words(current()) for one in what_to_see_to(get_session(), now=now())]
    return render_template(
        "admin/index.html", rooms=rooms, to_decide=number_to_decide(), to_see_to=to_see_to
    )
