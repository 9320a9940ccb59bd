from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, select

from events.campaigns.due_dates import WAITS
from events.campaigns.other_kinds import open_on
from events.checklist.closing_words import closing_of, why_closed
from events.checklist.dividing import split_item
from events.checklist.history import Stamp, history_of
from events.checklist.integration import credit_item
from events.checklist.origins import FOLLOWED
from events.checklist.states import reopen_item, start_item
from events.days.workdays import Shift
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.models import (
    Anchor,
    Campaign,
    Cascade,
    ChecklistItem,
    ItemState,
    Round,
    TemplateVersion,
    Unit,
)
from events.reforms.villages import add_village
from events.replanning import new_version
from events.replanning.preview import Fate, grouped
from events.templates import editing
from events.templates.entries import MOST_ITEMS
from events.templates.toml_files import (
    export_template,
    from_toml,
    import_template,
)
from events.words.texts import decoded
from tests.conftest import tick_off
from tests.events.campaigns.test_order_of_items import reordered
from tests.events.replanning.test_anchors import (
    MARCH_2021,
    assert_order,
    enter_commune,
    item_of,
    items,
    open_template,
)


@pytest.fixture
def root(session, vietnam, cast):
    return open_template(session, vietnam, "happiness_day", 2021)


@pytest.fixture
def template(session):
    return editing.get_template(session, "happiness_day")


def entries_of(template):
    return [editing.item_entry(item) for item in template.current.items]


def changed(template, key, /, **columns):
    return [
        entry.model_copy(update=columns) if entry.key == key else entry
        for entry in entries_of(template)
    ]


def edit(session, template, entries, cast, now=MARCH_2021):
    return editing.edit_template(
        session, template, entries, note="Theo góp ý các xã", by=cast.hoa, now=now
    )


def apply(session, root, version, vietnam, cast, now=MARCH_2021):
    diff = new_version.compare(session, root, version, calendar=vietnam, now=now)
    args = {
        "expected_fingerprint": diff.fingerprint,
        "by": cast.hoa,
        "now": now,
        "calendar": vietnam,
    }
    new_version.apply_version(session, root, version, **args)
    return diff


def test_saving_changed_items_makes_a_version_and_leaves_running_campaigns_alone(
    session, root, template, cast
):
    version = edit(session, template, changed(template, "plan_commune", offset_days=-10), cast)

    assert (version.number, version.digest, version.created_by_id, version.note) == (
        2,
        "",
        cast.hoa.id,
        "Theo góp ý các xã",
    )
    assert root.version.number == 1
    assert item_of(session, root, cast.commune, "plan_commune").due == date(2021, 3, 5)


def test_saving_the_same_items_again_makes_no_version(session, template, cast):
    assert edit(session, template, entries_of(template), cast).number == 1


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"role": "nobody"}, "unknown role 'nobody'"),
        ({"phase": "never"}, "unknown phase 'never'"),
        ({"evidence": ["oath"]}, "unknown evidence kind 'oath'"),
        ({"level_offsets": {"region": 3}}, "unknown level 'region'"),
        ({"anchor": Anchor.PLAN, "depends_on": []}, "needs the plan in depends_on"),
        ({"depends_on": ["nothing"]}, "unknown depends_on 'nothing'"),
        (
            {"depends_on": ["letter_province"]},
            "tới sở, ngành, địa phương” → “Ban hành kế hoạch tổ chức cấp tỉnh”",
        ),
        ({"end_offset_days": -400}, "end_offset_days lies before offset_days"),
        ({"evidence": [], "evidence_min": 5}, "evidence_min needs a kind of evidence"),
        ({"key": "guidance_in"}, "this key stands twice in the template"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(session, template, cast, columns, words):
    with pytest.raises(InvalidInputError, match=words):
        edit(session, template, changed(template, "plan_province", **columns), cast)

    assert (
        len(
            session.scalars(
                select(TemplateVersion).where(TemplateVersion.template_id == template.id)
            ).all()
        )
        == 1
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"key": "băng rôn"},
        {"key": "a" * 65},
        {"title_vi": ""},
        {"title_en": "x" * 301},
        {"offset_days": 905},
        {"level_offsets": {"commune": -731}},
        {"evidence_min": 10**10},
        {"note": "x" * 1001},
    ],
)
def test_a_changed_copy_of_an_item_is_looked_at_like_a_new_one(session, template, cast, columns):
    with pytest.raises(InvalidInputError):
        edit(session, template, changed(template, "plan_province", **columns), cast)

    assert edit(session, template, entries_of(template), cast).number == 1


