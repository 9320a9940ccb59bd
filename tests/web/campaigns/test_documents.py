import hashlib
import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.files.store import LARGEST_FILE
from events.models import Anchor, Campaign, ChecklistItem, Document, Person
from events.people.posts import give_post
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor

PAPER = {
    "kind": "plan",
    "abstract": "Tổ chức Ngày Quốc tế Hạnh phúc",
    "number": "12/KH-UBND",
    "dated": "2021-02-26",
    "item": "0",
}


@pytest.fixture(autouse=True)
def _files(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["files"] = tmp_path / "files"


@pytest.fixture
def thi(signed_in: Callable[[Person], Visitor], cast: Cast, opened: Opened) -> Visitor:
    return signed_in(cast.thi)


def address(opened: Opened) -> str:
    return f"/chien-dich/{opened.commune.uid}/van-ban"


def entered(session: Session) -> list[Document]:
    session.expire_all()
    return list(session.scalars(select(Document).order_by(Document.id)))


def test_a_campaign_leads_to_its_documents(leader: Visitor, opened: Opened):
    assert f'href="{address(opened)}"' in leader.read(f"/chien-dich/{opened.commune.uid}")
    leader.read(address(opened))


def test_a_new_documents_issuer_is_the_units_peoples_committee(thi: Visitor, opened: Opened):
    assert 'value="UBND thị trấn Đăk Glei"' in thi.read(address(opened))


def test_a_document_is_entered_and_listed(thi: Visitor, opened: Opened, session: Session):
    response = thi.post(
        address(opened), **PAPER | {"item": str(opened.item.id), "signer": "Cán bộ ký"}
    )

    assert response.status_code == 303
    [document] = entered(session)
    assert (document.number, document.item_id, document.by.full_name) == (
        "12/KH-UBND",
        opened.item.id,
        "Cán bộ xã (Thi)",
    )
    page = thi.read(address(opened))
    assert all(
        text in page
        for text in ("12/KH-UBND", "26/02/2021", "Cán bộ ký", f'href="/viec/{opened.item.id}"')
    )


def test_a_documents_file_is_kept_and_read_by_posts_there_or_above_alone(
    thi: Visitor,
    signed_in: Callable[[Person], Visitor],
    stranger: Visitor,
    cast: Cast,
    opened: Opened,
    session: Session,
):
    plan = b"%PDF-1.7 a plan" + bytes(300_000)
    assert (
        thi.post(address(opened), **PAPER, file=(BytesIO(plan), "Kế hoạch.pdf")).status_code == 303
    )

    [document] = entered(session)
    file = f"{address(opened)}/{document.uid}/tep"
    assert (document.file_name, document.file_size) == ("Kế hoạch.pdf", len(plan))
    assert signed_in(cast.hoa).get(file).data == plan
    assert signed_in(cast.khanh).get(file).status_code == 403
    assert stranger.get(file).status_code == 303
    thi.post(f"{address(opened)}/{document.uid}/sua", **PAPER | {"number": "13/KH-UBND"})
    assert entered(session)[0].file_name == "Kế hoạch.pdf"


def test_a_file_of_another_type_is_refused_in_words(thi: Visitor, opened: Opened, session: Session):
    response = thi.post(address(opened), **PAPER, file=(BytesIO(b"MZ"), "plan.exe"))

    assert response.status_code == 400
    assert "plan.exe" in response.text
    assert entered(session) == []


def test_a_file_one_byte_over_the_limit_is_refused_whole_and_not_kept_in_part(
    thi: Visitor, opened: Opened, session: Session
):
    body = b"%PDF-" + bytes(LARGEST_FILE - 4)

    response = thi.post(address(opened), **PAPER, file=(BytesIO(body), "plan.pdf"))
    response.request.environ["wsgi.input"].close()  # the client's own, which it forgets

    assert response.status_code == 400
    assert "Tệp “plan.pdf” lớn hơn 10 MB." in response.text
    assert entered(session) == []


def test_what_was_typed_stays_when_something_is_missing(
    thi: Visitor, opened: Opened, session: Session
):
    response = thi.post(address(opened), **PAPER | {"abstract": "", "dated": "30/02"})

    assert response.status_code == 400
    assert 'value="12/KH-UBND"' in response.text
    assert 'role="alert"' in response.text
    assert entered(session) == []


def test_what_a_rule_refuses_is_said_above_the_form(thi: Visitor, opened: Opened, session: Session):
    response = thi.post(address(opened), **PAPER | {"dated": "1800-01-01"})

    assert response.status_code == 400
    assert "1800" in response.text
    assert 'value="12/KH-UBND"' in response.text
    assert entered(session) == []


def test_a_document_is_corrected(thi: Visitor, opened: Opened, session: Session):
    thi.post(address(opened), **PAPER | {"number": ""})
    [document] = entered(session)
    form = thi.read(f"{address(opened)}/{document.uid}/sua")
    assert 'value="Tổ chức Ngày Quốc tế Hạnh phúc"' in form

    assert thi.post(f"{address(opened)}/{document.uid}/sua", **PAPER).status_code == 303
    assert (
        thi.post(f"{address(opened)}/{document.uid}/sua", **PAPER | {"abstract": ""}).status_code
        == 400
    )

    [document] = entered(session)
    assert document.number == "12/KH-UBND"


def test_an_issued_document_leads_to_its_item_which_is_then_done_without_typing_the_number_again(
    thi: Visitor, opened: Opened, session: Session
):
    plan = next(item for item in opened.commune.items if item.key == "plan_commune")
    plan.evidence_min = 1
    session.commit()
    thi.post(address(opened), **PAPER | {"item": str(plan.id)})
    [document] = entered(session)

    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-02-26")
    page = thi.read(address(opened))
    assert f'href="/viec/{plan.id}?back=' in page

    page = thi.read(f"/viec/{plan.id}")
    assert "văn bản đã ban hành của việc này" in page
    assert "Còn thiếu minh chứng" not in page
    assert thi.post(f"/viec/{plan.id}/hoan-thanh").status_code == 303
    session.refresh(plan)
    assert plan.is_done


def test_issuing_keeps_the_theme_that_was_printed(thi: Visitor, opened: Opened, session: Session):
    thi.post(f"{address(opened)}/chu-de", theme="Chủ đề lúc ban hành", slogans="Một\nHai")
    thi.post(address(opened), **PAPER)
    [document] = entered(session)

    assert (
        thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-03-01").status_code == 303
    )
    thi.post(f"{address(opened)}/chu-de", theme="Chủ đề về sau")

    page = thi.read(address(opened))
    assert "Chủ đề lúc ban hành" in page
    assert "Chủ đề về sau" in page
    assert "Chủ đề về sau" in thi.read(f"/chien-dich/{opened.commune.uid}")
    assert "Một; Hai" in page


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("2021-03-02", "02/03/2021"),
        ("31/02/2021", "“31/02/2021” không phải là ngày"),
        ("", "Vui lòng nhập ngày ban hành."),
    ],
)
def test_a_day_of_issue_that_cannot_be_is_refused_and_stays(
    thi: Visitor, opened: Opened, session: Session, on: str, why: str
):
    thi.post(address(opened), **PAPER)
    [document] = entered(session)

    answer = thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on=on)

    assert answer.status_code == 400
    assert why in answer.text
    assert f'name="on" max="2021-03-01" value="{on}"' in answer.text
    assert entered(session)[0].issued is None


