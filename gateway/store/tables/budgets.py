"""Budgets of negative answers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from gateway.store.tables.base import ROW_ID, metadata

budget_spends = Table(  # negative answers of verification and search, by who asked and for whom
    "budget_spends",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("kind", String(16), nullable=False),  # operator, terminal, person
    Column("subject", String(64), nullable=False),  # HMAC-SHA-256 under this database's own key, hex
    Column("at", BigInteger, nullable=False),
    Index(None, "kind", "subject", "at"),
    Index(None, "at"),
)
