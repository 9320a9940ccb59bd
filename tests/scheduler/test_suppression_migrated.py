"""Whom servers did not know, in a database of before."""

from datetime import UTC, datetime, timedelta

from alembic import command
from sqlalchemy import MetaData, insert
from sqlalchemy.orm import Session

from notifications.outbox.suppression import FIRST, Suppression
from scheduler import migrate

LONG_AGO = datetime(2026, 1, 5, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


def test_who_was_refused_last_is_suppressed_for_ninety_days_and_who_got_a_mail_since_is_not(
    blank_engine,
):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0030")
        tables = MetaData()
        tables.reflect(connection)
        same = {
            "kind": "reminder", "language": "vi", "params": {}, "urgent": False, "lease_epoch": 1,
            "attempts": 1, "doubts": 0, "expires": LONG_AGO, "created": LONG_AGO, "reply": "5.1.1 no",
        }  # fmt: skip
        rows = [
            ("Gone@example.org", "failed", True, LONG_AGO),
            ("back@example.org", "failed", True, LONG_AGO),
            ("back@example.org", "sent", False, LONG_AGO + A_DAY),
        ]
        connection.execute(
            insert(tables.tables["message"]),
            [
                same
                | {"id": n, "key": f"{n}", "message_id": f"<{n}@x>", "rcpt_to": rcpt_to}
                | {"state": state, "bad_address": bad, "date": date}
                for n, (rcpt_to, state, bad, date) in enumerate(rows, 1)
            ],
        )

        command.upgrade(migrate._config(connection), "0040")

        with Session(connection) as session:
            (row,) = session.query(Suppression).all()
            assert (row.address, row.words, row.message_id) == ("gone@example.org", "5.1.1 no", 1)
            assert (row.since, row.until) == (LONG_AGO, LONG_AGO + FIRST)