def test_a_day_of_issue_is_taken_as_people_type_it(thi: Visitor, opened: Opened, session: Session):
    thi.post(address(opened), **PAPER)
    [document] = entered(session)

    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="26/02/2021")

    assert f"{entered(session)[0].issued}" == "2021-02-26"


def test_a_document_replaces_another_but_never_in_a_circle(
    thi: Visitor, opened: Opened, session: Session
):
    for number in ("1/KH", "2/KH"):
        thi.post(address(opened), **PAPER | {"number": number})
    old, new = entered(session)

    assert thi.post(f"{address(opened)}/{new.uid}/thay-the", older=old.uid).status_code == 303
    assert thi.post(f"{address(opened)}/{old.uid}/thay-the", older=new.uid).status_code == 409

    old, new = entered(session)
    assert (new.supersedes_id, old.supersedes_id) == (old.id, None)


def test_others_neither_read_nor_write(
    stranger: Visitor,
    signed_in: Callable[[Person], Visitor],
    thi: Visitor,
    cast: Cast,
    opened: Opened,
    session: Session,
):
    khanh = signed_in(cast.khanh)

    khanh.read(address(opened), 403)
    assert khanh.post(address(opened), **PAPER).status_code == 403
    assert stranger.post(address(opened), **PAPER).location.startswith("/dang-nhap")
    assert entered(session) == []


