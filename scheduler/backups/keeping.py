"""Backups made, looked at and brought back; the daily ones, of which the newest stay."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from events.checklist.stray_files import files_to_put_back
from events.database.sessions import reading
from events.errors import N_, ConflictError, DomainError
from events.files.backups import (
    DAILY,
    SECRETS,
    Manifest,
    backups_in,
    damages_of,
    digest_of,
    place_in,
    read_manifest,
    write_manifest,
)
from events.files.disk import LEAST_FREE, make_folder, part_of, sync_file
from events.files.store import files_named, is_whole, path_of, stored_files
from events.units.office import office_of, office_to_change
from scheduler import migrate
from scheduler.backups import dumps, instance
from scheduler.config import PASSWORD_KEY, SECRET_KEY
from scheduler.service import Service

_KEYS = (SECRET_KEY, PASSWORD_KEY)
_UNKNOWN = "unknown"  # the installation of a backup that is older than the names of these


class BackupBrokenError(DomainError):
    """Raised for a backup that is not whole; ``first`` of ``count`` damages is named."""

    msgid = N_("The backup in %(folder)s is damaged: %(count)s files, first %(first)s.")


class NoRoomForBackupError(DomainError):
    """Raised when the next backup would fill the disk."""

    msgid = N_("There is no room for a backup in %(folder)s: %(free)s MB are free.")


def make_backup(
    service: Service,
    folder: Path,
    *,
    now: datetime,
    secrets: Path | None = None,
    earlier: Path | None = None,
) -> Manifest:
    """Copy the database, the uploaded files and the secrets into an empty folder, while the service
    goes on.

    ``secrets`` is where these go, if not into a folder of the backup that only its owner may open;
    files that the backup ``earlier`` has too are shared with it. Raises ``ConflictError`` for a
    folder that is not empty, ``DumpError`` and ``OSError``.
    """
    _require_empty(folder)
    migrate.require_current(service.engine)
    make_folder(folder)
    name, named = dumps.dump(service.engine, folder, lambda session: _files_of(session, now))
    there = {digest for digest in named if is_whole(service.files, digest)}
    files = {
        digest: _copy(path_of(service.files, digest), folder, digest, earlier)
        for digest in sorted(there)
    }
    _copy_secrets(service, secrets or folder / SECRETS)
    with reading(service.session_factory)() as session:
        of = office_of(session).instance
    manifest = Manifest(
        made=now,
        backend=service.engine.dialect.name,
        schema=migrate.head(),
        database=name,
        digest=digest_of(folder / name),
        files=files,
        missing=sorted(named - there),
        instance=of,
    )
    write_manifest(folder, manifest)
    return manifest


def verify_backup(folder: Path) -> Manifest:
    """Return what a backup holds when all of it is whole and its database can be read.

    Raises ``NoBackupError``, ``BackupBrokenError`` and ``DumpError``.
    """
    manifest = read_manifest(folder)
    damages = list(damages_of(folder, manifest))
    if damages:
        raise BackupBrokenError(folder=folder, count=len(damages), first=damages[0])
    dumps.check_copy(folder / manifest.database, manifest.backend)
    return manifest


def restore(service: Service, folder: Path) -> Manifest:
    """Bring a backup into the empty place of ``service``, whose mail is paused then.

    The database comes last: what was cut short is still an empty place. Raises the errors of
    ``verify_backup``, ``ConflictError`` for a place that is not empty or a backup of another kind
    of database.
    """
    manifest = verify_backup(folder)
    if manifest.backend != service.engine.dialect.name:
        raise ConflictError(
            N_("This is a backup of %(backup)s, and the database here is %(here)s."),
            backup=manifest.backend,
            here=service.engine.dialect.name,
        )
    migrate.require_known(manifest.schema)
    dumps.require_empty(service.engine)
    for digest in manifest.files:
        _copy(place_in(folder, digest), service.settings.scheduler.data_dir, digest, None)
    _bring_keys_back(service, folder / SECRETS)
    instance.begin_anew(service.settings.scheduler.data_dir)
    dumps.load(service.engine, folder / manifest.database)
    migrate.upgrade(service.engine)
    with service.session_factory.begin() as session:
        office = office_to_change(session)
        office.instance = office.instance or manifest.instance or _UNKNOWN
    return manifest


def make_daily(service: Service, *, now: datetime) -> Manifest | None:
    """Make the backup of the day if its hour has come, and let go of those that are too old.

    Raises the errors of ``make_backup``, and ``NoRoomForBackupError``.
    """
    settings, folder = service.settings.backup, service.backups
    known = backups_in(folder)
    if not settings.keep or (known and known[0][1].made >= _last_hour(service, now)):
        return None
    make_folder(folder)
    _require_space(service, known[0][1] if known else None)
    begun, earlier = folder / now.strftime(DAILY), known[0][0] if known else None
    try:
        made = make_backup(service, begun, now=now, earlier=earlier)
    except BaseException:
        shutil.rmtree(begun, ignore_errors=True)
        raise
    _let_go(folder, settings.keep)
    return made


def _last_hour(service: Service, now: datetime) -> datetime:
    """Return when a backup was last due."""
    here = now.astimezone(service.settings.zone)
    at = service.settings.backup.at
    due = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return due if due <= here else due - timedelta(days=1)


def _let_go(folder: Path, keep: int) -> None:
    """Delete all but the newest backups, and what was begun and never finished."""
    stay = {backup for backup, _manifest in backups_in(folder)[:keep]}
    for old in folder.glob("sumvay-*Z"):
        if old not in stay:
            shutil.rmtree(old, ignore_errors=True)


def _require_space(service: Service, earlier: Manifest | None) -> None:
    """Files that the backup before has too are shared with it, and cost nothing."""
    shared = earlier.files if earlier else {}
    new = [digest for digest in stored_files(service.files) if digest not in shared]
    needed = sum(path_of(service.files, digest).stat().st_size for digest in new)
    if service.engine.dialect.name == "sqlite":
        needed += dumps.file_of(service.engine).stat().st_size
    free = shutil.disk_usage(service.backups).free
    if free < needed + LEAST_FREE:
        raise NoRoomForBackupError(folder=service.backups, free=free // 1024**2)


def _files_of(session: Session, now: datetime) -> set[str]:
    return files_named(session) | files_to_put_back(session, now=now)


def _copy(file: Path, folder: Path, digest: str, earlier: Path | None) -> int:
    """Copy an uploaded file, or share it with an earlier backup, and return its size in bytes."""
    place = place_in(folder, digest)
    make_folder(place.parent)
    if earlier is not None and _shared(place_in(earlier, digest), place, digest):
        return place.stat().st_size
    with part_of(place) as part:
        shutil.copyfile(file, part)
        sync_file(part)
    return place.stat().st_size


def _shared(file: Path, place: Path, digest: str) -> bool:
    if digest_of(file) != digest:  # a copy that was damaged since is not handed on
        return False
    try:
        os.link(file, place)
    except OSError:  # not there, or on a disk that shares nothing
        return False
    return True


def _copy_secrets(service: Service, folder: Path) -> None:
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in _KEYS:
        key = service.settings.scheduler.data_dir / name
        if key.exists():
            _copy_secret(key, folder / name)


def _bring_keys_back(service: Service, folder: Path) -> None:
    """Let people stay signed in, if the secrets came along."""
    place = service.settings.scheduler.data_dir
    make_folder(place)
    if (folder / SECRET_KEY).exists() and not (place / SECRET_KEY).exists():
        for name in _KEYS:
            if (folder / name).exists():
                _copy_secret(folder / name, place / name)


def _copy_secret(file: Path, place: Path) -> None:
    with part_of(place) as part:  # which nobody else may read
        part.write_bytes(file.read_bytes())
        sync_file(part)


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            N_("%(folder)s is not empty. A backup wants a folder of its own."), folder=folder
        )