def test_more_items_than_a_template_takes_are_refused_and_none_is_dropped(session, template, cast):
    many = [
        entries_of(template)[0].model_copy(update={"key": f"k{n}"}) for n in range(MOST_ITEMS + 1)
    ]

    with pytest.raises(InvalidInputError, match=str(MOST_ITEMS)):
        edit(session, template, many, cast)

    assert len(edit(session, template, many[1:], cast).items) == MOST_ITEMS


def test_a_stored_item_that_could_not_be_saved_any_more_is_still_read(session, template):
    template.current.items[0].offset_days = 905
    session.flush()

    assert editing.template_entry(template).item[0].offset_days == 905
    assert "offset_days = 905" in export_template(template)


def test_items_made_from_an_older_version_do_not_undo_the_newer_one(session, template, cast):
    mine = changed(template, "loudspeaker", title_vi="Loa thôn")
    edit(session, template, changed(template, "plan_commune", title_vi="Kế hoạch xã"), cast)

    with pytest.raises(ConflictError, match="Kế hoạch xã"):
        editing.edit_template(session, template, mine, base=1, by=cast.hoa, now=MARCH_2021)

    assert (
        editing.edit_template(
            session, template, entries_of(template), base=1, by=cast.hoa, now=MARCH_2021
        ).number
        == 2
    )


def test_a_template_without_items_is_refused(session, template, cast):
    with pytest.raises(InvalidInputError):
        edit(session, template, [], cast)


def test_applying_moves_and_rewords_open_items_of_every_unit(
    session, root, template, vietnam, cast
):
    version = edit(
        session,
        template,
        changed(template, "plan_commune", offset_days=-10, title_vi="Kế hoạch xã"),
        cast,
    )

    diff = apply(session, root, version, vietnam, cast)

    item = item_of(session, root, cast.commune, "plan_commune")
    assert (item.summary, item.due, item.anchor_version, item.sequence) == (
        "Kế hoạch xã",
        date(2021, 3, 10),
        1,
        1,
    )
    assert {line.fate for line in diff.lines if line.is_change} == {Fate.MOVED}
    assert item.campaign.version.number == 2
    assert {"summary", "due"} <= set(history_of(session, item)[0].before)


def test_new_words_alone_do_not_rearm_reminders(session, root, template, vietnam, cast):
    version = edit(
        session, template, changed(template, "plan_commune", title_vi="Kế hoạch xã"), cast
    )

    diff = apply(session, root, version, vietnam, cast)

    item = item_of(session, root, cast.commune, "plan_commune")
    assert (item.anchor_version, item.sequence) == (0, 1)
    assert {line.fate for line in diff.lines} == {Fate.REWORDED}
    assert item_of(session, root, cast.commune, "loudspeaker").sequence == 0


def test_one_change_in_102_units_is_one_group_with_its_values_before_and_after(
    session, root, template, vietnam, cast
):
    old = item_of(session, root, cast.commune, "plan_commune")
    before, proofs = old.summary, tuple(old.evidence)
    values = {
        "title_vi": "Kế hoạch xã",
        "weight": 5,
        "required": False,
        "evidence": ["photo"],
        "evidence_min": 3,
    }
    version = edit(session, template, changed(template, "plan_commune", **values), cast)

    [group] = grouped(
        new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021).lines,
        MARCH_2021.date(),
    )

    assert len(group.units) == 102
    told = {one.name: (one.old, one.new) for one in group.differences}
    assert told["summary"] == (before, "Kế hoạch xã")
    assert told["evidence"] == (proofs, ("photo",))
    assert {"weight", "required", "evidence_min"} <= told.keys()


def test_the_order_in_which_kinds_of_evidence_were_ticked_is_no_change(
    session, root, template, vietnam, cast
):
    entries = changed(template, "visits", title_vi="Thăm gia đình tiêu biểu")
    entries = [entry.model_copy(update={"evidence": entry.evidence[::-1]}) for entry in entries]

    diff = new_version.compare(
        session, root, edit(session, template, entries, cast), calendar=vietnam, now=MARCH_2021
    )

    assert {line.key for line in diff.lines} == {"visits"}
    assert {one.name for line in diff.lines for one in line.differences} == {"summary"}


