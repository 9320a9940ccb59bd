"""Feeds with the stamps of their events, taken over from what was last served"""

import gzip
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"

_EVENT = re.compile(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)
_STAMP = re.compile(rb"^(?:DTSTAMP|LAST-MODIFIED|CREATED|SEQUENCE):[^\r]*\r\n", re.MULTILINE)


def upgrade() -> None:
    feed = op.create_table(
        "feed",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feed")),
    )
    stamp = op.create_table(
        "feed_stamp",
        sa.Column("feed_key", sa.String(length=320), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_key"], ["feed.key"], ondelete="CASCADE", name=op.f("fk_feed_stamp_feed_key_feed")
        ),
        sa.PrimaryKeyConstraint("feed_key", "uid", name=op.f("pk_feed_stamp")),
    )
    connection = op.get_bind()
    before = sa.table(
        "feed_snapshot",
        sa.column("slug", sa.String()),
        sa.column("etag", sa.String()),
        sa.column("last_modified", sa.DateTime(timezone=True)),
        sa.column("body", sa.LargeBinary()),
    )
    slugs = connection.scalars(sa.select(before.c.slug)).all()
    for slug in slugs:  # one at a time: the largest have 200,000 bytes
        row = connection.execute(sa.select(before).where(before.c.slug == slug)).one()
        kept = {
            "key": slug,
            "etag": row.etag,
            "last_modified": row.last_modified,
            "body": row.body,
            "packed": gzip.compress(row.body, mtime=0),
        }
        connection.execute(feed.insert().values(**kept))
        stamps = {found["uid"]: found for found in _stamps(slug, row.body)}
        if stamps:
            connection.execute(stamp.insert(), list(stamps.values()))
    op.drop_table("feed_snapshot")


def _stamps(slug: str, body: bytes) -> Iterator[dict[str, Any]]:
    for text in _EVENT.findall(body):
        whole = text.replace(b"\r\n ", b"")
        yield {
            "feed_key": slug,
            "uid": _value(whole, b"UID").decode(),
            "digest": hashlib.sha256(_STAMP.sub(b"", text)).hexdigest(),
            "sequence": int(_value(whole, b"SEQUENCE")),
            "last_modified": _moment(_value(whole, b"LAST-MODIFIED").decode()),
        }


def _value(text: bytes, name: bytes) -> bytes:
    found = re.search(rb"^" + name + rb":([^\r]*)", text, re.MULTILINE)
    assert found
    return found[1]


def _moment(text: str) -> datetime:
    moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return moment.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else moment
