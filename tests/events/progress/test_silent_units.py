"""Who has reported, and who has not: what people say about their work counts, what others decide
about it does not.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item
from events.checklist.editing import Edit, edit_item
from events.checklist.evidence import Proof, add_evidence, remove_evidence
from events.checklist.history import Stamp, history_of
from events.checklist.integration import credit_item
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import block_item, complete_item, decline_item, reopen_item
from events.checklist.undo import undo_change
from events.days.decision_text import read_decision
from events.documents.register import Paper, add_document, correct_document, issue_document
from events.localtime import VIETNAM, local_day
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    DocumentKind,
    Unit,
    UnitSuccession,
)
from events.people.posts import give_post
from events.progress.as_of import AsOf
from events.progress.silent_units import silent_units
from events.reforms.reform import rename
from events.reforms.villages import add_village
from events.replanning.anchors import NewAnchor
from events.replanning.days_off import YearDecision, apply_decision, preview_decision
from events.units.lineage import ever_below
from events.units.tree import get_unit
from tests.conftest import Cast
from tests.events.conftest import LAST_OF_KON_TUM
from tests.events.reforms.test_reform import THREE, merge_three
from tests.events.replanning.test_anchors import MARCH_2021, item_of, move, open_template
from tests.events.replanning.test_new_version import apply, changed, edit

A_DAY = timedelta(days=1)
OPENED = MARCH_2021 - 20 * A_DAY


@pytest.fixture
def cast(session):
    """The cast in a province that does not know of the reform of 2025 yet."""
    session.execute(update(Unit).where(Unit.valid_to == LAST_OF_KON_TUM).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()
    return Cast(session)


@pytest.fixture
def root(session, vietnam, cast):
    """The province's campaign for 20 March 2021, in which nobody has said anything.

    Evidence is wanted of nobody.
    """
    root = open_template(session, vietnam, "happiness_day", 2021, now=OPENED)
    session.execute(update(ChecklistItem).values(without_evidence=True))
    session.expire_all()
    return root


@pytest.fixture
def silent(session, cast):
    """Tell which units are silent, on 1 March or another day."""

    def units(day=MARCH_2021.date()):
        here = Campaign.unit_id.in_(ever_below(cast.province.id))
        return set(silent_units(session, day, here))

    return units


def own(summary="Thi nấu ăn"):
    return OwnItem(summary, date(2021, 3, 19), "event")


SAID = {
    "done": lambda s, item, **who: complete_item(s, item.id, Stamp(**who)),
    "held up": lambda s, item, **who: block_item(s, item.id, "chờ kinh phí", Stamp(**who)),
    "not done": lambda s, item, **who: decline_item(s, item.id, "mưa lũ", Stamp(**who)),
    "taken back": lambda s, item, **who: (
        complete_item(s, item.id, Stamp(**who)),
        reopen_item(s, item.id, Stamp(**who)),
    ),
    "evidence": lambda s, item, **who: add_evidence(
        s, item.id, Proof("doc_ref", "5/KH", dated=date(2021, 2, 1)), Stamp(**who)
    ),
    "own item": lambda s, item, **who: add_own_item(s, item.campaign, own(), **who),
    "document": lambda s, item, **who: add_document(
        s, item.campaign, Paper(DocumentKind.PLAN, "Kế hoạch"), item=item, **who
    ),
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("who", ["thi", "hoa"])
def test_what_is_said_about_a_units_work_is_its_report_whoever_enters_it(
    session, cast, root, silent, said, who
):
    before = silent()
    SAID[said](
        session,
        item_of(session, root, cast.commune, "plan_commune"),
        by=getattr(cast, who),
        now=MARCH_2021,
    )

    assert before - silent() == {cast.commune}
    assert silent(AsOf(MARCH_2021.date() - A_DAY)) == before
    assert silent(AsOf(MARCH_2021.date())) == silent()


def reword(session, cast, root, vietnam):
    item = item_of(session, root, cast.commune, "banners")
    for by, words in ((cast.hoa, "theo mẫu tỉnh"), (cast.thi, "theo mẫu xã")):
        edit_item(
            session,
            item.id,
            Edit(f"{item.summary} ({words})", item.due, item.role_key),
            Stamp(by, MARCH_2021),
        )
    undo_change(session, item.id, history_of(session, item)[0].id, Stamp(cast.thi, MARCH_2021))


def take_a_version(session, cast, root, vietnam):
    entries = [
        entry
        for entry in changed(root.template, "plan_commune", title_vi="Kế hoạch mới", weight=5)
        if entry.key != "banners"
    ]
    apply(session, root, edit(session, root.template, entries, cast), vietnam, cast)


def move_the_day(session, cast, root, vietnam):
    move(session, root, NewAnchor(event_date=date(2021, 3, 25)), vietnam, cast.hoa)


def divide(session, cast, root, vietnam):
    item = item_of(session, root, cast.district, "plan_district")
    split_item(session, item.id, [cast.commune.id], by=cast.hoa, now=MARCH_2021, calendar=vietnam)


def delegate(session, cast, root, vietnam):
    delegate_item(session, root.items[0].id, cast.commune.id, by=cast.hoa, now=MARCH_2021)


def integrate(session, cast, root, vietnam):
    other = open_template(session, vietnam, "vn_family_day", 2021, now=OPENED)
    credit_item(session, root.items[0].id, other, by=cast.hoa, now=MARCH_2021)


def decide_days_off(session, cast, root, vietnam):
    text = "hoán đổi ngày làm việc từ thứ Sáu 05/3/2021 sang thứ Bảy 06/3/2021"
    decision = YearDecision(2021, tuple(read_decision(text, 2021).days), text)
    seen = preview_decision(session, decision)
    apply_decision(
        session, decision, stamp=Stamp(cast.hoa, MARCH_2021), expected_fingerprint=seen.fingerprint
    )


@pytest.mark.parametrize(
    "decide",
    [reword, take_a_version, move_the_day, divide, delegate, integrate, decide_days_off],
    ids=lambda f: f.__name__,
)
def test_what_is_decided_about_work_is_nobodys_report(session, cast, root, vietnam, silent, decide):
    before, changes = silent(), select(func.count()).select_from(Change)
    number = session.scalar(changes)

    decide(session, cast, root, vietnam)

    assert before <= silent()
    assert session.scalar(changes) > number


def test_delegated_work_counts_for_who_did_it_and_whose_it_is(session, cast, root, silent):
    item = root.items[0]
    item.role_key = "ubnd_xa"
    delegate_item(session, item.id, cast.commune.id, by=cast.hoa, now=MARCH_2021)
    before = silent()

    complete_item(session, item.id, Stamp(cast.thi, MARCH_2021))

    assert before - silent() == {cast.province, cast.commune}
    here = Campaign.unit_id.in_(ever_below(cast.district.id))
    assert cast.commune not in silent_units(session, MARCH_2021.date(), here)


def test_the_province_that_does_what_it_delegated_does_not_speak_for_the_other(
    session, cast, root, silent
):
    delegate_item(session, root.items[0].id, cast.commune.id, by=cast.hoa, now=MARCH_2021)

    complete_item(session, root.items[0].id, Stamp(cast.hoa, MARCH_2021))

    assert cast.commune in silent()
    assert cast.province not in silent()


def test_a_commune_is_silent_until_all_its_villages_have_done_their_parts(
    session, cast, root, vietnam, silent
):
    who = {"by": cast.thi, "now": MARCH_2021}
    villages = [
        add_village(session, cast.commune, "thon", name, calendar=vietnam, **who)
        for name in ("1", "2")
    ]
    item = item_of(session, root, cast.commune, "banners")
    first, second = split_item(
        session, item.id, [unit.id for unit in villages], calendar=vietnam, **who
    )
    for village in villages:
        give_post(session, cast.la, village, "truong_thon", since=date(2021, 1, 1))

    complete_item(session, first.id, Stamp(cast.la, MARCH_2021))

    assert {villages[1], cast.commune} <= silent()
    assert villages[0] not in silent()
    complete_item(session, second.id, Stamp(cast.la, MARCH_2021))
    assert not {*villages, cast.commune} & silent()


def test_a_village_for_which_its_commune_ticks_has_reported(session, cast, root, vietnam, silent):
    who = {"by": cast.thi, "now": MARCH_2021}
    village = add_village(session, cast.commune, "thon", "1", calendar=vietnam, **who)

    complete_item(
        session,
        item_of(session, root, cast.commune, "banners").id,
        Stamp(**who),
        on_behalf_of=village,
    )

    assert not {village, cast.commune} & silent()


def test_a_document_counts_from_the_day_it_was_entered(session, cast, root, silent):
    paper, item = (
        Paper(DocumentKind.PLAN, "Kế hoạch xã"),
        item_of(session, root, cast.commune, "plan_commune"),
    )
    document = add_document(session, item.campaign, paper, item=item, by=cast.thi, now=MARCH_2021)
    for step in (1, 2):
        later = MARCH_2021 + step * A_DAY
        correct_document(session, document, paper, item=item, by=cast.thi, now=later)
    issue_document(session, document, date(2021, 3, 1), by=cast.thi, now=later)

    assert cast.commune not in silent(AsOf(MARCH_2021.date()))
    assert cast.commune in silent(AsOf(MARCH_2021.date() - A_DAY))


def test_evidence_taken_away_was_a_report(session, cast, root, silent):
    item, who = (
        item_of(session, root, cast.commune, "plan_commune"),
        {"by": cast.thi, "now": MARCH_2021},
    )
    piece = add_evidence(
        session, item.id, Proof("doc_ref", "5/KH", dated=date(2021, 2, 1)), Stamp(**who)
    )
    remove_evidence(session, piece.id, Stamp(**who))

    assert cast.commune not in silent()


def test_who_was_merged_away_without_a_word_stays_silent_as_of_the_days_before(
    session, cast, root, silent
):
    old = {get_unit(session, key) for key in THREE}
    complete_item(
        session,
        item_of(session, root, cast.commune, "plan_commune").id,
        Stamp(cast.thi, MARCH_2021 - A_DAY),
    )

    merge_three(session, cast)

    new = session.scalars(select(Unit).where(Unit.full_name == "Xã Đăk Mới")).one()
    assert old & silent(AsOf(MARCH_2021.date() - A_DAY)) == old - {cast.commune}
    # nothing is expected of the old ones any more
    assert not {new, *old} & silent(local_day(MARCH_2021, VIETNAM))


def test_a_unit_made_from_one_that_had_reported_is_not_silent(session, cast, root, silent):
    complete_item(
        session,
        item_of(session, root, cast.commune, "plan_commune").id,
        Stamp(cast.thi, MARCH_2021 - A_DAY),
    )
    keys, on = {"23341": "Xã Đăk Glei Mới", "23344": "Xã Đăk Blô Mới"}, MARCH_2021.date()
    spoke, kept_still = (
        rename(session, key, name, stamp=Stamp(cast.hoa, MARCH_2021), on=on, basis=None).begun[0]
        for key, name in keys.items()
    )

    assert {spoke, kept_still} & silent() == {kept_still}


def test_a_tick_in_the_wrong_commune_that_is_undone_was_no_report(
    session, cast, root, vietnam, silent
):
    item, before = item_of(session, root, cast.other_commune, "loudspeaker"), silent()
    complete_item(session, item.id, Stamp(cast.hoa, MARCH_2021))
    assert cast.other_commune not in silent()

    next_day = MARCH_2021 + A_DAY
    undo_change(session, item.id, history_of(session, item)[0].id, Stamp(cast.hoa, next_day))

    assert silent() == before
    # the report of that evening stays as it was
    assert cast.other_commune not in silent(AsOf(MARCH_2021.date()))
    assert cast.other_commune in silent(AsOf(next_day.date()))


def test_a_report_made_after_an_undo_counts(session, cast, root, vietnam, silent):
    item, who = (
        item_of(session, root, cast.commune, "loudspeaker"),
        {"by": cast.thi, "now": MARCH_2021},
    )
    complete_item(session, item.id, Stamp(**who))
    undo_change(session, item.id, history_of(session, item)[0].id, Stamp(**who))
    item.without_evidence = True  # what opens wants what its template wants
    complete_item(session, item.id, Stamp(**who))

    assert cast.commune not in silent()
