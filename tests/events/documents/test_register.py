from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from events.campaigns.issued_plans import issue_dates
from events.campaigns.opening import open_campaigns
from events.checklist.history import history_of
from events.checklist.story import story_of
from events.documents.lookup import (
    awaited_items,
    documents_of,
    documents_of_item,
    get_document,
    leaves_time_below,
    likely_issuer,
    plan_item,
    printed_by,
    replaceable,
    replacing,
)
from events.documents.register import (
    Paper,
    add_document,
    correct_document,
    issue_document,
    supersede,
)
from events.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    YearOutOfRangeError,
)
from events.models import (
    Campaign,
    Document,
    DocumentKind,
    Level,
    Observance,
    Role,
    Round,
    Theme,
    Unit,
)
from events.observances.occurrences import describe
from events.observances.printed import Printed, choose_theme, inherited, of_year
from tests.chance import drawn
from tests.conftest import Cast

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)
A_DAY = timedelta(days=1)
PLAN = Paper(
    DocumentKind.PLAN, "Tổ chức Ngày Quốc tế Hạnh phúc", number="10/KH-BCĐ", dated=date(2021, 1, 19)
)


class Opened:
    """The Day of Happiness 2021 in the province, a district and a commune."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.province, self.district, self.commune = (
            _campaign(session, unit, "intl_happiness_day")
            for unit in (cast.province, cast.district, cast.commune)
        )


def _campaign(session: Session, unit: Unit, key: str) -> Campaign:
    query = (
        select(Campaign)
        .join(Campaign.round)
        .join(Round.observance)
        .where(Campaign.unit_id == unit.id, Observance.key == key)
    )
    return session.scalars(query.where(Campaign.round.has(Round.year == 2021))).one()


OF_HAPPINESS = (
    "Nghị quyết A/RES/66/281 của Đại hội đồng LHQ (28/6/2012); "
    "ở Việt Nam: Quyết định 2589/QĐ-TTg ngày 26/12/2013",
)
OF_THE_FAMILY = ("Quyết định 72/2001/QĐ-TTg ngày 04/5/2001",)


@pytest.fixture
def happiness(session: Session, cast: Cast, vietnam) -> Opened:
    open_campaigns(session, now=datetime(2021, 10, 1, tzinfo=UTC), calendar=vietnam, year=2021)
    return Opened(session, cast)


def announce(
    session: Session, campaign: Campaign, text: str, slogans: tuple[str, ...] = ()
) -> None:
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


def test_drafts_follow_a_new_theme_and_issued_documents_do_not(
    session: Session, cast: Cast, happiness: Opened
):
    announce(session, happiness.commune, "Yêu thương và chia sẻ")
    draft, issued = (
        add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(2)
    )
    issue_document(session, issued, TODAY, by=cast.thi, now=NOW)

    announce(session, happiness.commune, "Hạnh phúc cho mọi người")

    assert (printed_by(draft).theme, printed_by(issued).theme) == (
        "Hạnh phúc cho mọi người",
        "Yêu thương và chia sẻ",
    )
    correct_document(session, issued, PLAN, by=cast.thi, now=NOW)
    assert printed_by(issued).theme == "Yêu thương và chia sẻ"


def test_a_document_that_was_issued_before_the_theme_was_known_prints_none(
    session: Session, cast: Cast, happiness: Opened
):
    forget_themes(session, happiness.commune)
    document = issue_document(
        session,
        add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW),
        TODAY,
        by=cast.thi,
        now=NOW,
    )

    announce(session, happiness.commune, "Hạnh phúc cho mọi người")

    assert printed_by(document).theme is None


def test_a_theme_chosen_above_holds_below_until_a_campaign_chooses_its_own(
    session: Session, cast: Cast, happiness: Opened
):
    announce(session, happiness.province, "Chủ đề năm", ("Khẩu hiệu năm",))
    choose_theme(
        session, happiness.province, "Chủ đề tỉnh", ["Khẩu hiệu tỉnh", " "], by=cast.hoa, now=NOW
    )
    choose_theme(session, happiness.commune, "Chủ đề xã", by=cast.thi, now=NOW)

    themes = [
        inherited(campaign).theme
        for campaign in (happiness.province, happiness.district, happiness.commune)
    ]

    assert themes == ["Chủ đề tỉnh", "Chủ đề tỉnh", "Chủ đề xã"]
    assert inherited(happiness.district).slogans == ("Khẩu hiệu tỉnh",)
    choose_theme(session, happiness.province, "", by=cast.hoa, now=NOW)
    assert inherited(happiness.district) == Printed(
        "Chủ đề năm", ("Khẩu hiệu năm",), bases=OF_HAPPINESS
    )


def test_who_chooses_only_a_theme_prints_no_slogans_of_another(
    session: Session, cast: Cast, happiness: Opened
):
    announce(session, happiness.province, "Chủ đề năm", ("Khẩu hiệu năm",))
    choose_theme(
        session, happiness.district, "Chủ đề huyện", ["Khẩu hiệu huyện"], by=cast.hoa, now=NOW
    )

    choose_theme(session, happiness.province, "Chủ đề tỉnh", by=cast.hoa, now=NOW)
    choose_theme(session, happiness.commune, "", ["Khẩu hiệu xã"], by=cast.thi, now=NOW)

    assert inherited(happiness.province) == Printed("Chủ đề tỉnh", bases=OF_HAPPINESS)
    assert inherited(happiness.commune).slogans == ("Khẩu hiệu xã",)


def test_choosing_the_same_theme_twice_is_one_change(
    session: Session, cast: Cast, happiness: Opened
):
    for _ in range(2):
        choose_theme(session, happiness.commune, "Chủ đề xã", by=cast.thi, now=NOW)

    assert happiness.commune.sequence == 1


def test_a_day_without_a_theme_prints_that_of_the_month_it_lies_in(
    session: Session, cast: Cast, happiness: Opened
):
    month, day = (
        _campaign(session, cast.commune, key) for key in ("gender_action_month", "intl_day_evaw")
    )
    forget_themes(session, day)
    announce(session, month, "Chủ đề Tháng hành động")

    assert inherited(day).theme == "Chủ đề Tháng hành động"
    day.outer = None  # as where the month opens no campaign
    assert day.observance
    assert inherited(day).theme == of_year(day.observance, 2021).theme == "Chủ đề Tháng hành động"
    assert "Chủ đề Tháng hành động" in describe(day.observance, 2021)


def test_number_date_issuer_and_signer_may_be_unknown(
    session: Session, cast: Cast, happiness: Opened
):
    document = add_document(
        session,
        happiness.commune,
        Paper(DocumentKind.LETTER, "  Hướng dẫn \n tuyên truyền "),
        by=cast.thi,
        now=NOW,
    )

    assert (document.abstract, document.number, document.dated, document.issuer) == (
        "Hướng dẫn tuyên truyền",
        None,
        None,
        None,
    )
    assert documents_of(session, happiness.commune) == [document]


def test_the_date_of_issue_is_printed_when_no_other_is_known(
    session: Session, cast: Cast, happiness: Opened
):
    document = add_document(
        session, happiness.commune, Paper(DocumentKind.PLAN, "Kế hoạch"), by=cast.thi, now=NOW
    )

    issue_document(session, document, TODAY - A_DAY, by=cast.thi, now=NOW)

    assert (document.issued, document.dated) == (TODAY - A_DAY, TODAY - A_DAY)


def test_a_document_is_issued_once_and_not_in_the_future(
    session: Session, cast: Cast, happiness: Opened
):
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
def test_what_cannot_stand_on_a_document_is_refused(
    session: Session, cast: Cast, happiness: Opened, paper: Paper, error
):
    with pytest.raises(error):
        add_document(session, happiness.commune, paper, by=cast.thi, now=NOW)

    assert documents_of(session, happiness.commune) == []


def test_an_item_of_another_campaign_takes_no_document(
    session: Session, cast: Cast, happiness: Opened
):
    with pytest.raises(InvalidInputError, match="another campaign"):
        add_document(
            session, happiness.commune, PLAN, item=happiness.district.items[0], by=cast.hoa, now=NOW
        )


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_only_a_post_in_the_unit_or_above_it_may_write(
    session: Session, cast: Cast, happiness: Opened, who: str
):
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


def test_the_plan_in_force_says_when_it_was_issued(session: Session, cast: Cast, happiness: Opened):
    item = happiness.commune.items[0]

    def issued():
        return issue_dates(session, happiness.commune).paper(happiness.commune.unit_id, item.key)

    first, second = (
        add_document(session, happiness.commune, PLAN, item=item, by=cast.thi, now=NOW)
        for _ in range(2)
    )
    letter = add_document(
        session,
        happiness.commune,
        Paper(DocumentKind.LETTER, "Công văn"),
        item=item,
        by=cast.thi,
        now=NOW,
    )
    assert issued() is None

    issue_document(session, first, TODAY, by=cast.thi, now=NOW)
    issue_document(session, letter, TODAY - A_DAY, by=cast.thi, now=NOW)
    supersede(session, second, first, by=cast.thi, now=NOW)
    assert issued() == TODAY

    issue_document(session, second, TODAY - 2 * A_DAY, by=cast.thi, now=NOW)
    assert issued() == TODAY - 2 * A_DAY


def test_a_document_is_replaced_by_one_of_the_same_unit_and_only_once(
    session: Session, cast: Cast, happiness: Opened
):
    old, new, other = (
        add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(3)
    )
    elsewhere = add_document(session, happiness.district, PLAN, by=cast.hoa, now=NOW)
    for _ in range(2):
        supersede(session, new, old, by=cast.thi, now=NOW)

    with pytest.raises(ConflictError, match="already replaced"):
        supersede(session, other, old, by=cast.thi, now=NOW)
    with pytest.raises(InvalidInputError, match="same unit"):
        supersede(session, new, elsewhere, by=cast.hoa, now=NOW)


@drawn(25)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_no_document_ever_replaces_itself_through_others(
    session: Session, cast: Cast, happiness: Opened, pairs
):
    with session.begin_nested() as undo:
        documents = [
            add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(5)
        ]
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


def test_a_document_is_found_in_its_campaign_only(session: Session, cast: Cast, happiness: Opened):
    document = add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW)

    assert get_document(session, happiness.commune, document.uid) is document
    with pytest.raises(NotFoundError):
        get_document(session, happiness.district, document.uid)


def stories(session: Session, item) -> list[str]:
    return [story_of(change, "en") for change in reversed(history_of(session, item))]


def test_an_item_tells_what_became_of_its_papers(session: Session, cast: Cast, happiness: Opened):
    item, other = happiness.commune.items[:2]
    plan = add_document(session, happiness.commune, PLAN, item=item, by=cast.thi, now=NOW)
    issue_document(session, plan, TODAY, by=cast.thi, now=NOW)
    correct_document(session, plan, PLAN, item=item, issued=TODAY - A_DAY, by=cast.thi, now=NOW)
    new = add_document(session, happiness.commune, PLAN, item=item, by=cast.thi, now=NOW)
    supersede(session, new, plan, by=cast.thi, now=NOW)
    correct_document(
        session, new, Paper(DocumentKind.PLAN, "Sửa đổi"), item=other, by=cast.thi, now=NOW
    )

    name, paper = cast.thi.full_name, "plan 10/KH-BCĐ “Tổ chức Ngày Quốc tế Hạnh phúc”"
    assert stories(session, item) == [
        f"{name} entered a document: {paper}",
        f"{name} recorded that a document was issued on 04/03/2021: {paper}",
        f"{name} corrected the day of issue from 04/03/2021 to 03/03/2021: {paper}",
        f"{name} entered a document: {paper}",
        f"{name} recorded that a document replaces 10/KH-BCĐ “Tổ chức Ngày Quốc tế Hạnh phúc”: {paper}",
        f"{name} no longer counts a document for this item: plan “Sửa đổi”",
    ]
    assert stories(session, other) == [f"{name} entered a document: plan “Sửa đổi”"]
    assert documents_of_item(session, item, drafts=False) == [plan]


def test_what_is_corrected_on_an_issued_document_keeps_its_before_and_after(
    session: Session, cast: Cast, happiness: Opened
):
    document = add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW)
    issue_document(session, document, TODAY, by=cast.thi, now=NOW)
    changed = Paper(DocumentKind.PLAN, PLAN.abstract, number="11/KH-BCĐ", dated=PLAN.dated)

    for _ in range(2):
        correct_document(session, document, changed, issued=TODAY - A_DAY, by=cast.hoa, now=NOW)

    session.expire(document)
    assert [(change.by_name, change.before, change.after) for change in document.changes] == [
        (cast.thi.full_name, {"issued": None}, {"issued": "04/03/2021"}),
        (
            cast.hoa.full_name,
            {"number": "10/KH-BCĐ", "issued": "04/03/2021"},
            {"number": "11/KH-BCĐ", "issued": "03/03/2021"},
        ),
    ]


def test_an_issued_document_keeps_its_type_and_a_draft_has_no_day_of_issue(
    session: Session, cast: Cast, happiness: Opened
):
    document = add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW)
    with pytest.raises(ConflictError, match="still a draft"):
        correct_document(session, document, PLAN, issued=TODAY, by=cast.thi, now=NOW)
    issue_document(session, document, TODAY, by=cast.thi, now=NOW)

    with pytest.raises(ConflictError, match="type of an issued document stays"):
        correct_document(
            session, document, Paper(DocumentKind.REPORT, "Hoàn toàn khác"), by=cast.thi, now=NOW
        )
    with pytest.raises(InvalidInputError, match="still to come"):
        correct_document(session, document, PLAN, issued=TODAY + A_DAY, by=cast.thi, now=NOW)


def test_an_issued_document_keeps_slogans_anniversary_and_legal_bases_too(
    session: Session, cast: Cast, vietnam, happiness: Opened
):
    day = _campaign(session, cast.commune, "vn_family_day")
    announce(session, day, "Chủ đề", ("Một", "Hai"))
    document = add_document(session, day, PLAN, by=cast.thi, now=NOW)
    issue_document(session, document, TODAY, by=cast.thi, now=NOW)

    announce(session, day, "Chủ đề mới", ("Ba",))
    day.observance.base_year, day.observance.basis = None, "Căn cứ mới"

    assert printed_by(document) == Printed(
        "Chủ đề", ("Một", "Hai"), "Kỷ niệm 20 năm (2001–2021)", OF_THE_FAMILY
    )
    assert inherited(day) == Printed("Chủ đề mới", ("Ba",), bases=("Căn cứ mới",))


def test_drafts_are_left_out_for_those_who_may_not_see_them(
    session: Session, cast: Cast, happiness: Opened
):
    draft, issued = (
        add_document(session, happiness.commune, PLAN, by=cast.thi, now=NOW) for _ in range(2)
    )
    issue_document(session, issued, TODAY, by=cast.thi, now=NOW)
    supersede(session, draft, issued, by=cast.thi, now=NOW)

    assert documents_of(session, happiness.commune, drafts=False) == [issued]
    assert replacing(session, [issued], drafts=False) == {}
    assert replacing(session, [issued], drafts=True) == {issued.id: draft}


def test_a_document_may_replace_one_of_an_earlier_campaign_of_the_unit(
    session: Session, cast: Cast, happiness: Opened
):
    day = _campaign(session, cast.commune, "vn_family_day")
    old, new = (
        add_document(session, campaign, PLAN, by=cast.thi, now=NOW)
        for campaign in (happiness.commune, day)
    )
    add_document(session, happiness.district, PLAN, by=cast.hoa, now=NOW)
    assert replaceable(session, cast.commune) == [new, old]

    supersede(session, new, old, by=cast.thi, now=NOW)

    assert replaceable(session, cast.commune) == [new]
    assert replacing(session, [old], drafts=True) == {old.id: new}


def test_a_plan_for_what_units_below_wait_for_leaves_them_time(
    session: Session, cast: Cast, happiness: Opened
):
    awaited = awaited_items(session, happiness.province)
    assert [item.key for item in awaited] == ["plan_province"]
    of_campaign, of_item = (
        add_document(session, happiness.province, PLAN, item=item, by=cast.hoa, now=NOW)
        for item in (None, awaited[0])
    )
    letter = add_document(
        session, happiness.province, Paper(DocumentKind.LETTER, "Công văn"), by=cast.hoa, now=NOW
    )

    assert [
        leaves_time_below(document, awaited) for document in (of_campaign, of_item, letter)
    ] == [True, True, False]
    assert awaited_items(session, happiness.commune) == []
    plans = [plan_item(session, campaign) for campaign in (happiness.province, happiness.commune)]
    assert [item.key for item in plans if item] == ["plan_province", "plan_commune"]


def test_documents_are_issued_by_a_peoples_committee_or_the_provinces_steering_committee(
    session: Session, happiness: Opened
):
    assert likely_issuer(happiness.commune) == "UBND thị trấn Đăk Glei"
    assert likely_issuer(happiness.province) == "UBND tỉnh Kon Tum"

    for campaign in (happiness.province, happiness.commune):
        campaign.owner_role = session.get_one(Role, "bcd_tinh")

    assert likely_issuer(happiness.province) == "Ban Chỉ đạo công tác gia đình tỉnh Kon Tum"
    assert likely_issuer(happiness.commune) == "UBND thị trấn Đăk Glei"
    happiness.commune.unit.level = session.get_one(Level, "village")
    assert likely_issuer(happiness.commune) is None