def test_unknown_documents_are_not_found(thi: Visitor, opened: Opened):
    thi.read("/chien-dich/khong-co/van-ban", 404)
    thi.read(f"{address(opened)}/khong-co/sua", 404)
    assert thi.post(f"{address(opened)}/khong-co/ban-hanh", on="2021-03-01").status_code == 404


def test_the_number_of_queries_does_not_depend_on_documents(
    thi: Visitor, opened: Opened, session: Session, count_queries
):
    for _ in range(2):
        thi.post(address(opened), **PAPER)
    thi.read(address(opened))
    two = count_queries(lambda: thi.read(address(opened)))
    for _ in range(2):
        thi.post(address(opened), **PAPER)
    thi.read(address(opened))

    assert count_queries(lambda: thi.read(address(opened))) == two
    assert len(re.findall("<article", thi.read(address(opened)))) == 4


def test_a_plan_is_entered_for_the_plans_item_unless_another_is_asked_for(
    thi: Visitor, opened: Opened
):
    plan = next(item for item in opened.commune.items if item.key == "plan_commune")
    other = opened.commune.items[-1]

    assert f'<option selected value="{plan.id}">' in thi.read(address(opened))
    assert f'<option selected value="{other.id}">' in thi.read(f"{address(opened)}?viec={other.id}")
    assert f"/van-ban?viec={other.id}#them" in thi.read(f"/viec/{other.id}")


def test_a_plan_that_units_below_wait_for_leads_to_moving_dates(
    signed_in: Callable[[Person], Visitor], cast: Cast, opened: Opened, session: Session
):
    hoa, page = signed_in(cast.hoa), f"/chien-dich/{opened.province.uid}/van-ban"
    assert "để lại cho cấp dưới ít nhất 7 ngày làm việc" in hoa.read(page)
    hoa.post(page, **PAPER)
    [document] = entered(session)

    hoa.post(f"{page}/{document.uid}/ban-hanh", on="2021-03-01")

    assert f'<a href="/chien-dich/{opened.province.uid}/doi-ngay">Dời ngày</a>' in hoa.read(page)


def test_a_plan_that_nobody_below_waits_for_moves_nothing(
    thi: Visitor, opened: Opened, session: Session
):
    assert "không làm dời hạn nào" in thi.read(address(opened))
    thi.post(address(opened), **PAPER)
    [document] = entered(session)

    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-03-01")

    assert "doi-ngay" not in thi.read(address(opened))


