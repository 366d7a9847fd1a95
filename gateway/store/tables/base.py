"""What all tables share: instants are microseconds (instants.py), types those of both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite's row id must be called INTEGER
