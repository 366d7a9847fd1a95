"""What a simulated 機構 has issued."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from gateway.store.tables.base import metadata

issued = Table(  # 住民票コード and 個人番号 that a simulated 機構 has issued
    "issued",
    metadata,
    Column("kind", String(8), primary_key=True),  # code, number
    Column("digits", String(12), primary_key=True),
    Column("municipality", String(6), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("about", String(11), nullable=False),  # for whom a number is
    Column("issued_at", BigInteger, nullable=False),
    Index(None, "municipality", "kind", "reference", "place", unique=True),
)
