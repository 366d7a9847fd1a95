"""Changes as they were reported: each municipality counts its own of a person."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.tables.base import ROW_ID, metadata

person_standings = Table(  # none for a first stock, until its first change
    "person_standings",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("municipality", String(6), primary_key=True),
    Column("last_number", Integer, nullable=False),  # 更新順番号; 0: no change yet
    Column("on_record", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

person_changes = Table(  # every change with every revision, in the order of their recording
    "person_changes",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("person", BigInteger, nullable=False),
    Column("municipality", String(6), nullable=False),  # who reported it
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("event_date", Text, nullable=False),  # register_rows.write_date
    Column("fingerprint", LargeBinary, nullable=False),  # domain.change.Change.fingerprint
    Column("version", Integer),  # of person_versions; none: another municipality's record had come meanwhile
    Column("cancels", Integer),  # number of the change that it takes back
    Column("message_id", String(256)),  # of the notice in the outbox
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "person", "municipality", "number", "revision", unique=True),
)
