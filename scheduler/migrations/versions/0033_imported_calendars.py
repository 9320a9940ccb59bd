"""Calendars of others that units look at"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "imported_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("taken", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("spread", sa.Date(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("modified", sa.String(), nullable=True),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("problem_facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_imported_calendar_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_calendar")),
    )
    op.create_index(op.f("ix_imported_calendar_unit_id"), "imported_calendar", ["unit_id"])
    op.create_index(op.f("ix_imported_calendar_next_try"), "imported_calendar", ["next_try"])
    op.create_table(
        "imported_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["imported_calendar.id"], name=op.f("fk_imported_event_calendar_id_imported_calendar")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_event")),
    )
    op.create_index(op.f("ix_imported_event_calendar_id_first"), "imported_event", ["calendar_id", "first"])
