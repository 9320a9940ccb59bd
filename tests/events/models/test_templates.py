"""How far from its anchor an item lies, at each level."""

from events.models import Template, TemplateItem, TemplateVersion
from events.models.templates import DROP

VISITS = TemplateItem(
    offset_days=-28,
    level_offsets={"commune": -11},
    end_offset_days=-5,
    level_end_offsets={"commune": 0},
)


def test_a_level_may_have_days_of_its_own():
    assert (VISITS.offset_at("commune"), VISITS.offset_at("province")) == (-11, -28)
    assert (VISITS.end_at("commune"), VISITS.end_at("province")) == (0, -5)


def test_an_item_of_one_day_has_no_end_at_any_level():
    assert (
        TemplateItem(end_offset_days=None, level_end_offsets={"commune": 0}).end_at("commune")
        is None
    )


def test_a_template_opens_with_its_newest_items():
    versions = [TemplateVersion(number=number) for number in (1, 2, 3)]

    assert Template(versions=versions).current is versions[2]


def test_a_template_of_before_still_drops_what_a_missing_level_would_do():
    assert DROP == "drop"
