"""The pause that the relay makes when what a server says is about us: nothing is claimed, no mail
loses an attempt, and the operator sees why. It is a row, so that every process sees it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database.sessions import Base
from notifications.outbox.sets import insert_once

FIRST = timedelta(seconds=15)
LONGEST = timedelta(minutes=5)
_THE_ROW = 1


class MailPause(Base):
    """That no mail leaves until ``until``, and why. It goes with the first mail that is taken."""

    __tablename__ = "mail_pause"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    until: Mapped[datetime]
    times: Mapped[int]
    code: Mapped[int | None]
    words: Mapped[str]
    stage: Mapped[str]  # where in the dialogue (RFC 5321)


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said of us, and where in the dialogue; ``code`` None: nothing that is a
    reply.
    """

    code: int | None
    words: str
    stage: str


def pause_of(session: Session) -> MailPause | None:
    """Return the pause that was made and not yet ended by a mail that was taken."""
    return session.get(MailPause, _THE_ROW)


def pause(session: Session, *, now: datetime, said: Said) -> None:
    """Let nothing be claimed for a while: twice as long each time, five minutes at most."""
    none_yet = {"since": now, "until": now, "times": 0, "code": None, "words": "", "stage": ""}
    insert_once(session, MailPause, {"id": _THE_ROW} | none_yet)
    row = session.get(MailPause, _THE_ROW, with_for_update=True)
    if row is None or row.until > now:  # another connection ended it, or met the same
        return
    row.times += 1
    row.until = now + min(FIRST * 2 ** (row.times - 1), LONGEST)
    row.code, row.words, row.stage = said.code, said.words, said.stage
    session.flush()


def end_pause(session: Session) -> None:
    session.execute(delete(MailPause))
