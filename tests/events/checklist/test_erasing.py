"""A photo that should never have been there is erased: the piece, its file, its name in history."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.checklist.erasing import erase_evidence, may_erase
from events.checklist.evidence import Proof, add_evidence, remove_evidence
from events.checklist.history import MOVED_EVIDENCE, MOVED_FROM_ITEM, Stamp, history_of, record
from events.checklist.story import story_of
from events.checklist.stray_files import GRACE, UNDO, drop_erased, sweep
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from events.files.store import StoredFile, checked_file, is_stored, keep_file, store_file
from events.installation import INSTALLATION, Installation
from events.models import Campaign, ChecklistItem, Evidence

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
A_DAY = timedelta(days=1)
PDF = b"%PDF-1.7 a plan"


@pytest.fixture
def banners(session, vietnam, cast):
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    return session.scalars(
        query.where(Campaign.unit_id == cast.commune.id, ChecklistItem.key == "banners")
    ).first()


@pytest.fixture
def photo(session, cast, banners):
    """What Thi took for a photo of banners."""
    file = StoredFile("nan nhan.jpg", "image/jpeg", "0" * 64, 9)
    return add_evidence(session, banners.id, Proof("photo", file=file), Stamp(cast.thi, NOW))


def everything_kept(session, item):
    history = history_of(session, item)
    return json.dumps([[change.before, change.after] for change in history], ensure_ascii=False)


def test_of_an_erased_photo_history_keeps_that_there_was_one_and_who_erased_it(
    session, cast, banners, photo
):
    remove_evidence(session, photo.id, Stamp(cast.thi, NOW))
    undo_change(session, banners.id, history_of(session, banners)[0].id, Stamp(cast.thi, NOW))
    again = session.scalars(select(Evidence)).one()
    assert "nan nhan" in everything_kept(session, banners)

    digest = erase_evidence(session, again.id, Stamp(cast.hoa, NOW))

    session.expire_all()
    assert digest == "0" * 64
    kept = everything_kept(session, banners)
    assert "nan nhan" not in kept
    assert digest not in kept
    stories = [story_of(change, "en") for change in history_of(session, banners)]
    assert stories[0] == ("Cán bộ tỉnh (Hòa) erased evidence (ảnh): nothing of it is kept")
    assert stories[-1] == "Cán bộ xã (Thi) added evidence: ảnh"
    assert session.scalars(select(Evidence)).all() == []
    assert last_change(history_of(session, banners)) is None


def test_who_gave_it_and_who_sits_above_may_erase_it_and_a_colleague_or_stranger_not(
    session, cast, photo
):
    assert [may_erase(session, who, photo, NOW.date()) for who in (cast.thi, cast.hoa)] == [
        True
    ] * 2
    photo.by = None
    for who in (cast.thi, cast.khanh, cast.la):
        with pytest.raises(NotAllowedError):
            erase_evidence(session, photo.id, Stamp(who, NOW))
    with pytest.raises(NotFoundError):
        erase_evidence(session, 0, Stamp(cast.hoa, NOW))


def test_the_file_of_an_erased_piece_goes_at_once_unless_another_piece_has_it(
    session, cast, banners, tmp_path
):
    file = store_file(tmp_path, "a.pdf", PDF)
    pieces = [
        add_evidence(
            session,
            banners.id,
            Proof("photo", text=text, file=photo_of(file)),
            Stamp(cast.thi, NOW),
        )
        for text in ("một", "hai")
    ]
    session.flush()
    for piece, stays in zip(pieces, (True, False), strict=True):
        digest = erase_evidence(session, piece.id, Stamp(cast.thi, NOW))
        session.flush()
        drop_erased(session, tmp_path, digest, datetime.now(UTC))
        assert is_stored(tmp_path, file.digest) == stays


def photo_of(file):
    return StoredFile(file.name, "image/jpeg", file.digest, file.size)


def test_a_file_that_nobody_names_goes_after_a_day_and_one_that_an_undo_needs_after_a_month(
    session, session_factory, cast, banners, tmp_path
):
    now = datetime.now(UTC)
    stray, given, taken = (store_file(tmp_path, "a.pdf", PDF + name) for name in (b"1", b"2", b"3"))
    part = tmp_path / stray.digest[:2] / "x.part"
    part.write_bytes(b"half")
    for file in (given, taken):
        piece = add_evidence(
            session, banners.id, Proof("photo", file=photo_of(file)), Stamp(cast.thi, NOW)
        )
    remove_evidence(session, piece.id, Stamp(cast.thi, now))
    session.commit()

    def left(later):
        sweep(session_factory, tmp_path, now=now + later)
        return [is_stored(tmp_path, file.digest) for file in (stray, given, taken)]

    assert left(A_DAY / 2) == [True, True, True]
    assert part.exists()
    assert left(A_DAY + A_DAY) == [False, True, True]
    assert not part.exists()
    assert left(UNDO) == [False, True, True]
    assert left(UNDO + GRACE + A_DAY) == [False, True, False]


def test_a_file_that_is_stored_again_begins_its_day_anew(session_factory, tmp_path):
    upload, now = checked_file("a.pdf", PDF), datetime.now(UTC)
    kept = keep_file(tmp_path, upload)
    place = tmp_path / kept.digest[:2] / kept.digest
    os.utime(place, (0, 0))
    keep_file(tmp_path, upload)

    assert sweep(session_factory, tmp_path, now=now) == 0
    assert is_stored(tmp_path, kept.digest)
    os.utime(place, (0, 0))
    assert sweep(session_factory, tmp_path, now=now) == 1
    assert sweep(session_factory, tmp_path / "none", now=now) == 0


def test_what_was_taken_away_long_ago_cannot_be_put_back_without_its_file(
    session, cast, banners, photo
):
    remove_evidence(session, photo.id, Stamp(cast.thi, NOW))
    change, late = history_of(session, banners)[0], NOW + UNDO + timedelta(seconds=1)

    with pytest.raises(ConflictError, match="no longer kept"):
        undo_change(session, banners.id, change.id, Stamp(cast.thi, late))

    undo_change(session, banners.id, change.id, Stamp(cast.thi, NOW + UNDO))
    assert session.scalars(select(Evidence)).one().file_name == "nan nhan.jpg"


def test_a_unit_whose_files_take_all_its_room_is_told_and_its_neighbour_goes_on(
    session, cast, banners
):
    session.info[INSTALLATION] = Installation(files_quota=20 * 1024**2)
    size = 8 * 1024**2

    def give(number, text=""):
        file = StoredFile("a.jpg", "image/jpeg", str(number) * 64, size)
        add_evidence(session, banners.id, Proof("photo", text, file=file), Stamp(cast.thi, NOW))

    give(1)
    give(2)
    give(2)  # the same once more
    with pytest.raises(InvalidInputError, match="20 MB in all"):
        give(3)

    others = select(ChecklistItem).join(ChecklistItem.campaign)
    item = session.scalars(
        others.where(Campaign.unit_id == cast.other_commune.id, ChecklistItem.key == "banners")
    ).first()
    file = StoredFile("a.jpg", "image/jpeg", "4" * 64, size)
    add_evidence(session, item.id, Proof("photo", file=file), Stamp(cast.khanh, NOW))


def test_what_went_over_to_another_unit_in_words_is_forgotten_there_too(
    session, cast, banners, photo
):
    other = session.scalars(
        select(ChecklistItem).where(ChecklistItem.id != banners.id).limit(1)
    ).one()
    told = [{"title": "Ảnh", "text": "nan nhan.jpg"}, {"title": "Ảnh", "text": "khac.jpg"}]
    stamp = Stamp(cast.hoa, NOW)
    record(session, other, {}, {MOVED_FROM_ITEM: banners.id, MOVED_EVIDENCE: told}, stamp)

    erase_evidence(session, photo.id, stamp)

    session.flush()
    session.expire_all()
    assert "nan nhan" not in everything_kept(session, other)
    assert "khac.jpg" in everything_kept(session, other)


def test_a_file_that_proves_two_items_takes_its_room_once(session, cast, banners):
    session.info[INSTALLATION] = Installation(files_quota=20 * 1024**2)
    other = session.scalars(
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == cast.commune.id, ChecklistItem.id != banners.id)
    )
    second = next(item for item in other if "photo" in item.evidence)
    for item, digest in ((banners, "1"), (second, "1"), (second, "2")):
        file = StoredFile("a.jpg", "image/jpeg", digest * 64, 8 * 1024**2)
        add_evidence(session, item.id, Proof("photo", file=file), Stamp(cast.thi, NOW))
