from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.checklist.dividing import split_item
from events.checklist.editing import Edit, edit_item, follow_template, remarks
from events.checklist.history import Stamp, history_of, not_undone
from events.checklist.origins import follows_a_template
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import complete_item
from events.checklist.story import story_of
from events.checklist.undo import last_change, undo_change
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.models import Campaign
from events.people.posts import give_post
from events.reforms.villages import add_village
from events.replanning import anchors
from events.replanning.days_off import YearDecision, apply_decision, preview_decision
from events.replanning.new_version import apply_version, compare
from events.replanning.preview import Fate
from events.templates.editing import edit_template, item_entry
from events.words.language import tell
from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice
from tests.conftest import as_shipped
from tests.events.replanning.test_anchors import open_template

NOW = datetime(2021, 2, 22, 2, tzinfo=UTC)
A_DAY = timedelta(days=1)
EARLIER, LATER = date(2021, 3, 3), date(2021, 3, 10)


@pytest.fixture
def happiness(session, vietnam, cast):
    """The commune's campaign for 20 March 2021."""
    open_template(session, vietnam, "happiness_day", 2021, now=NOW)
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def plan(happiness):
    """The commune's own plan, due on Friday 5 March."""
    return item_of(happiness, "plan_commune")


@pytest.fixture
def who(cast):
    return {"by": cast.thi, "now": NOW}


def item_of(campaign, key):
    return next(item for item in campaign.items if item.key == key)


def root_of(session):
    return session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()


def edited(item, **changes):
    values = {
        "summary": item.summary,
        "due": item.due,
        "role": item.role_key,
        "dtstart": item.dtstart,
    }
    return Edit(**values | changes)


def test_an_edit_changes_what_it_names_and_is_history(session, plan, who):
    old = plan.summary, plan.due.isoformat()

    edit_item(
        session, plan.id, edited(plan, summary="  Ban hành  kế hoạch", due=EARLIER), Stamp(**who)
    )

    assert (plan.summary, plan.due, plan.nominal_due, plan.due_reason) == (
        "Ban hành kế hoạch",
        EARLIER,
        EARLIER,
        None,
    )
    assert plan.edited == ["due", "summary"]
    [change] = history_of(session, plan)
    assert (change.before["summary"], change.before["due"]) == old
    assert story_of(change, "en") == (
        f"Cán bộ xã (Thi) edited it by hand; Cán bộ xã (Thi) moved its due date from 05/03/2021 to 03/03/2021; "
        f"Cán bộ xã (Thi) reworded it; before: “{old[0]}”"
    )


def test_the_same_edit_twice_changes_nothing(session, plan, who):
    wanted = edited(plan, due=EARLIER)

    edit_item(session, plan.id, wanted, Stamp(**who), sequence=plan.sequence)
    sequence = plan.sequence
    edit_item(session, plan.id, wanted, Stamp(**who), sequence=0)

    assert (plan.sequence, len(history_of(session, plan))) == (sequence, 1)


def test_somebody_who_saw_an_older_state_overwrites_nothing(session, plan, who, cast):
    seen = plan.sequence
    edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(**who), sequence=seen)

    with pytest.raises(ConflictError, match="was changed since"):
        edit_item(
            session, plan.id, edited(plan, due=EARLIER - A_DAY), Stamp(cast.hoa, NOW), sequence=seen
        )

    assert plan.due == EARLIER


def test_only_a_unit_above_gives_more_time(session, plan, who, cast):
    with pytest.raises(ConflictError, match="Huyện Đăk Glei can give more time"):
        edit_item(session, plan.id, edited(plan, due=LATER), Stamp(**who))

    edit_item(session, plan.id, edited(plan, due=LATER), Stamp(cast.hoa, NOW))

    assert plan.due == LATER


def test_a_unit_moves_its_own_items_as_it_likes(session, happiness, who):
    own = add_own_item(session, happiness, OwnItem("Treo cờ", EARLIER, "event"), **who)

    edit_item(session, own.id, edited(own, due=LATER), Stamp(**who))

    assert own.due == LATER
    assert not follows_a_template(own)


def test_a_village_does_not_give_itself_more_time_for_its_part(
    session, happiness, who, cast, vietnam
):
    village = add_village(session, cast.commune, "thon", "1", calendar=vietnam, **who)
    give_post(session, cast.la, village, "truong_thon")
    [part] = split_item(
        session, item_of(happiness, "banners").id, [village.id], calendar=vietnam, **who
    )

    with pytest.raises(ConflictError, match="can give more time"):
        edit_item(session, part.id, edited(part, due=part.due + A_DAY), Stamp(cast.la, NOW))

    edit_item(session, part.id, edited(part, due=part.due + A_DAY), Stamp(**who))
    assert part.edited == ["due"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"summary": "  "}, InvalidInputError),
        ({"summary": "x" * 301}, InvalidInputError),
        ({"role": "truong_thon"}, InvalidInputError),
        ({"role": "nobody"}, InvalidInputError),
        ({"due": date(2200, 1, 1)}, InvalidInputError),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_half_done(session, plan, cast, changes, error):
    before = edited(plan)

    with pytest.raises(error):
        edit_item(
            session, plan.id, edited(plan, **{"summary": "Khác", **changes}), Stamp(cast.hoa, NOW)
        )

    assert edited(plan) == before
    assert history_of(session, plan) == []


