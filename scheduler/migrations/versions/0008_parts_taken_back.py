"""Parts that were taken back had lost the item that they were a part of, and with it their place in reports of past days"""

from alembic import op

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.execute(
        "UPDATE checklist_item"
        " SET split_from_id = (SELECT whole.id FROM checklist_item AS whole WHERE 'part-' || whole.id = checklist_item.key)"
        " WHERE split_from_id IS NULL AND is_own AND key LIKE 'part-%' AND reason LIKE '%đã thu lại phần việc này'"
    )
