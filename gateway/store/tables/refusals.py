"""Refused messages, and how many there were."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from gateway.store.tables.base import metadata

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
