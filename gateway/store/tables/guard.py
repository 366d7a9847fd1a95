"""The duplicate guard."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table

from gateway.store.tables.base import ROW_ID, metadata

messages = Table(  # the duplicate guard: one row for each (sender, MessageID) that was let in
    "guard_messages",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("sender", String(128), nullable=False),
    Column("message_id", String(256), nullable=False),
    Column("body_digest", LargeBinary, nullable=False),  # of the canonical child of the Body
    Column("state", String(8), nullable=False),  # claimed, answered, released (guard_rules.State)
    Column("token", String(32), nullable=False),  # fencing: drawn anew for each claim
    Column("lease_until", BigInteger, nullable=False),
    Column("kept_until", BigInteger, nullable=False),
    Column("answer_action", String(512)),
    Column("answer_body", LargeBinary),  # canonical XML of the answer's Body child
    Column("answer_fault", Boolean),
    Index(None, "sender", "message_id", unique=True),
    Index(None, "kept_until"),
)

signatures = Table(  # every canonical SignedInfo that was let in, until its message has expired anyway
    "guard_signatures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index(None, "until"),
)
