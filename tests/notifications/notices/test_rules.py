"""Rules of reminders are data: the catalogue's, and a unit's own for itself and all below it."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from events.errors import InvalidInputError, NotAllowedError
from events.localtime import VIETNAM
from events.models import ItemKind, ReminderRule
from notifications.notices.foresight import foresee, not_open_yet
from notifications.notices.reminders import write_reminders
from notifications.notices.rules import RuleBook, drop_rule, keep_rule
from notifications.notices.steps import USUAL, Rhythm
from notifications.notices.table import Notice, NoticeKind
from notifications.notices.wishes import Wishes, wish, wishes_by
from tests.conftest import as_shipped

NOW = datetime(2021, 3, 1, 1, 0, tzinfo=UTC)
DAY_BEFORE = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)
QUIET = Rhythm(steps=(-2,), weeks=0, grace=())


def test_the_catalogue_has_a_rule_for_each_kind_of_item(session):
    book = RuleBook.load(session)

    assert book.rhythm(None, 1, ItemKind.USUAL) == USUAL
    assert book.rhythm(None, 1, ItemKind.THE_DAY).steps == (-7, -1, 0, 1)
    assert book.rhythm(None, 1, ItemKind.SUMMING_UP).grace == (2, 3)


def test_the_nearest_unit_with_a_rule_of_its_own_decides(session, cast):
    keep_rule(session, cast.province, ItemKind.USUAL, QUIET, by=cast.hoa, now=NOW)

    book = RuleBook.load(session)
    assert book.rhythm(cast.commune.id, 1, ItemKind.USUAL) == QUIET
    assert book.rhythm(cast.commune.id, 1, ItemKind.SUMMING_UP).grace == (2, 3)

    own = Rhythm(steps=(0,), weeks=1)
    keep_rule(session, cast.commune, ItemKind.USUAL, own, by=cast.hoa, now=NOW)
    book = RuleBook.load(session)
    assert book.rhythm(cast.commune.id, 1, ItemKind.USUAL) == own
    assert book.rhythm(cast.other_commune.id, 1, ItemKind.USUAL) == QUIET

    drop_rule(session, cast.commune, ItemKind.USUAL, by=cast.hoa, now=NOW)
    assert RuleBook.load(session).rhythm(cast.commune.id, 1, ItemKind.USUAL) == QUIET


def test_a_rule_of_a_template_comes_before_one_of_all(session, cast, make_item):
    template = make_item().campaign.template
    keep_rule(session, cast.commune, ItemKind.USUAL, QUIET, template, by=cast.hoa, now=NOW)

    book = RuleBook.load(session)

    assert book.rhythm(cast.commune.id, template.id, ItemKind.USUAL) == QUIET
    assert book.rhythm(cast.commune.id, template.id + 1, ItemKind.USUAL) == USUAL


def test_keeping_the_same_rule_twice_changes_nothing(session, cast):
    for _ in range(2):
        keep_rule(session, cast.commune, ItemKind.USUAL, QUIET, by=cast.hoa, now=NOW)

    own = select(ReminderRule).where(ReminderRule.unit_id == cast.commune.id)
    assert len(session.scalars(own).all()) == 1


def test_who_may_not_may_not(session, cast):
    with pytest.raises(NotAllowedError):
        keep_rule(session, cast.province, ItemKind.USUAL, QUIET, by=cast.thi, now=NOW)
    with pytest.raises(NotAllowedError):
        drop_rule(session, cast.other_commune, ItemKind.USUAL, by=cast.thi, now=NOW)


@pytest.mark.parametrize(
    "rhythm",
    [
        Rhythm(steps=(-61,)),
        Rhythm(steps=tuple(range(13))),
        Rhythm(weeks=27),
        Rhythm(grace=(1,) * 6),
        Rhythm(grace=(61,)),
    ],
)
def test_what_nobody_could_mean_is_refused(session, cast, rhythm):
    with pytest.raises(InvalidInputError):
        keep_rule(session, cast.commune, ItemKind.USUAL, rhythm, by=cast.hoa, now=NOW)


def test_people_are_reminded_by_the_rule_of_their_unit(session, vietnam, cast, make_item):
    keep_rule(session, cast.commune, ItemKind.USUAL, QUIET, by=cast.hoa, now=NOW)
    make_item()
    make_item(unit=cast.other_commune)

    write_reminders(session, now=DAY_BEFORE, clockwork=as_shipped(vietnam))

    due = select(Notice).where(Notice.kind == NoticeKind.DUE, Notice.message_id.is_not(None))
    told = {notice.person.email: notice.rule for notice in session.scalars(due)}
    assert told == {cast.thi.email: "before-2", cast.khanh.email: "before-1"}


def test_an_officer_foresees_what_a_unit_will_get_in_a_month(session, vietnam, cast, make_item):
    make_item()
    make_item(unit=cast.other_commune)
    clockwork, march = as_shipped(vietnam), (date(2021, 3, 1), date(2021, 3, 31))

    def seen(book):
        mails = foresee(session, cast.commune, *march, clockwork=clockwork, book=book)
        return {
            (day, said.rule): mail.to
            for day, some in mails.items()
            for mail in some
            for said in mail.says
        }

    as_it_is = seen(RuleBook.load(session))
    assert {day for day, rule in as_it_is if rule.startswith("before")} == {
        date(2021, 3, 10),
        date(2021, 3, 18),
        date(2021, 3, 19),
    }
    assert set(as_it_is.values()) == {cast.thi.full_name}
    tried = seen(RuleBook.load(session).with_rule(QUIET, ItemKind.USUAL, cast.commune))
    assert [key for key in tried if key[1].startswith(("before", "overdue"))] == [
        (date(2021, 3, 17), "before-2")
    ]
    assert session.scalars(select(Notice)).all() == []


def test_what_is_foreseen_is_what_is_written(session, vietnam, cast, make_item):
    for day in (5, 12, 19, 25):
        make_item(due=date(2021, 3, day))
    clockwork, march = as_shipped(vietnam), (date(2021, 3, 1), date(2021, 3, 31))
    book = RuleBook.load(session)
    mails = foresee(session, cast.province, *march, clockwork=clockwork, book=book)
    foreseen = {
        (mail.to, mail.leaves, said.rule)
        for some in mails.values()
        for mail in some
        for said in mail.says
    }

    for morning in clockwork.mornings(date(2021, 2, 1), march[1]):
        write_reminders(session, now=morning, clockwork=clockwork)

    written = {
        (notice.person.full_name, notice.message.next_attempt, notice.rule)
        for notice in session.scalars(select(Notice).where(Notice.message_id.is_not(None)))
        if notice.kind is not NoticeKind.OPENED
        if notice.message.next_attempt >= NOW.replace(hour=0, minute=0)
    }
    assert foreseen == written


def test_rounds_that_open_later_are_named(session):
    names = not_open_yet(session, date(2021, 6, 1), date(2021, 6, 30), date(2021, 3, 1))

    assert any("Gia đình Việt Nam" in name for name in names)


def test_wishes_are_kept_and_changed(session, cast):
    assert wishes_by(session, cast.thi) == Wishes()
    wanted = Wishes(time(9), None, date(2021, 4, 1), date(2021, 4, 9))

    wish(session, cast.thi, wanted, now=NOW)
    wish(session, cast.thi, wanted, now=NOW)

    assert wishes_by(session, cast.thi) == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        Wishes(away_from=date(2021, 4, 1)),
        Wishes(away_from=date(2021, 4, 2), away_to=date(2021, 4, 1)),
        Wishes(away_from=date(2021, 4, 2), away_to=date(2023, 4, 1)),
        Wishes(paused_until=date(2021, 12, 1)),
    ],
)
def test_wishes_that_would_be_forgotten_are_refused(session, cast, wrong):
    with pytest.raises(InvalidInputError):
        wish(session, cast.thi, wrong, now=NOW)


def test_the_zone_has_no_summer_time(vietnam):
    days = (datetime(2021, month, 15, tzinfo=VIETNAM).utcoffset() for month in range(1, 13))

    assert len(set(days)) == 1
