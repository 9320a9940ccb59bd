"""The sections of a morning mail about campaigns that opened and activities that take place."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from events.calendars.single import invitation
from events.calendars.view import View
from events.models import Activity, Campaign, Round
from notifications.letters.desk import Desk, Line, Named, Section
from notifications.letters.wording import hour_of, short_day
from notifications.notices.table import NoticeKind


def opened(desk: Desk, rows: Sequence[Any], named: Named) -> Iterator[Section]:
    _ = desk.words.gettext
    ids = [row.Notice.about_id for row in rows]
    query = select(Campaign).join(Campaign.round).where(Campaign.id.in_(ids))
    query = query.options(joinedload(Campaign.unit))
    lines = [
        Line(
            named(one.summary),
            (one.unit.full_name,),
            short_day(one.dtstart, desk.language),
            url=f"{desk.public_url}/chien-dich/{one.uid}",
            day=short_day(one.dtstart, desk.language),
        )
        for one in desk.session.scalars(query.order_by(Round.dtstart, Campaign.id))
    ]
    if lines:
        opening = _("Opened: %(what)s, from %(day)s")
        yield Section.of(NoticeKind.OPENED, _("Campaigns that opened"), lines, opening=opening)


def invited(desk: Desk, rows: Sequence[Any], _named: Named) -> Iterator[Section]:
    _ = desk.words.gettext
    lines = [_of_activity(desk, one) for one in _activities(desk, rows)]
    if lines:
        opening = _("Invitation: %(what)s, %(day)s")
        yield Section.of(NoticeKind.INVITED, _("Invitations"), lines, opening=opening)


def _of_activity(desk: Desk, activity: Activity) -> Line:
    _, starts = desk.words.gettext, activity.dtstart.astimezone(desk.zone)
    is_off = activity.is_cancelled
    when = hour_of(starts, desk.language)
    return Line(
        activity.summary,
        (
            " · ".join(
                filter(
                    None,
                    (activity.location, activity.organizer or activity.campaign.unit.full_name),
                )
            ),
        ),
        _("called off: %(when)s") % {"when": when} if is_off else when,
        is_off,
        f"{desk.public_url}/hoat-dong/{activity.uid}",
        when,
    )


def _activities(desk: Desk, rows: Sequence[Any]) -> Sequence[Activity]:
    ids = {row.Notice.about_id for row in rows}
    query = (
        select(Activity)
        .where(Activity.id.in_(ids))
        .options(joinedload(Activity.campaign).joinedload(Campaign.unit))
    )
    return desk.session.scalars(query.order_by(Activity.dtstart, Activity.id)).all()


def invitation_of(desk: Desk, rows: Sequence[Any]) -> bytes | None:
    activities = _activities(desk, rows) if rows else ()
    if not activities:
        return None
    return invitation(activities, View(desk.today, desk.public_url, desk.language), desk.zone)
