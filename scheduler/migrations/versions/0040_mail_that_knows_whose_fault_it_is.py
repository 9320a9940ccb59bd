"""An index that serves the relay, suppressed addresses as a list, the pause of the relay"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0038"

_SUPPRESSED_FOR = timedelta(days=90)


def upgrade() -> None:
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_suppression")),
    )
    op.create_table(
        "mail_pause",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_pause")),
    )
    op.drop_index(op.f("ix_message_state_next_attempt"), table_name="message")
    op.create_index(op.f("ix_message_state"), "message", ["state"])
    still_tried = sa.text("next_attempt IS NOT NULL")
    op.create_index(
        "ix_message_ready",
        "message",
        ["urgent", "next_attempt", "id"],
        postgresql_where=still_tried,
        sqlite_where=still_tried,
    )
    _suppress_whom_servers_did_not_know()


def _suppress_whom_servers_did_not_know() -> None:
    """Keep silent where mails were refused and none arrived since, from then for 90 days."""
    message = sa.table(
        "message",
        *(sa.column(name) for name in ("id", "rcpt_to", "state", "reply")),
        sa.column("date", sa.DateTime(timezone=True)),
        sa.column("bad_address", sa.Boolean()),
    )
    told = (message.c.bad_address == sa.true()) | (message.c.state == "sent")
    columns = (message.c.id, message.c.rcpt_to, message.c.date, message.c.reply)
    rows = op.get_bind().execute(
        sa.select(*columns, message.c.bad_address).where(told).order_by(message.c.date)
    )
    last = {row.rcpt_to.lower(): row for row in rows}
    suppression = sa.table(
        "suppression",
        *(sa.column(name) for name in ("address", "reason", "words", "times", "message_id")),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("since", "until")),
    )
    op.bulk_insert(
        suppression,
        [
            {
                "address": address,
                "reason": "no-mailbox",
                "words": row.reply or "",
                "since": row.date,
                "until": row.date + _SUPPRESSED_FOR,
                "times": 1,
                "message_id": row.id,
            }
            for address, row in last.items()
            if row.bad_address
        ],
    )
