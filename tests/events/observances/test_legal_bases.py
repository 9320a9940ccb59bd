"""Papers that an observance rests on for a time."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import (
    ChangedMeanwhileError,
    ConflictError,
    InvalidInputError,
    YearOutOfRangeError,
)
from events.models import LegalBasis, Observance, ObservanceOccurrence
from events.observances.legal_bases import NewBasis, basis_shown, drop_basis, keep_basis
from events.observances.occurrences import extend_horizon

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DECREE = NewBasis("Nghị định", "76/2023/NĐ-CP", date(2023, 11, 1), "Quy định chi tiết", 2024, 2027)


@pytest.fixture
def day(session: Session) -> Observance:
    extend_horizon(session, now=NOW)
    return session.scalars(select(Observance).where(Observance.key == "vn_family_day")).one()


def described(session: Session, day: Observance, year: int) -> str:
    found = select(ObservanceOccurrence).where(
        ObservanceOccurrence.observance_id == day.id, ObservanceOccurrence.year == year
    )
    return session.scalars(found).one().description


def test_a_paper_that_is_entered_stands_in_the_calendar_of_its_years_alone(session, day):
    keep_basis(session, day, DECREE, by=None, now=NOW)

    assert described(session, day, 2027).endswith(
        "Căn cứ: Quyết định 72/2001/QĐ-TTg ngày 04/5/2001; "
        "Nghị định 76/2023/NĐ-CP ngày 01/11/2023 (Quy định chi tiết)."
    )
    assert "76/2023" not in described(session, day, 2028)


def test_entering_a_paper_again_corrects_it_and_an_ended_one_is_named_no_more(session, day):
    keep_basis(session, day, DECREE, by=None, now=NOW)

    keep_basis(session, day, NewBasis("Nghị định", DECREE.number, to_year=2026), by=None, now=NOW)

    assert [basis.number for basis in day.bases] == [DECREE.number]
    assert "76/2023" not in described(session, day, 2027)


def test_storing_what_is_there_changes_no_calendar(session, day):
    keep_basis(session, day, DECREE, by=None, now=NOW)
    before = [row.sequence for row in session.scalars(select(ObservanceOccurrence))]

    keep_basis(session, day, DECREE, by=None, shown="an older page", now=NOW)

    assert [row.sequence for row in session.scalars(select(ObservanceOccurrence))] == before


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (NewBasis("Luật", ""), InvalidInputError),
        (NewBasis("", "1/QĐ"), InvalidInputError),
        (NewBasis("Luật", "1/QĐ", from_year=2027, to_year=2026), InvalidInputError),
        (NewBasis("Luật", "1/QĐ", from_year=20), YearOutOfRangeError),
    ],
)
def test_a_paper_that_cannot_be_is_refused(session, day, wrong, error):
    with pytest.raises(error):
        keep_basis(session, day, wrong, by=None, now=NOW)

    assert day.bases == []


def test_a_paper_that_somebody_else_changed_meanwhile_is_not_overwritten_unseen(session, day):
    keep_basis(session, day, DECREE, by=None, now=NOW)
    shown = basis_shown(day, DECREE.number)
    keep_basis(session, day, NewBasis("Nghị định", DECREE.number, to_year=2030), by=None, now=NOW)

    with pytest.raises(ChangedMeanwhileError) as refused:
        keep_basis(session, day, DECREE, by=None, shown=shown, now=NOW)
    keep_basis(session, day, DECREE, by=None, shown=refused.value.now_shown, now=NOW)

    assert day.bases[0].to_year == DECREE.to_year


def test_a_paper_entered_by_mistake_is_taken_away_and_one_of_the_catalogue_is_ended(session, day):
    keep_basis(session, day, DECREE, by=None, now=NOW)

    for _twice in range(2):
        drop_basis(session, day, DECREE.number, by=None, now=NOW)

    assert day.bases == []
    shipped = session.scalars(select(LegalBasis)).first()
    with pytest.raises(ConflictError):
        drop_basis(session, shipped.observance, shipped.number, by=None, now=NOW)


@given(
    st.none() | st.integers(1990, 2040),
    st.none() | st.integers(1990, 2040),
    st.integers(1980, 2050),
)
def test_a_paper_is_in_force_from_its_first_year_to_its_last(first, last, year):
    paper = LegalBasis(from_year=first, to_year=last)

    assert paper.is_in_force(year) == ((first or 0) <= year <= (last or 9999))
