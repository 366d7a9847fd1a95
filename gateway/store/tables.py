"""Every table of the store, on one screen. migrations/ holds the way from one version to the next.

Instants are microseconds (instants.py). Only types that SQLite and PostgreSQL share.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite's row id must be called INTEGER

messages = Table(  # the duplicate guard: one row for each (sender, MessageID) that was let in
    "guard_messages",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
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

refusals = Table(
    "refusals",
    metadata,
    Column("reference", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("step", Integer, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("fault", String(64), nullable=False),
    Column("found", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("peer", String(256), nullable=False),
    Column("service", String(64)),
    Column("operation", String(64)),
    Column("message_id", String(256)),
    Column("size", Integer, nullable=False),  # octets
    Column("digest", String(64), nullable=False),  # sha-256 of the bytes as received, hex
    Column("chain", Text, nullable=False),  # JSON
    Column("created", BigInteger),
    Column("expires", BigInteger),
    Index(None, "at"),
)

refusal_counts = Table(  # all refusals of a peer in a minute, those without a record too
    "refusal_counts",
    metadata,
    Column("minute", BigInteger, primary_key=True),  # its first instant
    Column("peer", String(256), primary_key=True),
    Column("refused", Integer, nullable=False),
)

clock_marks = Table(  # the newest instant that a commit has seen, one row for each machine's clock
    "clock_marks",
    metadata,
    Column("node", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)