def test_an_item_cannot_begin_after_it_is_due(session, happiness, cast):
    banners = item_of(happiness, "banners")

    with pytest.raises(InvalidInputError, match="cannot begin after"):
        edit_item(
            session, banners.id, edited(banners, dtstart=banners.due + A_DAY), Stamp(cast.hoa, NOW)
        )


def test_closed_items_and_those_of_others_are_left_alone(session, plan, who, cast):
    with pytest.raises(NotAllowedError):
        edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(cast.khanh, NOW))
    plan.without_evidence = True
    complete_item(session, plan.id, Stamp(**who))

    with pytest.raises(ConflictError, match="open it again"):
        edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(**who))


def test_an_edit_is_taken_back_and_so_is_a_tick_after_it(session, plan, who):
    before = edited(plan)
    plan.without_evidence = True
    edit_item(session, plan.id, edited(plan, due=EARLIER, summary="Khác"), Stamp(**who))
    complete_item(session, plan.id, Stamp(**who))

    for _ in range(2):
        undo_change(session, plan.id, last_change(history_of(session, plan)).id, Stamp(**who))

    assert plan.is_open
    assert edited(plan) == before
    assert (plan.edited, plan.anchor_version) == ([], 2)
    assert not_undone(history_of(session, plan)) == []


def test_an_item_follows_its_template_again(session, plan, who):
    before = edited(plan), plan.nominal_due, plan.due_reason
    edit_item(
        session, plan.id, edited(plan, due=EARLIER, summary="Khác", role="hoi_lhpn"), Stamp(**who)
    )

    follow_template(session, plan.id, Stamp(**who))
    follow_template(session, plan.id, Stamp(**who))

    assert (edited(plan), plan.nominal_due, plan.due_reason) == before
    assert plan.edited == []
    assert story_of(history_of(session, plan)[0], "vi").startswith(
        "Cán bộ xã (Thi) cho việc theo lại mẫu"
    )
    assert len(history_of(session, plan)) == 2


def test_moving_the_event_keeps_a_date_set_by_hand_and_says_so(session, plan, who, cast, vietnam):
    edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(**who))
    change = anchors.NewAnchor(event_date=date(2021, 3, 27))

    shown = anchors.preview(session, root_of(session), change, vietnam, now=NOW)
    anchors.apply(
        session,
        root_of(session),
        change,
        expected_fingerprint=shown.fingerprint,
        by=cast.hoa,
        now=NOW,
        calendar=vietnam,
    )

    session.refresh(plan)
    assert plan.due == EARLIER
    assert [line.item_id for line in shown.of(Fate.KEPT_BY_HAND)] == [plan.id]


def test_a_new_version_keeps_what_was_edited_and_says_so(session, plan, who, cast, vietnam):
    edit_item(session, plan.id, edited(plan, summary="Kế hoạch của thị trấn"), Stamp(**who))
    template = plan.campaign.template
    entries = [item_entry(item) for item in template.current.items]
    reworded = [
        entry.model_copy(update={"title_vi": "Mới"}) if entry.key == "plan_commune" else entry
        for entry in entries
    ]
    version = edit_template(session, template, reworded, by=cast.hoa, now=NOW)

    diff = compare(session, root_of(session), version, calendar=vietnam, now=NOW)
    apply_version(
        session,
        root_of(session),
        version,
        expected_fingerprint=diff.fingerprint,
        by=cast.hoa,
        now=NOW,
        calendar=vietnam,
    )

    session.refresh(plan)
    assert plan.summary == "Kế hoạch của thị trấn"
    assert [line.item_id for line in diff.of(Fate.KEPT_BY_HAND)] == [plan.id]


def test_a_decision_on_days_off_leaves_a_date_set_by_hand(session, plan, who):
    edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(**who))
    decision = YearDecision(
        2021, (Decision(EARLIER, True, DayReason(Cause.DECIDED)),), "Nghỉ ngày 03/3/2021"
    )

    shown = preview_decision(session, decision)
    apply_decision(
        session, decision, stamp=Stamp(None, NOW), expected_fingerprint=shown.fingerprint
    )

    session.refresh(plan)
    assert plan.due == EARLIER


def test_a_moved_date_is_reminded_of_again(session, plan, who, vietnam):
    morning = datetime(2021, 2, 25, 1, tzinfo=UTC)  # the first step of both days is fresh
    write_reminders(session, now=morning, clockwork=as_shipped(vietnam))

    edit_item(session, plan.id, edited(plan, due=EARLIER), Stamp(who["by"], morning))
    write_reminders(session, now=morning + timedelta(hours=1), clockwork=as_shipped(vietnam))

    told = (
        select(Notice.anchor_version)
        .where(Notice.item_id == plan.id)
        .distinct()
        .order_by(Notice.anchor_version)
    )
    assert session.scalars(told).all() == [0, 1]


def test_odd_dates_are_remarked_on_but_not_refused(session, happiness, cast, vietnam):
    report = item_of(happiness, "report_commune")

    edit_item(session, report.id, edited(report, due=date(2021, 2, 27)), Stamp(cast.hoa, NOW))

    said = [tell(sentence, facts, "en") for sentence, facts in remarks(report, vietnam)]
    assert said == [
        "27/02/2021 is a day off (on a weekend).",
        f"It is due before what it waits for: {item_of(happiness, 'plan_commune').summary}.",
    ]
