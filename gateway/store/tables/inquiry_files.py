"""Inquiries to 機構 by file (情報参照ファイル)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.tables.base import ROW_ID, metadata

inquiry_files = Table(
    "inquiry_files",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("municipality", String(6), nullable=False),
    Column("terminal", String(64), nullable=False),  # whose messages may name it owns the file
    Column("office", String(64), nullable=False),
    Column("file", String(64), nullable=False),
    Column("system", String(64), nullable=False),  # the counterpart that delivered it
    Column("verification_id", String(64), nullable=False),
    Column("operator_id", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("basis", String(32), nullable=False),
    Column("run", String(36), nullable=False),  # drawn for it: from it follow the MessageIDs of its questions
    Column("pieces", Integer, nullable=False),
    Column("taken", Integer, nullable=False),  # pieces that are there
    Column("size", BigInteger, nullable=False),  # octets of them
    Column("state", String(12), nullable=False),  # inquiry_file.FileState
    Column("count", Integer, nullable=False),  # lines; 0 until it is read
    Column("answered", Integer, nullable=False),
    Column("without_record", Integer, nullable=False),
    Column("in_vain", Integer, nullable=False),  # answers that are negative: its budget
    Column("error_line", Integer),
    Column("error_column", String(32)),
    Column("error_code", String(32)),
    Column("header", Text),  # first line of the result file, once every line is answered
    Column("token", String(32)),  # fencing: who works on it
    Column("owner", String(64)),  # the node that does
    Column("lease_until", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),  # when it was worked on last: files take turns
    Column("source", String(128)),  # its name in the watched folder that it came by
    Column("handed", Boolean, nullable=False),  # the results are in that folder
    Column("received_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),  # rejected, or done
    Index(None, "municipality", "terminal", "office", "file", unique=True),
    Index(None, "state"),
)

inquiry_pieces = Table(  # of the file as it came
    "inquiry_pieces",
    metadata,
    Column("file", BigInteger, primary_key=True, autoincrement=False),
    Column("piece", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),  # sha-256
    Column("lines", Text, nullable=False),
)

inquiry_answers = Table(  # of the result file, in its order
    "inquiry_answers",
    metadata,
    Column("file", BigInteger, primary_key=True, autoincrement=False),
    Column("first", Integer, primary_key=True, autoincrement=False),  # number of the first line
    Column("lines", Text, nullable=False),
)
