"""Who uploaded the file of a document, and may erase it

Of papers from before it is taken to be whoever entered or changed the paper last.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

document = sa.table("document", *map(sa.column, ("file_digest", "file_by_id", "by_id")))


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("file_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_document_file_by_id_person"), "person", ["file_by_id"], ["id"]
        )
    op.execute(
        sa.update(document)
        .where(document.c.file_digest.is_not(None))
        .values(file_by_id=document.c.by_id)
    )
