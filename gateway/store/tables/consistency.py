"""Consistency checks (整合性確認): runs of this system, and comparisons that it makes for others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from gateway.store.tables.base import ROW_ID, metadata

consistency_runs = Table(
    "consistency_runs",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("reference", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("mode", String(12), nullable=False),  # consistency.RunMode
    Column("state", String(12), nullable=False),  # consistency.RunState
    Column("position", String(11)),  # people up to this 住民票コード are dealt with
    Column("sending", Boolean, nullable=False),  # the piece of the span from there is under way
    Column("upto", String(11)),  # the end of that span; none: it is the last
    Column("piece", Integer, nullable=False),  # number of the last piece
    Column("here_count", Integer, nullable=False),  # of the records that were sent
    Column("here_digest", String(64), nullable=False),
    Column("people", Integer, nullable=False),  # that were looked at
    Column("octets", BigInteger, nullable=False),  # of the messages
    Column("there_count", Integer),
    Column("there_digest", String(64)),
    Column("parts", Integer, nullable=False),  # of the result, taken so far
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("owner", String(64)),  # the node that works on it
    Column("lease_until", BigInteger, nullable=False),
    Index(None, "reference", unique=True),
    Index(None, "state"),
)

consistency_findings = Table(
    "consistency_findings",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("run", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),  # consistency.FindingKind
    Column("code", String(11), nullable=False),
    Column("number_sent", Integer),
    Column("number_there", Integer),
    Column("items", String(128), nullable=False),  # consistency.RecordItem, parted by spaces
    Column("in_flight", Boolean, nullable=False),
    Column("repaired_at", BigInteger),
    Index(None, "run"),
)

consistency_comparisons = Table(  # what a counterpart has compared for a municipality
    "consistency_comparisons",
    metadata,
    Column("reference", String(64), primary_key=True),
    Column("municipality", String(6), nullable=False),
    Column("piece", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("findings", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
)

consistency_compared = Table(  # the findings, until they are told
    "consistency_compared",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("reference", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("code", String(11), nullable=False),
    Column("number_sent", Integer),
    Column("number_there", Integer),
    Column("items", String(128), nullable=False),
    Index(None, "reference"),
)
