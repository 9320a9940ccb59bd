"""A page in between: what is opened late is named, with the days it gets, before it is opened."""

from collections.abc import Callable, Sequence

from flask import render_template, request

from events.campaigns.opened_late import LateItems, late_if, number_of
from events.database.stale_forms import digest
from events.errors import DomainError, NotNowError
from web.kit.context import writing

_SEEN, _TOKEN = "late_seen", "csrf_token"


def ask_about_late(act: Callable[[], object], back: str) -> str | None:
    """Return the page that names what ``act`` would open late; None where that is nothing, or was
    read and confirmed.

    What ``act`` refuses is refused by whoever does it.
    """
    try:
        with writing() as session:
            late = late_if(session, act)
    except NotNowError:
        raise
    except DomainError:
        return None
    if not late or request.form.get(_SEEN) == _mark(late):
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in (_SEEN, _TOKEN)]
    return render_template(
        "opening/late.html",
        late=late,
        number=number_of(late),
        fields=[*fields, (_SEEN, _mark(late))],
        back=back,
    )


def _mark(late: Sequence[LateItems]) -> str:
    said = [(one.campaign, one.summary, one.level.key, one.due, one.units) for one in late]
    return digest(said)
