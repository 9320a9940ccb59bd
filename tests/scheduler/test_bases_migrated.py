"""Themes and legal bases in a database of before."""

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.models import Observance
from scheduler import migrate
from tests.scheduler.test_migrate import _insert

NOW = datetime(2026, 11, 30, tzinfo=UTC)
A_ROW = 1000  # beyond those that the catalogue makes
OF_BEFORE = "Quyết định 1696/QĐ-TTg (2016-2020); Quyết định 2232/QĐ-TTg (2021-2025)"


def test_an_older_database_names_the_papers_in_force_from_its_next_start(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0013")
        _insert(
            connection,
            "observance",
            id=A_ROW,
            key="gender_action_month",
            slug="thang-hanh-dong-vi-binh-dang-gioi",
            status="core",
            enabled=True,
            title_vi="Tháng hành động",
            title_en="Action Month",
            rule='{"kind": "fixed_range", "from": "11-15", "to": "12-15"}',
            basis=OF_BEFORE,
            color="purple",
            position=1,
            catalog_base=f'{{"basis": "{OF_BEFORE}"}}',
        )
        _insert(
            connection,
            "theme",
            id=A_ROW,
            observance_id=A_ROW,
            year=2025,
            theme_vi="Chủ đề nhập tay",
            slogans='["Một"]',
        )

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        import_catalog(session, read_catalog(), now=NOW)
        month = session.scalars(
            select(Observance).where(Observance.key == "gender_action_month")
        ).one()
        theme = month.theme_in(2025)
        assert [basis.split(" ngày ")[0] for basis in month.bases_in(2026)] == [
            "Nghị quyết 28/NQ-CP",
            "Quyết định 1790/QĐ-TTg",
        ]
        assert theme is not None
        assert (theme.theme_vi, theme.slogans, theme.is_second_hand) == (
            "Chủ đề nhập tay",
            ["Một"],
            False,
        )
