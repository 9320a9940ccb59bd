import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp, write_columns
from events.days.reasons import Cause, DayReason
from events.files.store import LARGEST_FILE
from events.models import Change, ChecklistItem, Evidence, Person, TodoStatus
from tests.conftest import Cast, tick_off
from tests.web.conftest import NOON, Clock, Opened, Visitor

PDF = b"%PDF-1.7 a plan"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63789ea00a000311012eeea25ee30000000049454e44ae426082"
)


@pytest.fixture
def opened(opened: Opened, session: Session) -> Opened:
    """The campaigns, with a commune's item for which a tick is enough."""
    opened.item.evidence_min = 0
    session.commit()
    return opened


@pytest.fixture
def settings(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return settings | {"files": tmp_path / "files"}


@pytest.fixture
def plan(opened: Opened, session: Session) -> ChecklistItem:
    """The commune's plan, which wants the document's number or its file."""
    opened.item.evidence_min = 1
    session.commit()
    return opened.item


def status_of(session: Session, item: ChecklistItem) -> TodoStatus:
    session.expire_all()
    return session.get_one(ChecklistItem, item.id).status


def test_looking_changes_nothing(leader: Visitor, opened: Opened, session: Session):
    page = leader.read(f"/viec/{opened.item.id}")

    assert opened.item.summary in page
    assert "Chưa có thay đổi nào" in page
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


@pytest.mark.parametrize("path", ["hoan-thanh", "mo-lai"])
def test_a_link_that_is_only_opened_cannot_tick(stranger: Visitor, opened: Opened, path: str):
    page = stranger.read(f"/viec/{opened.item.id}/{path}", 405)

    assert "Vui lòng dùng các nút trên trang" in page


def test_the_holder_ticks_and_goes_back_to_where_the_form_stood(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    thi: Visitor = signed_in(cast.thi)

    response = thi.post(
        f"/viec/{opened.item.id}/hoan-thanh", back=f"/chien-dich/{opened.commune.uid}"
    )

    assert response.status_code == 303
    assert response.location == f"/chien-dich/{opened.commune.uid}#viec-{opened.item.id}"
    assert status_of(session, opened.item) is TodoStatus.COMPLETED
    page = thi.read(f"/chien-dich/{opened.commune.uid}")
    assert f"Hoàn thành: {opened.item.summary}" in page
    assert f"1/{len(opened.commune.items)} việc" in page


def test_ticking_twice_is_ticking_once(signed_in, cast: Cast, opened: Opened, session: Session):
    thi: Visitor = signed_in(cast.thi)

    for _ in range(2):
        assert thi.post(f"/viec/{opened.item.id}/hoan-thanh").status_code == 303

    assert session.scalar(select(func.count()).select_from(Change)) == 1


def test_undo_takes_the_tick_back_and_history_keeps_both(
    signed_in, cast: Cast, opened: Opened, session: Session, clock: Clock
):
    thi: Visitor = signed_in(cast.thi)
    thi.post(f"/viec/{opened.item.id}/hoan-thanh")
    clock.advance(timedelta(minutes=5))

    thi.post(f"/viec/{opened.item.id}/mo-lai")

    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION
    page = thi.read(f"/viec/{opened.item.id}")
    assert "12:00 ngày 01/03/2021" in page
    assert "12:05 ngày 01/03/2021" in page
    assert "Cán bộ xã (Thi) mở lại" in page


def test_a_unit_above_may_tick(signed_in, cast: Cast, opened: Opened, session: Session):
    assert signed_in(cast.hoa).post(f"/viec/{opened.item.id}/hoan-thanh").status_code == 303
    assert status_of(session, opened.item) is TodoStatus.COMPLETED


@pytest.mark.parametrize("name", ["khanh", "la"])
def test_others_are_refused_in_words_and_nothing_changes(
    signed_in, cast: Cast, opened: Opened, session: Session, name: str
):
    person: Person = getattr(cast, name)

    response = signed_in(person).post(f"/viec/{opened.item.id}/hoan-thanh")

    assert response.status_code == 403
    assert "Cần giữ vai trò tại thị trấn Đăk Glei" in response.text
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


def test_a_stranger_is_sent_to_sign_in_and_comes_back(
    stranger: Visitor, opened: Opened, session: Session
):
    back = f"/chien-dich/{opened.commune.uid}"

    response = stranger.post(f"/viec/{opened.item.id}/hoan-thanh", back=back)

    assert response.status_code == 303
    assert response.location.startswith("/dang-nhap?next=/chien-dich/")
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example.org/",
        "//evil.example.org",
        "/\\evil.example.org",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_sent_to_another_site(signed_in, cast: Cast, opened: Opened, back: str):
    response = signed_in(cast.thi).post(f"/viec/{opened.item.id}/hoan-thanh", back=back)

    assert response.location == f"/viec/{opened.item.id}#viec-{opened.item.id}"


def test_a_form_without_its_token_changes_nothing(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    response = signed_in(cast.thi).send(f"/viec/{opened.item.id}/hoan-thanh")

    assert response.status_code == 400
    assert "Biểu mẫu đã mở quá lâu" in response.text
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


def test_an_unknown_item_is_not_found(signed_in, cast: Cast, leader: Visitor):
    leader.read("/viec/999999", 404)
    assert signed_in(cast.thi).post("/viec/999999/hoan-thanh").status_code == 404


def test_evidence_and_the_tick_are_one_form(
    signed_in, cast: Cast, opened: Opened, plan: ChecklistItem, session: Session
):
    thi: Visitor = signed_in(cast.thi)
    back = f"/chien-dich/{opened.commune.uid}"
    assert f'value="{back}"' in thi.read(f"/viec/{plan.id}?back={back}")

    response = thi.post(
        f"/viec/{plan.id}/hoan-thanh",
        back=back,
        **{"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "01/03/2021"},
    )

    assert (response.status_code, response.location) == (303, f"{back}#viec-{plan.id}")
    assert status_of(session, plan) is TodoStatus.COMPLETED
    piece = session.scalars(select(Evidence)).one()
    assert (piece.text, piece.dated) == ("12/KH-UBND", date(2021, 3, 1))
    page = thi.read(f"/viec/{plan.id}")
    assert "12/KH-UBND" in page
    assert page.count("12/KH-UBND, 01/03/2021") == 1  # the line of its history


def test_a_tick_without_the_wanted_evidence_changes_nothing_and_offers_the_form(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    response = signed_in(cast.thi).post(f"/viec/{plan.id}/hoan-thanh")

    assert response.status_code == 409
    assert 'role="alert"' in response.text
    assert 'name="doc_ref-text"' in response.text
    assert status_of(session, plan) is TodoStatus.NEEDS_ACTION


def test_what_was_typed_stays_when_something_is_wrong(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    form = {"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "31/02/2021"}

    response = signed_in(cast.thi).post(f"/viec/{plan.id}/hoan-thanh", **form)

    assert response.status_code == 400
    assert 'value="12/KH-UBND"' in response.text
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_evidence_that_is_not_enough_for_the_tick_yet_is_kept_and_completed_by_the_next(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    plan.evidence_min = 2
    session.commit()
    thi: Visitor = signed_in(cast.thi)
    path = f"/viec/{plan.id}/hoan-thanh"

    first = thi.post(path, **{"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-03-01"})

    assert first.status_code == 409
    assert "Đã lưu minh chứng" in first.text
    assert "Còn thiếu 1 minh chứng" in first.text
    assert status_of(session, plan) is TodoStatus.NEEDS_ACTION
    assert thi.post(path, **{"file-file": (BytesIO(PDF), "ke-hoach.pdf")}).status_code == 303
    assert status_of(session, plan) is TodoStatus.COMPLETED
    assert session.scalar(select(func.count()).select_from(Evidence)) == 2


def test_several_files_come_along_at_once(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    plan.evidence_min = 2
    session.commit()
    files = [(BytesIO(PDF), "ke-hoach.pdf"), (BytesIO(PDF + b" "), "phu-luc.pdf")]

    response = signed_in(cast.thi).post(f"/viec/{plan.id}/hoan-thanh", **{"file-file": files})

    assert response.status_code == 303
    assert set(session.scalars(select(Evidence.file_name))) == {"ke-hoach.pdf", "phu-luc.pdf"}


def test_evidence_may_be_saved_first_and_taken_away(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    thi: Visitor = signed_in(cast.thi)
    assert thi.post(f"/viec/{plan.id}/minh-chung").status_code == 400
    thi.post(
        f"/viec/{plan.id}/minh-chung",
        **{"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-03-01"},
    )
    piece = session.scalars(select(Evidence)).one()
    assert status_of(session, plan) is TodoStatus.NEEDS_ACTION

    assert thi.post(f"/viec/{plan.id}/minh-chung/{piece.id}/bo").status_code == 303

    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_an_uploaded_file_is_saved_and_never_shown_by_the_browser(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    thi: Visitor = signed_in(cast.thi)
    large = PDF + bytes(300_000)  # more than other forms may bring

    assert (
        thi.post(
            f"/viec/{plan.id}/hoan-thanh", **{"file-file": (BytesIO(large), "Kế hoạch.html")}
        ).status_code
        == 303
    )

    piece = session.scalars(select(Evidence)).one()
    answer = thi.get(f"/viec/{plan.id}/minh-chung/{piece.id}/tep")
    assert (answer.data, answer.mimetype) == (large, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert piece.file_name == "Kế hoạch.pdf"


def test_files_are_for_posts_in_the_unit_or_above(
    signed_in, stranger: Visitor, cast: Cast, plan: ChecklistItem, session: Session
):
    signed_in(cast.thi).post(
        f"/viec/{plan.id}/hoan-thanh", **{"file-file": (BytesIO(PDF), "a.pdf")}
    )
    path = f"/viec/{plan.id}/minh-chung/{session.scalars(select(Evidence.id)).one()}/tep"

    assert signed_in(cast.hoa).get(path).status_code == 200
    assert signed_in(cast.khanh).get(path).status_code == 403
    assert stranger.get(path).status_code == 303
    assert stranger.get(f"/viec/{plan.id}").location.startswith("/dang-nhap?next=/viec/")


def test_a_file_of_another_type_is_refused_in_words(
    signed_in, cast: Cast, plan: ChecklistItem, tmp_path: Path
):
    response = signed_in(cast.thi).post(
        f"/viec/{plan.id}/hoan-thanh", **{"file-file": (BytesIO(b"MZ"), "anh.pdf")}
    )

    assert response.status_code == 400
    assert "anh.pdf" in response.text
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize(("over", "status"), [(0, 303), (1, 400)])
def test_a_file_may_be_as_large_as_the_limit_and_not_a_byte_larger(
    signed_in, cast: Cast, plan: ChecklistItem, tmp_path: Path, over: int, status: int
):
    body = PDF + bytes(LARGEST_FILE + over - len(PDF))

    response = signed_in(cast.thi).post(
        f"/viec/{plan.id}/hoan-thanh", **{"file-file": (BytesIO(body), "ke-hoach.pdf")}
    )
    response.request.environ["wsgi.input"].close()  # the client's own, which it forgets

    assert response.status_code == status
    assert (tmp_path / "files").exists() is not bool(over)
    assert ("“ke-hoach.pdf” lớn hơn 10 MB." in response.text) is bool(over)


def test_who_may_not_tick_stores_no_file(
    signed_in, cast: Cast, plan: ChecklistItem, tmp_path: Path
):
    response = signed_in(cast.khanh).post(
        f"/viec/{plan.id}/hoan-thanh", **{"file-file": (BytesIO(PDF), "a.pdf")}
    )

    assert response.status_code == 403
    assert not (tmp_path / "files").exists()


def test_the_other_states_are_said_and_undone_from_the_page(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    thi, item = signed_in(cast.thi), opened.item
    thi.post(f"/viec/{item.id}/bat-dau")
    thi.post(f"/viec/{item.id}/vuong-mac", note="chưa có kinh phí")
    assert "chưa có kinh phí" in thi.read(f"/viec/{item.id}")
    thi.post(f"/viec/{item.id}/khong-thuc-hien", reason="mưa lũ")
    assert status_of(session, item) is TodoStatus.CANCELLED
    last = session.scalars(select(Change.id).order_by(Change.id.desc())).first()

    for _ in range(2):
        thi.post(f"/viec/{item.id}/hoan-tac", change=str(last))

    session.expire_all()
    assert (item.status, item.blocked) == (TodoStatus.IN_PROCESS, "chưa có kinh phí")
    signed_in(cast.hoa).post(f"/viec/{item.id}/khong-yeu-cau", reason="xã không có trường")
    assert "xã không có trường" in thi.read(f"/viec/{item.id}")


def test_the_form_to_excuse_a_required_item_is_for_those_above(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    page, action = f"/viec/{opened.item.id}", f'action="/viec/{opened.item.id}/khong-yeu-cau"'
    thi = signed_in(cast.thi)

    assert action not in thi.read(page)
    assert "chỉ huyện Đăk Glei mới được" in thi.read(page)
    assert action in signed_in(cast.hoa).read(page)
    assert thi.post(f"{page}/khong-yeu-cau", reason="không cần").status_code == 409


def test_what_is_held_up_says_so_and_why_wherever_it_is_listed(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    thi, item = signed_in(cast.thi), opened.item
    thi.post(f"/viec/{item.id}/bat-dau")
    thi.post(f"/viec/{item.id}/vuong-mac", note="thiếu kinh phí")

    page = thi.read(f"/viec/{item.id}")
    assert re.search(r'class="state">\s*Đang vướng mắc\s*<', page)
    for path in (
        f"/viec/{item.id}",
        f"/chien-dich/{opened.commune.uid}",
        f"/don-vi/{cast.commune.slug}",
        "/",
    ):
        assert re.search(r"Vướng mắc: <span[^>]*>thiếu kinh phí<", thi.read(path)), path


def test_an_item_names_what_it_waits_for_in_a_unit_above_and_warns_when_it_is_done_first(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    first = next(item for item in opened.province.items if item.key == "plan_province")
    thi, page = signed_in(cast.thi), f"/viec/{opened.item.id}"
    assert opened.item.depends_on == [first.key]
    assert re.search(
        rf"Tỉnh Kon Tum: <a [^>]*/viec/{first.id}[^>]*>[^<]*</a> \(hạn ", thi.read(page)
    )

    thi.post(f"{page}/hoan-thanh")

    assert f"trước việc cần chờ: Tỉnh Kon Tum: {first.summary}" in thi.read(page)
    tick_off(first, cast.hoa, NOON, NOON.date())
    session.commit()
    assert re.search(
        rf"Tỉnh Kon Tum: <a [^>]*/viec/{first.id}[^>]*>[^<]*</a> \(hoàn thành ngày 01/03/2021",
        thi.read(page),
    )


@pytest.mark.parametrize("given", [0, 1])
def test_an_item_done_without_its_evidence_says_so(
    signed_in, cast: Cast, opened: Opened, plan: ChecklistItem, session, given: int
):
    plan.without_evidence = True
    session.commit()
    thi = signed_in(cast.thi)

    form = {"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-03-01"} if given else {}
    assert thi.post(f"/viec/{plan.id}/hoan-thanh", **form).status_code == 303

    for path in (f"/viec/{plan.id}", f"/chien-dich/{opened.commune.uid}"):
        assert ("đã hoàn thành, chưa có minh chứng" in thi.read(path)) is not bool(given)


def test_the_page_says_what_an_undo_takes_back(
    signed_in, cast: Cast, plan: ChecklistItem, session: Session
):
    thi, page = signed_in(cast.thi), f"/viec/{plan.id}"
    assert "Hoàn tác:" not in thi.read(page)
    thi.post(f"{page}/bat-dau")
    thi.post(f"{page}/minh-chung", **{"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-03-01"})

    assert "Hoàn tác: Cán bộ xã (Thi) nộp minh chứng" in thi.read(page)
    thi.post(
        f"{page}/hoan-tac",
        change=str(session.scalars(select(Change.id).order_by(Change.id.desc())).first()),
    )

    assert session.scalar(select(func.count()).select_from(Evidence)) == 0
    assert "Hoàn tác: Cán bộ xã (Thi) bắt đầu" in thi.read(page)


@pytest.mark.parametrize("path", ["vuong-mac", "khong-thuc-hien", "khong-yeu-cau"])
def test_a_missing_reason_is_asked_for_on_the_page(
    signed_in, cast: Cast, opened: Opened, session: Session, path: str
):
    response = signed_in(cast.thi).post(f"/viec/{opened.item.id}/{path}")

    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


def test_history_says_why_a_date_moved_in_the_readers_language(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    earlier = opened.item.due - timedelta(days=1)
    moved = {"due": earlier, "due_reason": DayReason(Cause.TET, provisional=True)}
    write_columns(session, opened.item, moved, Stamp(cast.hoa, NOON))
    session.commit()

    vietnamese = leader.read(f"/viec/{opened.item.id}")
    english = leader.in_english().read(f"/viec/{opened.item.id}")

    assert "vì hạn gốc rơi trong kỳ nghỉ Tết</" in vietnamese.replace("</span>", "</")
    assert "because the original date falls within the Tết break" in english
    assert "dự kiến" not in vietnamese


def test_english_readers_see_the_english_titles_of_what_keeps_its_words(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    item, thi = opened.item, signed_in(cast.thi)
    [of_template] = [one for one in opened.commune.version.items if one.key == item.key]
    address, words = f"/viec/{item.id}", item.summary
    vietnamese, english = thi.read(address), thi.in_english().read(address)
    item.summary = "Treo cờ dọc đường làng"
    session.commit()

    assert f'<h1 lang="vi">{words}</h1>' in vietnamese
    assert f'<h1 lang="en">{of_template.title_en}</h1>' in english
    assert "International Day of Happiness" in english
    assert '<h1 lang="vi">Treo cờ dọc đường làng</h1>' in thi.read(address)


def test_history_says_for_whom_somebody_above_did_it(
    signed_in, cast: Cast, opened: Opened, session: Session
):
    signed_in(cast.hoa).post(f"/viec/{opened.item.id}/hoan-thanh")

    change = session.scalars(select(Change)).one()
    assert change.on_behalf_of_id == cast.commune.id