def test_what_a_hand_holds_is_said_where_other_columns_change(
    session, root, template, vietnam, cast
):
    held = item_of(session, root, cast.commune, "plan_commune")
    held.due, held.edited = date(2021, 3, 3), ["due"]
    session.flush()
    version = edit(
        session,
        template,
        changed(template, "plan_commune", offset_days=-10, title_vi="Kế hoạch xã"),
        cast,
    )

    groups = grouped(
        new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021).lines,
        MARCH_2021.date(),
    )

    [mine] = [group for group in groups if group.units == (cast.commune.full_name,)]
    assert (mine.fate, mine.old_due, mine.new_due) == (
        Fate.REWORDED,
        date(2021, 3, 3),
        date(2021, 3, 3),
    )
    assert "due" in mine.held
    assert [one.name for one in mine.differences] == ["summary"]
    assert len(groups) == 2


def test_parts_of_a_divided_item_follow_a_version_but_keep_who_does_them(
    session, root, template, vietnam, cast
):
    village = add_village(
        session, cast.commune, "thon", "1", by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    whole = item_of(session, root, cast.commune, "loudspeaker")
    [part] = split_item(
        session, whole.id, [village.id], by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    role = part.role_key
    values = {
        "title_vi": "Phát thanh",
        "evidence": ["photo"],
        "evidence_min": 2,
        "weight": 4,
        "end_offset_days": 3,
    }
    values |= {"role": "ubnd_xa", "depends_on": ["plan_commune"]}
    version = edit(session, template, changed(template, "loudspeaker", **values), cast)

    apply(session, root, version, vietnam, cast)

    assert (part.summary, part.evidence, part.evidence_min, part.weight) == (
        "Phát thanh",
        ["photo"],
        2,
        4,
    )
    assert (part.due, part.summary) == (whole.due, whole.summary)
    assert (part.role_key, part.depends_on) == (role, [])
    assert new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021).is_empty


def test_parts_keep_the_words_that_a_hand_gave_the_whole(session, root, template, vietnam, cast):
    village = add_village(
        session, cast.commune, "thon", "1", by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    whole = item_of(session, root, cast.commune, "loudspeaker")
    whole.summary, whole.edited = "Loa của xã", ["summary"]
    session.flush()
    [part] = split_item(
        session, whole.id, [village.id], by=cast.thi, now=MARCH_2021, calendar=vietnam
    )
    version = edit(
        session, template, changed(template, "loudspeaker", title_vi="Phát thanh", weight=4), cast
    )

    apply(session, root, version, vietnam, cast)

    assert (part.summary, part.weight) == ("Loa của xã", 4)


def test_a_level_may_have_its_own_days(session, root, template, vietnam, cast):
    version = edit(
        session, template, changed(template, "loudspeaker", level_offsets={"commune": -8}), cast
    )

    diff = new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021)

    assert {line.unit.level for line in diff.lines if line.is_change} <= {"commune"}


def test_an_item_that_is_gone_is_closed_as_not_required_and_comes_back_with_an_older_version(
    session, root, template, vietnam, cast
):
    first = template.current
    keys = items(session, root)
    begun = item_of(session, root, cast.other_commune, "loudspeaker")
    start_item(session, begun.id, Stamp(cast.hoa, MARCH_2021))
    version = edit(
        session, template, [e for e in entries_of(template) if e.key != "loudspeaker"], cast
    )

    diff = apply(session, root, version, vietnam, cast)

    item = item_of(session, root, cast.commune, "loudspeaker")
    assert (item.state, why_closed(closing_of(item), "vi")) == (
        ItemState.NOT_REQUIRED,
        "Không còn trong mẫu (phiên bản 2)",
    )
    assert begun.is_open
    assert [line.unit.id for line in diff.of(Fate.KEPT_BY_HAND)] == [cast.other_commune.id]
    apply(session, root, first, vietnam, cast)
    assert item.is_open
    assert items(session, root) == keys
    assert len(history_of(session, item)) == 2


def test_what_counts_for_another_campaign_too_is_not_taken_away_by_a_version(
    session, root, template, vietnam, cast
):
    shared = item_of(session, root, cast.commune, "loudspeaker")
    other = open_template(session, vietnam, "vn_family_day", 2021)
    of_commune = select(Campaign).where(
        Campaign.round.has(Round.template_id == other.template_id),
        Campaign.unit_id == cast.commune.id,
    )
    credit_item(session, shared.id, session.scalars(of_commune).one(), by=cast.thi, now=MARCH_2021)
    version = edit(
        session, template, [e for e in entries_of(template) if e.key != "loudspeaker"], cast
    )

    diff = apply(session, root, version, vietnam, cast)

    assert shared.is_open
    assert [line.unit.id for line in diff.of(Fate.KEPT_BY_HAND)] == [cast.commune.id]


def test_what_was_done_stays_done_when_a_version_has_it_no_longer(
    session, root, template, vietnam, cast
):
    done = item_of(session, root, cast.commune, "loudspeaker")
    tick_off(done, cast.thi, MARCH_2021, date(2021, 3, 1))
    session.flush()
    version = edit(
        session, template, [e for e in entries_of(template) if e.key != "loudspeaker"], cast
    )

    diff = apply(session, root, version, vietnam, cast)

    assert (done.state, done.completed_by, done.reason) == (ItemState.DONE, cast.thi, None)
    assert [(line.unit.id, line.key) for line in diff.of(Fate.KEPT_DONE)] == [
        (cast.commune.id, "loudspeaker")
    ]
    assert not item_of(session, root, cast.other_commune, "loudspeaker").is_open


def test_an_item_opened_again_has_what_versions_changed_while_it_was_done(
    session, root, template, vietnam, cast
):
    item = item_of(session, root, cast.commune, "banners")
    tick_off(item, cast.thi, MARCH_2021, date(2021, 3, 1))
    session.flush()
    values = {
        "title_vi": "Treo băng rôn mới",
        "depends_on": ["plan_commune"],
        "weight": 4,
        "evidence_min": 3,
        "offset_days": -2,
    }
    version = edit(session, template, changed(template, "banners", **values), cast)
    apply(session, root, version, vietnam, cast)
    assert item.summary != "Treo băng rôn mới"

    reopen_item(session, item.id, Stamp(cast.thi, MARCH_2021))

    twin = item_of(session, root, cast.other_commune, "banners")
    assert {name: getattr(item, name) for name in FOLLOWED} == {
        name: getattr(twin, name) for name in FOLLOWED
    }
    assert (item.summary, item.depends_on, item.weight) == (
        "Treo băng rôn mới",
        ["plan_commune"],
        4,
    )
    assert new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021).is_empty


