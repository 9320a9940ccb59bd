import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import func, select

from events.campaigns.opening import open_campaigns
from events.checklist.evidence import (
    Proof,
    add_evidence,
    evidence_missing,
    evidence_not_given,
    file_of,
    proving_papers,
    remove_evidence,
)
from events.checklist.history import Stamp, history_of
from events.checklist.states import complete_item
from events.documents.register import (
    Paper,
    add_document,
    correct_document,
    issue_document,
    supersede,
)
from events.errors import (
    ConflictError,
    EvidenceMissingError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from events.files.pictures import clean_picture
from events.files.store import LARGEST_FILE, StoredFile, file_type, store_file
from events.models import Campaign, ChecklistItem, DocumentKind, Evidence

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)


def a_picture(form, **options):
    body = BytesIO()
    Image.new("RGB", (40, 30), "crimson").save(body, form, **options)
    return body.getvalue()


JPEG, PNG = a_picture("JPEG"), a_picture("PNG")
PDF = b"%PDF-1.7 a plan"
EVERY_KIND = [
    "doc_ref",
    "file",
    "photo",
    "link",
    "script",
    "attendance",
    "count",
    "minutes",
    "report_form",
]
A_PHOTO = StoredFile("le.jpg", "image/jpeg", "0" * 64, 9)
A_PAPER = StoredFile("ke-hoach.pdf", "application/pdf", "1" * 64, 9)


def office_file(inside):
    body = BytesIO()
    with ZipFile(body, "w") as file:
        file.writestr(inside, "<x/>")
    return body.getvalue()


@pytest.fixture
def banners(session, vietnam, cast):
    """The commune's banners for 20 March 2021: two photos are wanted."""
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    return session.scalars(
        query.where(Campaign.unit_id == cast.commune.id, ChecklistItem.key == "banners")
    ).first()


def photo(body, tmp_path, name="anh.jpg"):
    return Proof("photo", file=store_file(tmp_path, name, body))


def test_an_item_may_be_done_once_the_wanted_photos_are_there(session, cast, banners, tmp_path):
    add_evidence(session, banners.id, photo(JPEG, tmp_path), Stamp(cast.thi, NOW))
    with pytest.raises(EvidenceMissingError, match="at least 2 of ảnh"):
        complete_item(session, banners.id, Stamp(cast.thi, NOW))

    add_evidence(session, banners.id, photo(PNG, tmp_path), Stamp(cast.thi, NOW))

    assert complete_item(session, banners.id, Stamp(cast.thi, NOW)).is_done


def test_the_same_photo_twice_is_one_piece_of_evidence(session, cast, banners, tmp_path):
    for _ in range(2):
        add_evidence(session, banners.id, photo(JPEG, tmp_path), Stamp(cast.thi, NOW))

    assert session.scalar(select(func.count()).select_from(Evidence)) == 1
    assert evidence_missing(banners) == 1


def test_history_says_what_was_added_and_taken_away(session, cast, banners, tmp_path):
    piece = add_evidence(
        session, banners.id, photo(JPEG, tmp_path, "Lễ phát động.jpg"), Stamp(cast.thi, NOW)
    )
    session.flush()

    remove_evidence(session, piece.id, Stamp(cast.thi, NOW))

    removed, added = history_of(session, banners)
    assert added.after == removed.before
    assert added.after["evidence"] == {"kind": "photo", "title": "Ảnh", "text": "Lễ phát động.jpg"}
    assert evidence_missing(banners) == 2


def test_evidence_of_something_done_stays(session, cast, banners, tmp_path):
    piece = add_evidence(session, banners.id, photo(JPEG, tmp_path), Stamp(cast.thi, NOW))
    banners.evidence_min = 1
    complete_item(session, banners.id, Stamp(cast.thi, NOW))

    with pytest.raises(ConflictError, match="closed already"):
        remove_evidence(session, piece.id, Stamp(cast.thi, NOW))

    assert banners.evidence_given == [piece]


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_nobody_else_adds_evidence(session, cast, banners, who):
    with pytest.raises(NotAllowedError):
        add_evidence(
            session, banners.id, Proof("photo", file=A_PHOTO), Stamp(getattr(cast, who), NOW)
        )

    assert not banners.evidence_given


