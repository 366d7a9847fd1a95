"""The outbox: messages to counterparts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, text

from gateway.store.tables.base import ROW_ID, metadata

outbox_lines = Table(  # one row for each (destination, key) with anything undelivered; claimed as a whole
    "outbox_lines",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("destination", String(64), nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("waiting", Integer, nullable=False),  # messages in the line
    Column("due_at", BigInteger),  # leased: the lease's end; none: a dead letter stands first
    Column("token", String(32)),  # fencing: drawn anew for each claim; none: not leased
    Column("owner", String(64)),  # which dispatcher holds the lease
    Index(None, "destination", "order_key", unique=True),
    Index(None, "destination", "due_at"),
)

_IN_LINE, _SETTLED = text("line IS NOT NULL"), text("settled_at IS NOT NULL")

outbox = Table(  # messages to counterparts, in the order of ``id`` within a line
    "outbox",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("line", BigInteger),  # none: delivered or dropped
    Column("destination", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("action", String(256), nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("message_id", String(256), nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical XML; empty once delivered or dropped
    Column("state", String(9), nullable=False),  # outbox_states.OutboxState
    Column("enqueued_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", String(64)),
    Column("business", Boolean, nullable=False),
    Column("duplicate_since", BigInteger),
    Column("settled_at", BigInteger),
    Column("answer_message_id", String(256)),
    Column("answer_digest", LargeBinary),  # sha-256 of its bytes, which the evidence log has
    Index(None, "line", "id", sqlite_where=_IN_LINE, postgresql_where=_IN_LINE),
    Index(None, "message_id", unique=True),
    Index(None, "settled_at", sqlite_where=_SETTLED, postgresql_where=_SETTLED),
)

outbox_message_ids = Table(  # MessageIDs that a requeue after a business fault replaced
    "outbox_message_ids",
    metadata,
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("message_id", String(256), nullable=False),
    Column("given_up_at", BigInteger, nullable=False),
    Column("code", String(64), nullable=False),
)
