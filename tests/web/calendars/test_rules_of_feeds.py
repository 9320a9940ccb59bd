"""All calendars of a running instance keep the rules that `sumvay feed check` asks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from events.activities.planned import Plan, add_activity, cancel_activity, change_activity
from events.calendars.check.over_http import check_address
from events.calendars.check.rules import Breach
from events.calendars.check.versions import between
from events.calendars.check.whole import check
from events.calendars.feeds import all_slugs
from events.calendars.fetching import Answer
from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.models import Campaign
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor

HOST = "https://lich.example.org"
A_DAY = timedelta(days=1)
LAUNCH = Plan(
    "Lễ phát động, “Sum vầy”; \\ 👨‍👩‍👧",
    NOON + 10 * A_DAY,
    NOON + 10 * A_DAY + timedelta(hours=2),
    location="Nhà văn hóa, tầng 1",
    organizer="Hội Liên hiệp Phụ nữ",
)


def asking(visitor: Visitor) -> Callable[[str, str, Mapping[str, str]], Answer]:
    """Return how a client asks the application."""

    def ask(url: str, method: str, headers: Mapping[str, str]) -> Answer:
        response = visitor.client.open(
            url, method=method, headers=dict(headers), base_url=HOST, buffered=True
        )
        said = {name.lower(): value for name, value in response.headers}
        return Answer(url, response.status_code, said, response.data, 0.0)

    return ask


def keys(found: list[Breach]) -> set[str]:
    return {one.rule.key for one in found}


def address(slug: str) -> str:
    return f"{HOST}/lich/{slug}.ics"


@pytest.fixture
def launch(session: Session, cast: Cast, opened: Opened) -> str:
    """The UID of a public activity of the commune, beside a weekly one of the province."""
    activity = add_activity(session, opened.commune, LAUNCH, by=cast.thi, now=NOON)
    weekly = replace(LAUNCH, weekly_until=(NOON + 30 * A_DAY).date())
    add_activity(session, opened.province, weekly, by=cast.hoa, now=NOON)
    session.commit()
    return activity.uid


def test_all_calendars_keep_the_rules(
    stranger: Visitor, session: Session, family_day: Campaign, launch: str
):
    for slug in all_slugs(session)[::5]:
        body = stranger.get(f"/lich/{slug}.ics").data
        assert keys(check(body)) == set(), slug


def test_calendars_of_each_kind_are_given_away_as_clients_want_it(
    stranger: Visitor, cast: Cast, launch: str
):
    for slug in (cast.commune.slug, cast.province.slug, "ngay-quoc-te-hanh-phuc"):
        body, found = check_address(address(slug), now=NOON + A_DAY, ask=asking(stranger))

        assert keys(found) == set(), slug
        assert body.count(b"BEGIN:VEVENT") > 1


def test_versions_of_a_calendar_keep_the_rules_around_changes(
    stranger: Visitor, session: Session, clock, cast: Cast, opened: Opened, launch: str
):
    slugs = (cast.commune.slug, cast.province.slug, "ngay-quoc-te-hanh-phuc")

    def tick(now: datetime) -> None:
        opened.item.evidence_min = 0
        complete_item(session, opened.item.id, Stamp(cast.thi, now))

    def move(now: datetime) -> None:
        later = replace(LAUNCH, dtstart=LAUNCH.dtstart + A_DAY, dtend=LAUNCH.dtend + A_DAY)
        change_activity(session, launch, later, by=cast.thi, now=now)

    def cancel(now: datetime) -> None:
        cancel_activity(session, launch, by=cast.thi, now=now)

    before = {slug: stranger.get(f"/lich/{slug}.ics").data for slug in slugs}
    for change in (tick, move, cancel):
        clock.advance(A_DAY)
        change(clock.now)
        session.commit()
        for slug in slugs:
            after = stranger.get(f"/lich/{slug}.ics").data
            found = keys(between(before[slug], after, now=clock.now))
            # no stamp is older than the way of writing, which is of years after this
            assert found - {"modified-stayed"} == set(), (change, slug)
            before[slug] = after