def test_a_peoples_version_that_contradicts_itself_leaves_nothing_due_before_what_it_waits_for(
    session, root, template, vietnam, cast
):
    version = reordered(session, cast, template, [-5, -15], [Shift.PREVIOUS])

    apply(session, root, version, vietnam, cast)

    assert_order(session, root)
    assert item_of(session, root, cast.commune, "report_commune").due_reason == WAITS


def test_a_unit_that_joins_late_gets_the_rounds_version_and_not_the_newest(
    session, root, template, vietnam, cast
):
    before = root.version
    edit(
        session,
        template,
        changed(template, "plan_commune", title_vi="Kế hoạch xã mới", offset_days=-5),
        cast,
    )
    unit = enter_commune(session, cast)

    open_template(session, vietnam, "happiness_day", 2021)

    new, beside = (item_of(session, root, each, "plan_commune") for each in (unit, cast.commune))
    assert new.campaign.version == before
    assert (new.summary, new.due) == (beside.summary, beside.due)


def test_a_new_item_comes_to_every_unit_of_its_levels(session, root, template, vietnam, cast):
    new = entries_of(template)[0].model_copy(
        update={
            "key": "extra",
            "title_vi": "Việc mới",
            "levels": ["commune"],
            "cascade": Cascade.EACH,
            "offset_days": -5,
        }
    )
    version = edit(session, template, [*entries_of(template), new], cast)

    diff = apply(session, root, version, vietnam, cast)

    assert len(diff.of(Fate.ADDED)) == 102
    assert item_of(session, root, cast.commune, "extra").due == date(2021, 3, 15)
    assert new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021).is_empty


def test_done_items_and_columns_edited_by_hand_stay(session, root, template, vietnam, cast):
    done = item_of(session, root, cast.commune, "plan_commune")
    tick_off(done, cast.thi, MARCH_2021, date(2021, 3, 1))
    held = item_of(session, root, cast.other_commune, "plan_commune")
    held.edited = ["summary"]
    session.flush()
    version = edit(
        session,
        template,
        changed(template, "plan_commune", offset_days=-10, title_vi="Kế hoạch xã"),
        cast,
    )

    diff = apply(session, root, version, vietnam, cast)

    assert done.due == date(2021, 3, 5)
    assert (held.due, held.summary == "Kế hoạch xã") == (date(2021, 3, 10), False)
    assert [line.unit.id for line in diff.of(Fate.KEPT_DONE)] == [cast.commune.id]


