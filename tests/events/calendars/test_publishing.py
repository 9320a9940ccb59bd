"""Public calendars as files for the server in front."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from events.calendars import publishing
from events.calendars.feeds import serve_feed
from events.calendars.kept import read_feed
from events.calendars.publishing import Publisher, publish
from events.calendars.renewing import renew
from events.calendars.tokens import Options, make_token
from events.models import Observance
from tests.events.calendars import test_renewing  # noqa: F401 - its state is begun with

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
URL = "https://example.org"
DAY, COMMON = "ngay-quoc-te-hanh-phuc", "chung/ngay-trong-tam"


@pytest.fixture
def opened_2021(session, session_factory):
    session.commit()
    for key in (DAY, COMMON):
        serve_feed(session_factory, key, now=NOW, public_url=URL)


@pytest.fixture
def observance(session):
    return session.scalars(select(Observance).where(Observance.slug == DAY)).one()


def test_each_file_has_a_twin_and_the_time_of_its_last_modified(
    session, session_factory, opened_2021, tmp_path
):
    assert publish(session_factory, tmp_path) == 2

    for key in (DAY, COMMON):
        plain, packed, kept = (
            tmp_path / f"{key}.ics",
            tmp_path / f"{key}.ics.gz",
            read_feed(session, key),
        )
        assert plain.read_bytes() == gzip.decompress(packed.read_bytes()) == kept.body
        assert {plain.stat().st_mtime, packed.stat().st_mtime} == {kept.last_modified.timestamp()}
        assert plain.stat().st_mode & 0o444 == 0o444


def test_only_what_changed_is_written_again(
    session, session_factory, opened_2021, observance, tmp_path
):
    publish(session_factory, tmp_path)
    assert publish(session_factory, tmp_path) == 0
    observance.title_vi = "Ngày mới"
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)

    assert publish(session_factory, tmp_path) >= 1
    assert "Ngày mới" in (tmp_path / f"{DAY}.ics").read_text()


def test_own_calendars_are_not_published(session, session_factory, cast, opened_2021, tmp_path):
    token = make_token(session, cast.thi, Options("Của tôi"), now=NOW)[0]
    session.commit()
    serve_feed(session_factory, token.key, now=NOW, public_url=URL)

    publish(session_factory, tmp_path)

    assert not (tmp_path / "f").exists()


def test_what_is_gone_and_what_was_left_half_is_removed(
    session, session_factory, opened_2021, observance, tmp_path
):
    publish(session_factory, tmp_path)
    (tmp_path / ".part-x").write_text("half")
    observance.enabled = False
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)

    publish(session_factory, tmp_path)

    names = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert names == {"ngay-trong-tam.ics", "ngay-trong-tam.ics.gz"}


def test_killed_in_the_middle_it_leaves_the_old_file_whole(
    session, session_factory, opened_2021, observance, tmp_path, monkeypatch
):
    publish(session_factory, tmp_path)
    file = tmp_path / f"{DAY}.ics"
    before = file.read_bytes()
    observance.title_vi = "Ngày mới"
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)

    def killed(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        publish(session_factory, tmp_path)

    assert file.read_bytes() == before
    monkeypatch.undo()
    publish(session_factory, tmp_path)
    assert "Ngày mới" in file.read_text()


def test_a_look_writes_what_changed_though_something_newer_was_seen(
    session, session_factory, opened_2021, observance, tmp_path
):
    """Two calendars can change in one second, and a long round has the time of its beginning."""
    serve_feed(session_factory, "ngay-gia-dinh-viet-nam", now=LATER, public_url=URL)
    publisher = Publisher(session_factory, tmp_path)
    publisher.look(LATER)
    assert publisher.look(LATER) == 0
    observance.title_vi = "Ngày mới"
    session.commit()
    renew(session_factory, now=LATER - timedelta(minutes=4), public_url=URL)

    assert publisher.look(LATER) >= 1
    assert "Ngày mới" in (tmp_path / f"{DAY}.ics").read_text()
    assert publisher.look(LATER) == 0


def test_a_look_removes_what_is_gone_and_restores_in_time_what_somebody_deleted(
    session, session_factory, opened_2021, observance, tmp_path
):
    publisher = Publisher(session_factory, tmp_path)
    publisher.look(NOW)
    (tmp_path / f"{COMMON}.ics.gz").unlink()
    observance.enabled = False
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)

    publisher.look(LATER)
    assert not (tmp_path / f"{DAY}.ics").exists()
    assert (tmp_path / f"{COMMON}.ics.gz").exists()

    (tmp_path / f"{COMMON}.ics").unlink()
    publisher.look(LATER + timedelta(minutes=11))
    assert (tmp_path / f"{COMMON}.ics").exists()