def test_what_counts_from_the_units_own_plan_is_named_and_moves_when_that_is_issued(
    thi: Visitor, opened: Opened, session: Session
):
    items = {item.key: item for item in opened.commune.items}
    model = next(item for item in opened.commune.version.items if item.key == "loudspeaker")
    model.anchor, model.offset_days, model.end_offset_days, model.depends_on = (
        Anchor.PLAN,
        12,
        None,
        ["plan_commune"],
    )
    session.commit()
    page = thi.read(address(opened))
    assert "không làm dời hạn nào" not in page
    assert f'tự dời theo: <span lang="vi">{items["loudspeaker"].summary}</span>' in page

    thi.post(address(opened), **PAPER | {"item": str(items["plan_commune"].id)})
    [document] = entered(session)
    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-02-26")

    day = session.get_one(ChecklistItem, items["loudspeaker"].id).due
    assert f"“{items['loudspeaker'].summary}” → {day:%d/%m/%Y}" in thi.read(address(opened))
    thi.post(
        f"{address(opened)}/{document.uid}/sua", **PAPER | {"item": "0", "issued": "2021-02-25"}
    )
    again = session.get_one(ChecklistItem, items["loudspeaker"].id, populate_existing=True).due
    assert (day.isoformat(), again.isoformat()) == ("2021-03-10", "2021-03-09")


def test_drafts_are_for_the_unit_and_those_above_it(
    stranger: Visitor,
    thi: Visitor,
    signed_in: Callable[[Person], Visitor],
    cast: Cast,
    opened: Opened,
    session: Session,
):
    thi.post(address(opened), **PAPER | {"abstract": "Dự thảo riêng", "item": str(opened.item.id)})
    [document] = entered(session)

    khanh = signed_in(cast.khanh)
    for page in (address(opened), f"/viec/{opened.item.id}"):
        khanh.read(page, 403)
        assert stranger.get(page).location.startswith("/dang-nhap")
    assert stranger.get(f"{address(opened)}/{document.uid}/sua").location.startswith("/dang-nhap")
    assert khanh.get(f"{address(opened)}/{document.uid}/sua").status_code == 403
    assert "Dự thảo riêng" in signed_in(cast.hoa).read(address(opened))

    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-03-01")
    khanh.read(address(opened), 403)


def test_a_document_is_public_once_it_is_marked_so_and_issued(
    stranger: Visitor, thi: Visitor, signed_in, cast: Cast, opened: Opened, session: Session
):
    thi.post(address(opened), **PAPER | {"abstract": "Kế hoạch chung"})
    [document] = entered(session)
    one = f"{address(opened)}/{document.uid}"
    assert signed_in(cast.khanh).post(f"{one}/cong-khai", state="on").status_code == 403

    thi.post(f"{one}/cong-khai", state="on")
    assert stranger.get(address(opened)).location.startswith("/dang-nhap")
    assert stranger.get(f"{one}/tep").location.startswith("/dang-nhap")
    thi.post(f"{one}/ban-hanh", on="2021-03-01")
    assert "Kế hoạch chung" in stranger.read(address(opened))
    stranger.read(f"{one}/tep", 404)  # it has no file
    thi.post(f"{one}/cong-khai", state="off")
    assert stranger.get(address(opened)).location.startswith("/dang-nhap")


def test_the_day_of_issue_is_corrected_and_what_it_was_is_shown(
    thi: Visitor, opened: Opened, session: Session
):
    thi.post(address(opened), **PAPER)
    [document] = entered(session)
    edit = f"{address(opened)}/{document.uid}/sua"
    assert 'name="issued"' not in thi.read(edit)
    thi.post(f"{address(opened)}/{document.uid}/ban-hanh", on="2021-03-01")
    assert 'value="2021-03-01"' in thi.read(edit)

    assert thi.post(edit, **PAPER | {"kind": "report"}).status_code == 400
    assert thi.post(edit, **PAPER | {"issued": "2021-02-26"}).status_code == 303

    assert entered(session)[0].issued.isoformat() == "2021-02-26"
    page = re.sub(r"<[^>]+>", "", thi.read(address(opened)))
    assert "Cán bộ xã (Thi): Ngày ban hành: 01/03/2021 → 26/02/2021" in page


