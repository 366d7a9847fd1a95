"""Addressees (送付先情報): nothing of what they say is kept, but who was part of one and when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from gateway.store.tables.base import ROW_ID, metadata

addressees = Table(
    "addressees",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("municipality", String(6), nullable=False),
    Column("number_digest", LargeBinary),  # HMAC of the 送付先管理番号; forgotten with the guard's memory
    Column("content_digest", LargeBinary),  # HMAC of the fingerprint; goes with it
    Column("notice", String(256), nullable=False),  # MessageID in the outbox
    Column("accepted_at", BigInteger, nullable=False),
    Index(None, "municipality", "number_digest", unique=True),
    Index(None, "accepted_at"),
)

addressee_people = Table(
    "addressee_people",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("addressee", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

addressee_messages = Table(  # which notice hands over what a message brought; gone once that is erased
    "addressee_messages",
    metadata,
    Column("sender", String(128), primary_key=True),
    Column("message_id", String(256), primary_key=True),
    Column("notice", String(256), nullable=False),
    sqlite_with_rowid=False,
)

addressee_targets = Table(  # 更新対象者: whose addressees are to be extracted, the longest waiting first
    "addressee_targets",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("person", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),  # change_reason.ChangeReason
    Column("since", BigInteger, nullable=False),
    Index(None, "person", unique=True),
)

received_addressees = Table(  # what a card management system was told of, in its order
    "received_addressees",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("municipality", String(6), nullable=False),
    Column("number", String(20), nullable=False),  # 送付先管理番号
    Column("fingerprint", LargeBinary, nullable=False),  # domain.addressee_rules.fingerprint
    Column("postal_code", String(7), nullable=False),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("people", Text, nullable=False),  # 住民票コード, parted by spaces
    Column("received_at", BigInteger, nullable=False),
    Index(None, "municipality", "number", unique=True),
)
