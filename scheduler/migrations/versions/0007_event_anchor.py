"""Items that counted from a campaign's day moved with its main event; they say so now, and "day" and "start" stay with the day itself"""

from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.execute("UPDATE template_item SET anchor = 'event' WHERE anchor IN ('day', 'start')")
