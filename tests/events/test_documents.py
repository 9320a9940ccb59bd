from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from events.campaigns import open_campaigns
from events.documents import (
    Paper,
    add_document,
    choose_theme,
    correct_document,
    documents_of,
    get_document,
    issue_date_of,
    issue_document,
    slogans_of,
    supersede,
    theme_of,
    theme_printed,
)
from events.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, YearOutOfRangeError
from events.models import Campaign, Document, DocumentKind, Observance, Theme, Unit
from tests.conftest import Cast
from tests.events.test_progress import AT_RANDOM

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)
A_DAY = timedelta(days=1)
PLAN = Paper(DocumentKind.PLAN, "Tổ chức Ngày Quốc tế Hạnh phúc", number="10/KH-BCĐ", dated=date(2021, 1, 19))


class Round:
    """The Day of Happiness 2021 in the province, a district and a commune."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.province, self.district, self.commune = (
            _campaign(session, unit, "intl_happiness_day") for unit in (cast.province, cast.district, cast.commune)
        )


def _campaign(session: Session, unit: Unit, key: str) -> Campaign:
    query = select(Campaign).join(Campaign.observance).where(Campaign.unit_id == unit.id, Observance.key == key)
    return session.scalars(query.where(Campaign.year == 2021)).one()


@pytest.fixture
def happiness(session: Session, cast: Cast, vietnam) -> Round:
    open_campaigns(session, now=datetime(2021, 10, 1, tzinfo=UTC), calendar=vietnam, year=2021)
    return Round(session, cast)


def announce(session: Session, campaign: Campaign, text: str, slogans: tuple[str, ...] = ()) -> None:
    assert campaign.observance
    theme = campaign.observance.theme_in(campaign.year)
    if theme is None:
        campaign.observance.themes.append(theme := Theme(year=campaign.year))
    theme.theme_vi, theme.slogans = text, list(slogans)
    session.flush()


def forget_themes(session: Session, campaign: Campaign) -> None:
    session.execute(delete(Theme).where(Theme.observance_id == campaign.observance_id))
    session.flush()
    session.expire_all()


def test_drafts_follow_a_new_theme_and_issued_documents_do_not(session: Session, cast: Cast, happiness: Round):
    announce(session, happiness.commune, "Yêu thương và chia sẻ")
    draft, issued = (add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(2))
    issue_document(session, issued, TODAY, by=cast.thi, now=NOW)

    announce(session, happiness.commune, "Hạnh phúc cho mọi người")

    assert (theme_printed(draft), theme_printed(issued)) == ("Hạnh phúc cho mọi người", "Yêu thương và chia sẻ")
    correct_document(session, issued, PLAN, by=cast.thi, now=NOW)
    assert theme_printed(issued) == "Yêu thương và chia sẻ"


def test_a_document_that_was_issued_before_the_theme_was_known_prints_none(session: Session, cast: Cast, happiness: Round):
    forget_themes(session, happiness.commune)
    document = issue_document(
        session, add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW), TODAY, by=cast.thi, now=NOW
    )

    announce(session, happiness.commune, "Hạnh phúc cho mọi người")

    assert theme_printed(document) is None


def test_a_theme_chosen_above_holds_below_until_a_campaign_chooses_its_own(session: Session, cast: Cast, happiness: Round):
    announce(session, happiness.province, "Chủ đề năm", ("Khẩu hiệu năm",))
    choose_theme(session, happiness.province, "Chủ đề tỉnh", ["Khẩu hiệu tỉnh", " "], by=cast.hoa, now=NOW)
    choose_theme(session, happiness.commune, "Chủ đề xã", by=cast.thi, now=NOW)

    themes = [theme_of(campaign) for campaign in (happiness.province, happiness.district, happiness.commune)]

    assert themes == ["Chủ đề tỉnh", "Chủ đề tỉnh", "Chủ đề xã"]
    assert slogans_of(happiness.commune) == ["Khẩu hiệu tỉnh"]
    choose_theme(session, happiness.province, "", by=cast.hoa, now=NOW)
    assert (theme_of(happiness.district), slogans_of(happiness.district)) == ("Chủ đề năm", ["Khẩu hiệu năm"])


def test_choosing_the_same_theme_twice_is_one_change(session: Session, cast: Cast, happiness: Round):
    for _ in range(2):
        choose_theme(session, happiness.commune, "Chủ đề xã", by=cast.thi, now=NOW)

    assert happiness.commune.sequence == 1


def test_a_day_without_a_theme_prints_that_of_the_month_it_lies_in(session: Session, cast: Cast, happiness: Round):
    month, day = (_campaign(session, cast.commune, key) for key in ("gender_action_month", "intl_day_evaw"))
    forget_themes(session, day)
    announce(session, month, "Chủ đề Tháng hành động")

    assert theme_of(day) == "Chủ đề Tháng hành động"


def test_number_date_issuer_and_signer_may_be_unknown(session: Session, cast: Cast, happiness: Round):
    document = add_document(
        session, happiness.commune, Paper(DocumentKind.LETTER, "  Hướng dẫn \n tuyên truyền "), by=cast.thi, now=NOW
    )

    assert (document.abstract, document.number, document.dated, document.issuer) == ("Hướng dẫn tuyên truyền", None, None, None)
    assert documents_of(session, happiness.commune) == [document]


def test_the_date_of_issue_is_printed_when_no_other_is_known(session: Session, cast: Cast, happiness: Round):
    document = add_document(session, happiness.commune, Paper(DocumentKind.PLAN, "Kế hoạch"), by=cast.thi, now=NOW)

    issue_document(session, document, TODAY - A_DAY, by=cast.thi, now=NOW)

    assert (document.issued, document.dated) == (TODAY - A_DAY, TODAY - A_DAY)


def test_a_document_is_issued_once_and_not_in_the_future(session: Session, cast: Cast, happiness: Round):
    document = add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW)
    with pytest.raises(InvalidInputError, match="still to come"):
        issue_document(session, document, TODAY + A_DAY, by=cast.thi, now=NOW)

    issue_document(session, document, TODAY, by=cast.thi, now=NOW)
    issue_document(session, document, TODAY, by=cast.hoa, now=NOW)

    assert document.by is cast.thi
    with pytest.raises(ConflictError, match="already issued on 04/03/2021"):
        issue_document(session, document, TODAY - A_DAY, by=cast.thi, now=NOW)


@pytest.mark.parametrize(
    ("paper", "error"),
    [
        (Paper(DocumentKind.PLAN, " "), InvalidInputError),
        (Paper(DocumentKind.PLAN, "x" * 501), InvalidInputError),
        (Paper(DocumentKind.PLAN, "Kế hoạch", dated=date(1899, 1, 1)), YearOutOfRangeError),
    ],
)
def test_what_cannot_stand_on_a_document_is_refused(session: Session, cast: Cast, happiness: Round, paper: Paper, error):
    with pytest.raises(error):
        add_document(session, happiness.commune, paper, by=cast.thi, now=NOW)

    assert documents_of(session, happiness.commune) == []


def test_an_item_of_another_campaign_takes_no_document(session: Session, cast: Cast, happiness: Round):
    with pytest.raises(InvalidInputError, match="another campaign"):
        add_document(session, happiness.commune, PLAN, item=happiness.district.items[0], by=cast.hoa, now=NOW)


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_only_a_post_in_the_unit_or_above_it_may_write(session: Session, cast: Cast, happiness: Round, who: str):
    document = add_document(session, happiness.commune, PLAN, by=cast.hoa, now=NOW)
    by = getattr(cast, who)

    for act in (
        lambda: add_document(session, happiness.commune, PLAN, by=by, now=NOW),
        lambda: correct_document(session, document, PLAN, by=by, now=NOW),
        lambda: issue_document(session, document, TODAY, by=by, now=NOW),
        lambda: supersede(session, document, document, by=by, now=NOW),
        lambda: choose_theme(session, happiness.commune, "Chủ đề", by=by, now=NOW),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_the_plan_in_force_says_when_it_was_issued(session: Session, cast: Cast, happiness: Round):
    item = happiness.commune.items[0]
    first, second = (add_document(session, happiness.commune, PLAN, item=item, by=cast.thi, now=NOW) for _ in range(2))
    letter = add_document(session, happiness.commune, Paper(DocumentKind.LETTER, "Công văn"), item=item, by=cast.thi, now=NOW)
    assert issue_date_of(session, item) is None

    issue_document(session, first, TODAY, by=cast.thi, now=NOW)
    issue_document(session, letter, TODAY - A_DAY, by=cast.thi, now=NOW)
    supersede(session, second, first, by=cast.thi, now=NOW)
    assert issue_date_of(session, item) == TODAY

    issue_document(session, second, TODAY - 2 * A_DAY, by=cast.thi, now=NOW)
    assert issue_date_of(session, item) == TODAY - 2 * A_DAY


def test_a_document_is_replaced_by_one_of_the_same_unit_and_only_once(session: Session, cast: Cast, happiness: Round):
    old, new, other = (add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(3))
    elsewhere = add_document(session, happiness.district, PLAN, by=cast.hoa, now=NOW)
    for _ in range(2):
        supersede(session, new, old, by=cast.thi, now=NOW)

    with pytest.raises(ConflictError, match="already replaced"):
        supersede(session, other, old, by=cast.thi, now=NOW)
    with pytest.raises(InvalidInputError, match="same unit"):
        supersede(session, new, elsewhere, by=cast.hoa, now=NOW)


@settings(AT_RANDOM, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_no_document_ever_replaces_itself_through_others(session: Session, cast: Cast, happiness: Round, pairs):
    with session.begin_nested() as undo:
        documents = [add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(5)]
        for new, old in pairs:
            try:
                supersede(session, documents[new], documents[old], by=cast.thi, now=NOW)
            except ConflictError:
                continue

        for document in documents:
            seen: list[Document] = []
            older = document.supersedes
            while older is not None:
                assert older is not document
                assert older not in seen
                seen.append(older)
                older = older.supersedes
        undo.rollback()


def test_a_document_is_found_in_its_campaign_only(session: Session, cast: Cast, happiness: Round):
    document = add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW)

    assert get_document(session, happiness.commune, document.uid) is document
    with pytest.raises(NotFoundError):
        get_document(session, happiness.district, document.uid)