def test_a_change_in_between_is_refused(session, root, template, vietnam, cast):
    version = edit(session, template, changed(template, "plan_commune", offset_days=-10), cast)
    diff = new_version.compare(session, root, version, calendar=vietnam, now=MARCH_2021)
    start_item(
        session,
        item_of(session, root, cast.commune, "plan_commune").id,
        Stamp(cast.thi, MARCH_2021),
    )

    with pytest.raises(ConflictError):
        new_version.apply_version(
            session,
            root,
            version,
            expected_fingerprint=diff.fingerprint,
            by=cast.hoa,
            now=MARCH_2021,
            calendar=vietnam,
        )
    assert root.version.number == 1


def test_a_version_of_another_template_or_a_closed_year_is_refused(
    session, root, template, vietnam
):
    other = editing.get_template(session, "evaw_day").current

    with pytest.raises(ConflictError):
        new_version.compare(session, root, other, calendar=vietnam, now=MARCH_2021)
    with pytest.raises(ConflictError):
        new_version.compare(
            session, root, template.current, calendar=vietnam, now=datetime(2022, 2, 1, tzinfo=UTC)
        )


def test_the_number_of_statements_does_not_depend_on_the_number_of_units(
    session, root, template, vietnam, cast
):
    def statements(offset):
        version = edit(
            session, template, changed(template, "plan_commune", offset_days=offset), cast
        )
        seen = []

        def listen(*args):
            seen.append(args[2])

        event.listen(session.get_bind(), "before_cursor_execute", listen)
        apply(session, root, version, vietnam, cast)
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        return len(seen)

    few = statements(-10)
    for number in range(200):
        unit = Unit(
            key=f"c{number}",
            level_key="commune",
            type="xa",
            name="Xã",
            full_name="Xã",
            slug=f"c{number}",
            search="xa",
        )
        unit.parent_id = cast.district.id
        session.add(unit)
    session.flush()
    open_template(session, vietnam, "happiness_day", 2021)

    assert statements(-9) <= few
    dues = (
        select(ChecklistItem.due)
        .join(ChecklistItem.campaign)
        .where(Campaign.round.has(Round.year == 2021), ChecklistItem.key == "plan_commune")
    )
    assert len(session.scalars(dues).all()) == 302


def test_a_template_file_of_before_is_the_same_version(session, cast):
    template = editing.get_template(session, "happiness_day")
    text = export_template(template).replace("if_no_level", "if_no_district")
    of_before = "".join(line for line in text.splitlines(True) if "is_plan" not in line)
    assert of_before.count("\n") < text.count("\n")

    assert not import_template(session, of_before, by=cast.hoa, now=MARCH_2021).is_new

    assert {item.key for item in template.current.items if item.is_plan} == {
        "plan_province",
        "plan_district",
        "plan_commune",
    }


def test_a_template_goes_out_as_a_file_and_comes_back_unchanged(session, template, cast):
    text = export_template(template)

    assert from_toml(text) == editing.template_entry(template)
    again = import_template(session, text, by=cast.hoa, now=MARCH_2021)
    assert (again.version.number, again.is_new, again.header_changed) == (1, False, False)
    changed_text = text.replace("offset_days = -13", "offset_days = -12", 1)
    assert import_template(session, changed_text, by=cast.hoa, now=MARCH_2021).version.number == 2


def test_a_file_brings_its_titles_lead_times_and_lead_unit_along(session, template, cast):
    text = export_template(template).replace("generate_ahead_days = 75", "generate_ahead_days = 90")
    text = text.replace("late_plan_workdays = 7", "late_plan_workdays = 3").replace(
        'title_en = "', 'title_en = "Our ', 1
    )

    found = import_template(session, text, by=cast.hoa, now=MARCH_2021)

    assert (found.header_changed, found.is_new) == (True, False)
    assert (template.generate_ahead_days, template.late_plan_workdays) == (90, 3)
    assert template.title_en.startswith("Our ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "observance"', 'kind = "training"'),
        ('observance = "intl_happiness_day"', 'observance = "vn_family_day"'),
        ('anchor = "day"', 'anchor = "start"'),
        ('owner_role = "so_vhttdl"', 'owner_role = "nobody"'),
        ("cutoffs = []", 'cutoffs = [{ first = "01-01", last = "03-31", name = "quý I" }]'),
    ],
)
def test_a_file_that_wants_to_change_what_cannot_is_refused(session, template, cast, old, new):
    text = export_template(template)
    assert old in text
    changed_text = text.replace(old, new).replace(
        "generate_ahead_days = 75", "generate_ahead_days = 90"
    )

    with pytest.raises(InvalidInputError):
        import_template(session, changed_text, by=cast.hoa, now=MARCH_2021)

    assert (template.current.number, template.generate_ahead_days) == (1, 75)


