"""English titles are optional, and what has one is called by it for English readers."""

import re
import shutil
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.english import english_titles, in_english
from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.catalog.reading import SHIPPED, read_catalog
from events.models import (
    ChecklistItem,
    Level,
    Observance,
    Phase,
    Role,
    Round,
    TemplateItem,
)
from events.templates.editing import get_template, rename_template

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TITLES = {
    "Ngày Quốc tế Hạnh phúc": "International Day of Happiness",
    "Báo cáo công tác gia đình năm": "Yearly report",
    "Lớp tập huấn": "Training course",
    "Treo băng rôn": "Hang banners",
}


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("Treo băng rôn", "Hang banners"),
        ("Ngày Quốc tế Hạnh phúc năm 2027", "International Day of Happiness 2027"),
        ("Ngày Quốc tế Hạnh phúc năm 2027 (lần 2)", "International Day of Happiness 2027 (no. 2)"),
        ("Báo cáo công tác gia đình năm 2026", "Yearly report 2026"),
        ("Lớp tập huấn, 12/10/2026", "Training course, 12/10/2026"),
        ("Treo băng rôn trước cổng chợ", None),
        ("Ngày hội làng năm 2026", None),
        ("Lớp khác, 12/10/2026", None),
    ],
)
def test_what_keeps_its_words_is_called_in_english(said, english):
    assert in_english(said, TITLES) == english


def test_nearly_everything_that_opens_is_called_in_english(session, vietnam):
    open_campaigns(session, now=NOW, calendar=vietnam)
    titles = english_titles(session)

    for model in (Round, ChecklistItem):
        said = set(session.scalars(select(model.summary).distinct()))
        unknown = {one for one in said if in_english(one, titles) is None}
        assert len(unknown) <= len(said) // 10, unknown


def test_a_catalogue_needs_no_english_titles(session, tmp_path):
    folder = shutil.copytree(SHIPPED, tmp_path / "catalog")
    for file in ("units.toml", "templates.toml", "observances.toml"):
        text = (folder / file).read_text("utf-8")
        (folder / file).write_text(re.sub(r"(?m)^title_en = .*\n", "", text), "utf-8")

    import_catalog(session, read_catalog(folder), now=NOW)

    for model in (Level, Role, Phase, Observance):
        assert all(row.title_en == row.title_vi for row in session.scalars(select(model)))
    newest = get_template(session, "happiness_day").current.id
    items = session.scalars(select(TemplateItem).where(TemplateItem.version_id == newest))
    assert all(item.title_en == item.title_vi for item in items)


def test_a_template_is_renamed_without_an_english_name(session):
    template = get_template(session, "happiness_day")

    rename_template(session, template, "Ngày vui", " ", by=None, on=date(2021, 1, 1))

    assert template.title_en == "Ngày vui"
