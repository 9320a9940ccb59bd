"""The colours of calendars, for clients that know names and for one that does not."""

import pytest
from PIL import ImageColor

from events.words.colors import HEX_OF


@pytest.mark.parametrize("name", HEX_OF)
def test_a_colour_is_a_css_name_with_its_own_value(name: str):
    assert HEX_OF[name] == "#{:02X}{:02X}{:02X}".format(*ImageColor.getrgb(name))


def test_no_two_calendars_share_a_colour_by_another_name():
    assert len(set(HEX_OF.values())) == len(HEX_OF)
