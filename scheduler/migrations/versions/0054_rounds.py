"""A round has a row of its own, and its campaigns repeat nothing

Where campaigns of one round said different things, the round says what the newest of its topmost
campaigns that takes place says: that one was moved and given new versions last, and units below it
followed. A unit that ended keeps its items with their dates, and every change stays in their
history. What was cancelled and opened again is kept from all tops. Campaigns count their own
changes on as before, so that calendars go on from where they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"

_OF_ROUND = (
    "template_id",
    "period",
    "observance_id",
    "version_id",
    "year",
    "summary",
    "opens",
    "dtstart",
    "dtend",
    "event_date",
    "anchor_version",
    "status",
    "cancelled",
    "for_reference",
)


def upgrade() -> None:
    _create()
    with op.batch_alter_table("campaign") as batch:
        batch.add_column(sa.Column("round_id", sa.Integer(), nullable=True))
    _fill()
    _drop()


def _create() -> None:
    op.create_table(
        "round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("observance_id", sa.Integer(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("dtstart", sa.Date(), nullable=False),
        sa.Column("dtend", sa.Date(), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=True),
        sa.Column("anchor_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("cancelled", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellations", sa.JSON(), nullable=True),
        sa.Column("for_reference", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["observance_id"], ["observance.id"], name=op.f("fk_round_observance_id_observance")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_round_template_id_template")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["template_version.id"],
            name=op.f("fk_round_version_id_template_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("template_id", "period", name=op.f("uq_round_template_id_period")),
    )
    op.create_index(op.f("ix_round_observance_id_year"), "round", ["observance_id", "year"])
    op.create_index(op.f("ix_round_year"), "round", ["year"])


_KEY = "id", "created", "parent_id", "round_id", "cancellations"


def _fill() -> None:
    campaign = sa.table("campaign", *map(sa.column, dict.fromkeys((*_OF_ROUND, *_KEY))))
    new = *_OF_ROUND, "cancellations", "sequence", "created", "last_modified"
    round_ = sa.table("round", sa.column("id"), *map(sa.column, new))
    of_round = campaign.c.template_id, campaign.c.period
    # the newest top that takes place, else the newest top, else any
    order = (
        sa.case((campaign.c.parent_id.is_(None), 0), else_=1),
        sa.case((campaign.c.status == "CANCELLED", 1), else_=0),
        campaign.c.id.desc(),
    )
    place = sa.func.row_number().over(partition_by=of_round, order_by=order).label("place")
    first = sa.func.min(campaign.c.created).over(partition_by=of_round).label("first")
    said = [campaign.c[name] for name in (*_OF_ROUND, "cancellations")]
    ranked = sa.select(*said, place, first).subquery()
    chosen = sa.select(
        *(ranked.c[name] for name in (*_OF_ROUND, "cancellations")),
        sa.literal_column("0"),
        ranked.c.first,
        ranked.c.first,
    )
    chosen = chosen.where(ranked.c.place == 1)
    chosen = chosen.order_by(ranked.c.first, ranked.c.template_id, ranked.c.period)
    op.execute(round_.insert().from_select(list(new), chosen))
    its = sa.select(round_.c.id).where(
        round_.c.template_id == campaign.c.template_id, round_.c.period == campaign.c.period
    )
    op.execute(campaign.update().values(round_id=its.scalar_subquery()))
    _keep_all_cancellations()


def _keep_all_cancellations() -> None:
    """Write what several tops of one round know of its cancellations into the round, by time."""
    told = sa.column("cancellations", sa.JSON(none_as_null=True))
    campaign = sa.table("campaign", sa.column("id"), sa.column("round_id"), told)
    round_ = sa.table("round", sa.column("id"), sa.column("cancellations", told.type))
    columns = campaign.c.round_id, campaign.c.cancellations
    query = sa.select(*columns).where(campaign.c.cancellations.is_not(None))
    by_round: dict[int, list[dict[str, str]]] = {}
    connection = op.get_bind()
    for round_id, cancellations in connection.execute(query.order_by(campaign.c.id)):
        known = by_round.setdefault(round_id, [])
        known += [one for one in cancellations or () if one not in known]
    for round_id, known in by_round.items():
        known.sort(key=lambda one: one["at"])
        change = round_.update().where(round_.c.id == round_id)
        connection.execute(change.values(cancellations=known or None))


def _drop() -> None:
    with op.batch_alter_table("campaign") as batch:
        batch.drop_index(op.f("ix_campaign_observance_id_year_unit_id"))
        batch.drop_index(op.f("ix_campaign_unit_id_dtstart"))
        batch.drop_constraint(op.f("uq_campaign_template_id_period_unit_id"), type_="unique")
        for table, column in (
            ("template", "template_id"),
            ("template_version", "version_id"),
            ("observance", "observance_id"),
        ):
            batch.drop_constraint(op.f(f"fk_campaign_{column}_{table}"), type_="foreignkey")
        for name in (*_OF_ROUND, "cancellations"):
            batch.drop_column(name)
        batch.alter_column("round_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(
            op.f("fk_campaign_round_id_round"), "round", ["round_id"], ["id"]
        )
        batch.create_unique_constraint(
            op.f("uq_campaign_round_id_unit_id"), ["round_id", "unit_id"]
        )
        batch.create_index(op.f("ix_campaign_unit_id"), ["unit_id"])