def test_a_plan_of_another_campaign_of_the_unit_can_be_replaced(
    thi: Visitor, opened: Opened, session: Session, vietnam, cast: Cast
):
    open_campaigns(session, now=NOON + timedelta(days=90), calendar=vietnam, year=2021)
    day = next(
        c
        for c in session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id))
        if c.id != opened.commune.id
    )
    session.commit()
    elsewhere = f"/chien-dich/{day.uid}/van-ban"
    for page, number, kind in (
        (elsewhere, "1/KH", "plan"),
        (elsewhere, "2/CV", "letter"),
        (address(opened), "3/KH", "plan"),
    ):
        thi.post(page, **PAPER | {"number": number, "kind": kind})
    old, letter, new = entered(session)
    page = thi.read(address(opened))
    assert f'value="{old.uid}"' in page
    assert f'value="{letter.uid}"' not in page

    assert thi.post(f"{address(opened)}/{new.uid}/thay-the", older=old.uid).status_code == 303

    assert f"#van-ban-{new.id}" in thi.read(elsewhere)
    assert f"#van-ban-{old.id}" in thi.read(address(opened))


def test_a_file_that_should_not_be_there_is_erased_with_its_name_and_the_paper_stays(
    thi: Visitor,
    signed_in: Callable[[Person], Visitor],
    cast: Cast,
    opened: Opened,
    session: Session,
    tmp_path: Path,
):
    thi.post(address(opened), **PAPER, file=(BytesIO(b"%PDF-1.4 a"), "nan nhan A.pdf"))
    [document] = entered(session)
    thi.post(
        f"{address(opened)}/{document.uid}/sua",
        **PAPER,
        file=(BytesIO(b"%PDF-1.4 b"), "nan nhan B.pdf"),
    )
    erase = f"{address(opened)}/{document.uid}/tep/xoa-han"
    khanh, hoa = signed_in(cast.khanh), signed_in(cast.hoa)
    assert "nan nhan A" in thi.read(address(opened))
    assert erase in thi.read(address(opened))
    assert khanh.post(erase).status_code == 403

    assert hoa.post(erase).status_code == 303

    page = thi.read(address(opened))
    assert "nan nhan" not in page
    assert "Hòa): Tệp: đã xóa hẳn → –" in re.sub(r"<[^>]+>", "", page)
    assert erase not in page
    assert PAPER["number"] in page
    assert thi.get(f"{address(opened)}/{document.uid}/tep").status_code == 404
    digest = hashlib.sha256(b"%PDF-1.4 b").hexdigest()
    assert digest not in {path.name for path in tmp_path.glob("files/??/*")}
    assert hoa.post(erase).status_code == 404


def test_whoever_uploaded_a_file_erases_it_and_a_colleague_who_corrected_the_paper_does_not(
    thi: Visitor,
    signed_in: Callable[[Person], Visitor],
    cast: Cast,
    opened: Opened,
    session: Session,
):
    give_post(session, cast.la, cast.commune, "cc_vhxh", since=date(2020, 1, 1))
    session.commit()
    thi.post(address(opened), **PAPER, file=(BytesIO(b"%PDF-1.4 a"), "a.pdf"))
    [document] = entered(session)
    colleague = signed_in(cast.la)
    colleague.post(f"{address(opened)}/{document.uid}/sua", **PAPER | {"number": "13/KH-UBND"})
    erase = f"{address(opened)}/{document.uid}/tep/xoa-han"

    assert erase not in colleague.read(address(opened))
    assert colleague.post(erase).status_code == 403
    assert thi.post(erase).status_code == 303


def test_a_file_that_another_paper_names_stays_in_the_folder(
    thi: Visitor, opened: Opened, session: Session, tmp_path: Path
):
    for number in ("12/KH-UBND", "13/KH-UBND"):
        form = PAPER | {"number": number, "file": (BytesIO(b"%PDF-1.4 a"), "a.pdf")}
        thi.post(address(opened), **form)
    first, second = entered(session)

    thi.post(f"{address(opened)}/{first.uid}/tep/xoa-han")

    assert [path.name for path in tmp_path.glob("files/??/*")] == [second.file_digest]
    assert thi.get(f"{address(opened)}/{second.uid}/tep").status_code == 200
