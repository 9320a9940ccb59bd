"""Rules of reminders, notices of other kinds, what people wish of their mail"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0044"


def upgrade() -> None:
    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("grace", sa.JSON(), nullable=False),
        sa.Column("catalog_base", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_reminder_rule_template_id_template")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_reminder_rule_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_reminder_rule_key")),
    )
    op.create_index(op.f("ix_reminder_rule_unit_id"), "reminder_rule", ["unit_id"])
    op.create_table(
        "gathered",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_gathered")),
    )
    op.create_table(
        "mail_wish",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Time(), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mail_wish_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_wish")),
    )
    with op.batch_alter_table("notice") as notice:
        notice.alter_column("item_id", existing_type=sa.Integer(), nullable=True)
        notice.add_column(sa.Column("about_id", sa.Integer(), nullable=True))
        notice.add_column(sa.Column("facts", sa.JSON(), nullable=True))