def test_new_cut_offs_of_a_file_count_from_the_rounds_that_are_not_open_yet(session, vietnam, cast):
    opened = open_template(session, vietnam, "report_half_year", 2021)
    half_year = editing.get_template(session, "report_half_year")
    text = export_template(half_year).replace('"06-14"', '"06-20"')

    found = import_template(session, text, by=cast.hoa, now=MARCH_2021)
    again = open_template(session, vietnam, "report_half_year", 2021)

    assert (found.header_changed, found.is_new) == (True, False)
    assert again is opened
    assert again.dtend == date(2021, 6, 15)
    assert open_template(session, vietnam, "report_half_year", 2022).dtend == date(2022, 6, 21)
    assert not import_template(session, text, by=cast.hoa, now=MARCH_2021).header_changed


def test_a_file_neither_adds_reporting_periods_nor_changes_their_order(session):
    quarters = editing.get_template(session, "communication_quarter")
    entry = editing.template_entry(quarters)
    first, second, *others = entry.cutoffs

    for other in ([second, first, *others], [first], [first, *entry.cutoffs]):
        with pytest.raises(InvalidInputError) as caught:
            editing.edit_header(
                session,
                quarters,
                entry.model_copy(update={"cutoffs": other}),
                by=None,
                on=date(2026, 6, 1),
            )
        assert "template with another short name" in caught.value.sentence

    assert editing.template_entry(quarters).cutoffs == entry.cutoffs


def test_a_file_makes_a_template_of_another_kind(session, vietnam, cast):
    text = export_template(editing.get_template(session, "training_course"))
    text = text.replace('key = "training_course"', 'key = "own_course"', 1)

    made = import_template(session, text, by=cast.hoa, now=MARCH_2021).version.template

    assert (made.key, made.kind, made.enabled, made.current.number) == (
        "own_course",
        "training",
        False,
        1,
    )
    assert open_on(session, made, date(2021, 5, 4), by=None, now=MARCH_2021, calendar=vietnam).items


def test_a_file_gives_an_observance_its_checklist_once(session, template, cast):
    text = export_template(template).replace('key = "happiness_day"', 'key = "women_day"', 1)
    ours = text.replace('observance = "intl_happiness_day"', 'observance = "intl_women_day"')

    with pytest.raises(ConflictError, match="happiness_day"):
        import_template(session, text, by=cast.hoa, now=MARCH_2021)
    with pytest.raises(NotFoundError):
        import_template(
            session, text.replace("intl_happiness_day", "no_day"), by=cast.hoa, now=MARCH_2021
        )
    made = import_template(session, ours, by=cast.hoa, now=MARCH_2021).version.template
    assert (made.observance.key, made.enabled, made.opens_from) == (
        "intl_women_day",
        True,
        date(2021, 3, 1),
    )


def test_a_file_may_begin_with_a_byte_order_mark_and_must_be_utf8(session, template):
    text = export_template(template)

    assert from_toml(decoded(text.encode("utf-8-sig"))) == editing.template_entry(template)
    with pytest.raises(InvalidInputError, match="UTF-8"):
        decoded(text.encode("utf-16"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("weight = ", "weight = 9", "“Weight” is at most 5"),
        ('\nrole = "so_vhttdl"', '\nrole = "nobody"', "unknown role 'nobody'"),
        ("required = true", 'required = "maybe"', "“maybe” cannot stand in “required”"),
        ("shift = ", "shft = ", "know nothing called “shft”"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_item(session, template, cast, old, new, words):
    text = export_template(template).replace(old, new, 1)

    with pytest.raises(InvalidInputError, match=words) as found:
        import_template(session, text, by=cast.hoa, now=MARCH_2021)

    assert found.value.facts["item"]


@pytest.mark.parametrize(
    "text",
    ["no = [", "x = 1", "[[template]]\nkey = 'happiness_day'", "[[template]]\n[[template]]\n"],
)
def test_a_file_that_is_no_template_is_refused(session, cast, text):
    with pytest.raises(InvalidInputError):
        import_template(session, text, by=cast.hoa, now=MARCH_2021)
