"""The way to what is decided for the whole installation, for those who may."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from events.campaigns.upkeep import what_to_see_to
from events.people.rights import Capability, NotAllowedHereError
from web.kit.context import get_session, now
from web.kit.language import current
from web.kit.language import lazy_gettext as _l
from web.kit.visibility import allowed
from web.units.proposals import number_to_decide

bp = Blueprint("admin", __name__)

# endpoint, what it takes, name, what it is for
_ROOMS = [
    (
        "keeping.index",
        Capability.KEEP_OBSERVANCES,
        _l("Observances and kinds"),
        _l("Which days and kinds of campaigns are kept here, their themes."),
    ),
    (
        "templates.index",
        Capability.KEEP_TEMPLATES,
        _l("Templates"),
        _l("What campaigns are made from: items, days before and after, versions."),
    ),
    (
        "decisions.index",
        Capability.DECIDE_DAYS_OFF,
        _l("Working calendar"),
        _l("The yearly decisions on Tết and swap days."),
    ),
    (
        "reforms.index",
        Capability.CHANGE_UNITS,
        _l("Changes of units"),
        _l("Merge, split, rename; posts to confirm in the new units."),
    ),
    (
        "first_run.show",
        Capability.SET_UP,
        _l("Installation"),
        _l("The province or city, its committee's name, the sender of mail."),
    ),
    (
        "start_line.show",
        Capability.SET_UP,
        _l("Start line"),
        _l("The day from which this installation is followed; what was due before is no debt."),
    ),
    (
        "roles.index",
        Capability.KEEP_ROLES,
        _l("Roles"),
        _l("Offices and posts of each level: new, renamed, ended."),
    ),
    (
        "audit.index",
        Capability.SET_UP,
        _l("Log"),
        _l("Who signed in or was refused, and who changed posts and rights."),
    ),
    (
        "persons.index",
        Capability.SET_UP,
        _l("Personal data"),
        _l("What is stored of a person: taken along, or erased when they have left."),
    ),
    (
        "backups.show",
        Capability.SET_UP,
        _l("Backups"),
        _l("Which copies of everything there are, and how much room is left."),
    ),
    ("mail.index", Capability.SEE_MAIL, _l("Mail"), _l("What was written to the folder of mails.")),
    (
        "outbox.index",
        Capability.SEE_MAIL,
        _l("Outbox"),
        _l("What waits, was sent or refused, and why; sent again or called off."),
    ),
    (
        "suppressed.index",
        Capability.SEE_MAIL,
        _l("Addresses without mail"),
        _l("Who gets no reminders, since a mail server does not know the address."),
    ),
]


@bp.get("/quan-tri")
def index() -> ResponseReturnValue:
    """List the rooms."""
    rooms = [(room, *words) for room, right, *words in _ROOMS if allowed(right)]
    if not rooms:
        raise NotAllowedHereError
    to_see_to = [one.words(current()) for one in what_to_see_to(get_session(), now=now())]
    return render_template(
        "admin/index.html", rooms=rooms, to_decide=number_to_decide(), to_see_to=to_see_to
    )
