"""Special move-ins (特例転入): one row for each move in either role, and what happened to it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from gateway.store.tables.base import ROW_ID, metadata

moves = Table(
    "moves",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("reference", String(64), nullable=False),  # ours
    Column("role", String(8), nullable=False),  # domain.move.MoveRole
    Column("state", String(16), nullable=False),  # domain.move.MoveState
    Column("is_open", Boolean, nullable=False),
    Column("code", String(11), nullable=False),  # 住民票コード of the card's holder
    Column("serial", String(12)),  # 製造番号 of the card that was handed in
    Column("peer", String(6)),  # the other municipality
    Column("theirs", String(64)),  # its reference
    Column("line", String(64), nullable=False),  # order key of the messages in the outbox
    Column("planned_on", String(10)),  # days as 2026-11-26
    Column("moved_on", String(10)),
    Column("notified_on", String(10)),
    Column("result", String(24)),  # domain.move_messages.MoveResult that the other municipality named
    Column("certificate", LargeBinary),  # 転出証明書情報 as canonical XML; gone once nobody needs it
    Column("arrival", LargeBinary),  # 転入通知, likewise
    Column("version", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "reference", unique=True),
    Index(None, "peer", "theirs"),
    Index(None, "state", "planned_on"),
)

move_people = Table(
    "move_people",
    metadata,
    Column("move", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("code", String(11), nullable=False),
    Index(None, "code"),
)

move_events = Table(  # everything that happened to a move, in the order of its recording
    "move_events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("move", BigInteger, nullable=False),
    Column("event", String(16), nullable=False),  # domain.move.MoveEvent
    Column("state", String(16), nullable=False),  # after it
    Column("actor", String(16), nullable=False),  # domain.move_messages.MoveActor
    Column("result", String(24)),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "move", "id"),
)

move_remarks = Table(  # texts of a certificate that an operator must look at; the text itself is not here
    "move_remarks",
    metadata,
    Column("move", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("person", Integer, nullable=False),  # from 1; 0 is the certificate itself
    Column("item", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # domain.move_remarks.RemarkKind
)

confirmed_moves = Table(  # what a prefectural server was told by 転出確定通知
    "confirmed_moves",
    metadata,
    Column("municipality", String(6), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("code", String(11), primary_key=True),
    Column("destination", String(6), nullable=False),
    Column("moved_on", String(10), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