def test_an_item_takes_only_the_kinds_that_it_wants(session, cast, banners):
    with pytest.raises(InvalidInputError, match="does not take"):
        add_evidence(session, banners.id, Proof("count", number=3), Stamp(cast.thi, NOW))


@pytest.mark.parametrize(
    "proof",
    [
        Proof("doc_ref", "12/KH-UBND", dated=TODAY),
        Proof("file", file=A_PAPER),
        Proof("photo", file=A_PHOTO),
        Proof("link", url="https://example.org/tin"),
        Proof("script", "Bài phát thanh tuần 2"),
        Proof("attendance", number=0),
        Proof("attendance", file=A_PAPER),
        Proof("count", number=12),
        Proof("minutes", file=A_PAPER),
        Proof("report_form", url="https://example.org/bao-cao"),
    ],
    ids=lambda proof: proof.kind,
)
def test_each_kind_is_taken_with_what_it_needs(session, cast, banners, proof):
    banners.evidence = EVERY_KIND

    assert add_evidence(session, banners.id, proof, Stamp(cast.thi, NOW)).kind_key == proof.kind


@pytest.mark.parametrize(
    "proof",
    [
        *(Proof(kind) for kind in EVERY_KIND),
        Proof("doc_ref", "12/KH-UBND"),
        Proof("doc_ref", dated=TODAY),
        Proof("photo", file=A_PAPER),
        Proof("link", url="javascript:alert(1)"),
        Proof("link", url="https://"),
        Proof("count", number=-1),
    ],
)
def test_what_lacks_something_is_refused_and_nothing_changes(session, cast, banners, proof):
    banners.evidence = EVERY_KIND

    with pytest.raises(InvalidInputError):
        add_evidence(session, banners.id, proof, Stamp(cast.thi, NOW))

    assert not banners.evidence_given
    assert not history_of(session, banners)


@pytest.mark.parametrize(
    ("body", "suffix"),
    [
        (clean_picture(JPEG, "image/jpeg").body, ".jpg"),
        (clean_picture(PNG, "image/png").body, ".png"),
        (clean_picture(a_picture("WEBP"), "image/webp").body, ".webp"),
        (PDF, ".pdf"),
        (office_file("word/document.xml"), ".docx"),
        (office_file("xl/workbook.xml"), ".xlsx"),
    ],
)
def test_a_file_is_what_its_content_says(tmp_path, body, suffix):
    stored = store_file(tmp_path, "C:\\Ảnh\\lễ <phát động>.exe", body)

    assert stored.name == "lễ phát động" + suffix
    kept = (tmp_path / stored.digest[:2] / stored.digest).read_bytes()
    assert stored.digest == hashlib.sha256(kept).hexdigest()
    assert stored.size == len(kept)
    assert kept == body or suffix in (".jpg", ".webp")  # these lose a little with every writing


@pytest.mark.parametrize(
    "body", [b"", b"MZ a program", b"<html>", b"PK\x03\x04 broken", office_file("META-INF/x")]
)
def test_other_files_are_refused_and_leave_nothing(tmp_path, body):
    with pytest.raises(InvalidInputError, match="is not a PDF"):
        store_file(tmp_path, "anh.jpg", body)

    assert list(tmp_path.iterdir()) == []


def test_a_photo_is_kept_upright_and_without_place_or_device(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A telephone"  # lying on its side; who made the camera
    exif.get_ifd(0x8825)[2] = (14.0, 20.0, 30.0)  # the place

    stored = store_file(tmp_path, "anh.jpg", a_picture("JPEG", exif=exif))

    kept = (tmp_path / stored.digest[:2] / stored.digest).read_bytes()
    with Image.open(BytesIO(kept)) as image:
        assert (image.size, dict(image.getexif())) == ((30, 40), {})
    assert b"telephone" not in kept


@pytest.mark.parametrize(
    "body", [b"\xff\xd8\xff\xe0 a photo", b"\x89PNG\r\n\x1a\n a photo", JPEG[:200]]
)
def test_a_broken_picture_is_refused_in_words_and_leaves_nothing(tmp_path, body):
    with pytest.raises(InvalidInputError, match="cannot be read"):
        store_file(tmp_path, "anh.jpg", body)

    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200))
def test_no_content_breaks_the_look_at_a_files_type(body):
    file_type(body)
    file_type(b"PK\x03\x04" + body)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="larger than 10 MB"):
        store_file(tmp_path, "a.pdf", PDF + bytes(LARGEST_FILE))


