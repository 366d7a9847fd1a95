"""The access log: who saw or changed whose record.

An access's id is its chain's times 2^40, plus its number.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from gateway.store.tables.base import ROW_ID, metadata

access_chains = Table(  # one row for each node: where its chain ends, and from where on it is still there
    "access_chains",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("node", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),  # of the newest access
    Column("link", LargeBinary, nullable=False),
    Column("erased", BigInteger, nullable=False),  # accesses up to this number are erased
    Column("erased_link", LargeBinary, nullable=False),
    Column("noted", BigInteger, nullable=False),  # the evidence log knows the chain up to this number
    Index(None, "node", unique=True),
)

accesses = Table(
    "accesses",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("system", String(64), nullable=False),
    Column("municipality", String(6)),
    Column("terminal", String(64)),
    Column("verification_id", String(64)),  # 照合ID
    Column("operator_id", String(64)),  # 操作者ID
    Column("purpose", String(256)),
    Column("operation", String(64), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("message_id", String(256)),
    Column("with_number", Boolean, nullable=False),  # a 個人番号 was among it
    Column("passed_to", String(64)),
    Column("people", Integer, nullable=False),  # rows of access_people
    Column("link", LargeBinary, nullable=False),
    Index(None, "at"),
)

access_keys = Table(  # one row, drawn with the tables: access_subjects.py
    "access_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
)

access_people = Table(  # no index by person: reports read by time, and a random page a row would cost more
    "access_people",
    metadata,
    Column("access", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("subject", String(8), nullable=False),  # accesses.Subject
    Column("effect", String(8), nullable=False),  # accesses.Effect
    Column("sealed", LargeBinary, nullable=False),  # access_subjects.py
    sqlite_with_rowid=False,
)
