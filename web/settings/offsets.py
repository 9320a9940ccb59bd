"""When an item of a template is due, counted from a day of its campaign, in words: “trước hoạt động
chính 22 ngày”.
"""

from events.models import Anchor
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import ngettext

ANCHORS = {
    Anchor.DAY: _l("the day"),
    Anchor.START: _l("the first day"),
    Anchor.END: _l("the last day"),
    Anchor.EVENT: _l("the main event"),
    Anchor.CUTOFF: _l("the cut-off day"),
    Anchor.PLAN: _l("the day its plan is issued"),
}
_ON = {
    Anchor.DAY: _l("on the day itself"),
    Anchor.START: _l("on the first day"),
    Anchor.END: _l("on the last day"),
    Anchor.EVENT: _l("on the day of the main event"),
    Anchor.CUTOFF: _l("on the cut-off day"),
    Anchor.PLAN: _l("on the day its plan is issued"),
}


def offset_text(anchor: Anchor, first: int, last: int | None = None) -> str:
    """Return when ``first`` days after ``anchor`` are (before, if negative); with ``last``, the
    period from then until those.
    """
    name = ANCHORS[anchor]
    if last is None or last == first:
        return _of_one_day(anchor, first)
    if first < 0 < last:
        return _(
            "from %(first)d days before to %(last)d days after %(anchor)s",
            first=-first,
            last=last,
            anchor=name,
        )
    if first == 0:
        return _("from %(anchor)s to %(last)d days after it", last=last, anchor=name)
    if last == 0:
        return _("from %(first)d days before %(anchor)s to that day", first=-first, anchor=name)
    if last < 0:
        return _(
            "from %(first)d to %(last)d days before %(anchor)s",
            first=-first,
            last=-last,
            anchor=name,
        )
    return _(
        "from %(first)d to %(last)d days after %(anchor)s", first=first, last=last, anchor=name
    )


def _of_one_day(anchor: Anchor, days: int) -> str:
    if days == 0:
        return str(_ON[anchor])
    if days < 0:
        return ngettext(
            "%(num)d day before %(anchor)s",
            "%(num)d days before %(anchor)s",
            -days,
            anchor=ANCHORS[anchor],
        )
    return ngettext(
        "%(num)d day after %(anchor)s",
        "%(num)d days after %(anchor)s",
        days,
        anchor=ANCHORS[anchor],
    )