def test_without_a_folder_uploads_are_refused_in_words():
    with pytest.raises(InvalidInputError, match="no folder"):
        store_file(None, "a.pdf", PDF)


def test_files_are_read_by_posts_in_the_unit_or_above_alone(session, cast, banners, tmp_path):
    piece = add_evidence(session, banners.id, photo(JPEG, tmp_path), Stamp(cast.thi, NOW))
    session.flush()

    for who in (cast.thi, cast.hoa):
        assert file_of(session, piece.id, tmp_path, by=who, on=TODAY) == (
            piece,
            clean_picture(JPEG, "image/jpeg").body,
        )
    for who in (cast.khanh, cast.la):
        with pytest.raises(NotAllowedError):
            file_of(session, piece.id, tmp_path, by=who, on=TODAY)
    with pytest.raises(NotFoundError):
        file_of(session, piece.id, tmp_path / "empty", by=cast.thi, on=TODAY)


@pytest.fixture
def plan(session, cast, banners):
    """The commune's plan of the same campaign: a document with its number and date is wanted."""
    return next(item for item in banners.campaign.items if item.key == "plan_commune")


def entered(session, plan, by, number="12/KH-UBND"):
    return add_document(
        session,
        plan.campaign,
        Paper(DocumentKind.PLAN, "Kế hoạch", number=number),
        item=plan,
        by=by,
        now=NOW,
    )


def test_an_issued_document_stands_for_the_number_and_date_that_an_item_wants(session, cast, plan):
    assert evidence_missing(plan) == 1
    document = entered(session, plan, cast.thi)
    assert evidence_missing(plan) == 1

    issue_document(session, document, TODAY, by=cast.thi, now=NOW)

    assert (evidence_missing(plan), proving_papers(plan)) == (0, [document])
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    assert (plan.is_done, evidence_not_given(plan)) == (True, 0)


def test_a_document_without_number_taken_off_the_item_or_replaced_proves_nothing(
    session, cast, plan
):
    document = entered(session, plan, cast.thi, number=None)
    issue_document(session, document, TODAY, by=cast.thi, now=NOW)
    assert evidence_missing(plan) == 1
    numbered = Paper(DocumentKind.PLAN, "Kế hoạch", number="12/KH-UBND")

    correct_document(session, document, numbered, item=plan, by=cast.thi, now=NOW)
    assert evidence_missing(plan) == 0
    correct_document(session, document, numbered, item=None, by=cast.thi, now=NOW)
    assert evidence_missing(plan) == 1
    correct_document(session, document, numbered, item=plan, by=cast.thi, now=NOW)

    newer = add_document(
        session, plan.campaign, replace(numbered, number="15/KH-UBND"), by=cast.thi, now=NOW
    )
    supersede(session, newer, document, by=cast.thi, now=NOW)
    assert evidence_missing(plan) == 0  # the newer one is still a draft
    issue_document(session, newer, TODAY, by=cast.thi, now=NOW)
    assert evidence_missing(plan) == 1


def test_a_document_whose_number_was_typed_too_counts_once(session, cast, plan):
    plan.evidence_min = 2
    issue_document(session, entered(session, plan, cast.thi), TODAY, by=cast.thi, now=NOW)

    add_evidence(
        session, plan.id, Proof("doc_ref", text="12/KH-UBND", dated=TODAY), Stamp(cast.thi, NOW)
    )

    assert evidence_missing(plan) == 1


def test_a_document_proves_nothing_where_other_evidence_is_wanted(session, cast, banners):
    issue_document(session, entered(session, banners, cast.thi), TODAY, by=cast.thi, now=NOW)

    assert evidence_missing(banners) == 2


def test_an_office_file_that_would_fill_whoever_opens_it_is_refused():
    body = BytesIO()
    with ZipFile(body, "w", ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", b"0" * (201 * 1024 * 1024))
    many = BytesIO()
    with ZipFile(many, "w") as file:
        for number in range(5001):
            file.writestr(f"word/{number}", "")

    for bomb in (body, many):
        assert len(bomb.getvalue()) < 1024 * 1024
        with pytest.raises(InvalidInputError, match="too large when it is opened"):
            file_type(bomb.getvalue())
