"""Files that nobody needs any more: named by no evidence, no document and no undo that is still
possible.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import PIECE
from events.database.sessions import SessionFactory, reading
from events.files.store import drop_file, files_named, leftovers, stored_files
from events.models import Change

UNDO = timedelta(days=30)  # for so long what was taken away can be put back with its file
GRACE = timedelta(days=1)  # within which a file that was stored has to be named


def sweep(session_factory: SessionFactory, folder: Path, *, now: datetime) -> int:
    """Delete stored files that nobody needs; return how many."""
    if not folder.is_dir():
        return 0
    with reading(session_factory)() as session:
        needed = files_named(session) | files_to_put_back(session, now=now)
    for left in leftovers(folder):
        if datetime.fromtimestamp(left.stat().st_mtime, UTC) < now - GRACE:
            left.unlink(missing_ok=True)
    strays = (digest for digest in stored_files(folder) if digest not in needed)
    return sum(drop_file(folder, digest, older_than=now - GRACE) for digest in strays)


def drop_erased(session: Session, folder: Path | None, digest: str | None, now: datetime) -> None:
    """Delete the file of an erased piece at once, unless something else names it."""
    if folder is None or digest is None:
        return
    if digest not in files_named(session) | files_to_put_back(session, now=now):
        drop_file(folder, digest)


def files_to_put_back(session: Session, *, now: datetime) -> set[str]:
    """Return the digests of the files of evidence that was taken away not long ago."""
    digest = Change.before[(PIECE, "file_digest")].as_string()
    query = select(digest).where(Change.at >= now - UNDO - GRACE, digest.is_not(None))
    return {found for found in session.scalars(query.distinct()) if found}
