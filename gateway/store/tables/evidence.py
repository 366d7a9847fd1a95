"""Evidence (gateway.evidence has the texts that are digested).

An entry's id is its chain's times 2^40, plus its number: entries of a chain lie together and in order, and
the newest is found without an index.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from gateway.store.tables.base import ROW_ID, metadata

_DIRTY = text("dirty")

evidence_chains = Table(  # one row for each node and start
    "evidence_chains",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("node", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("text", Text, nullable=False),  # gateway.evidence.entry.chain_text
    Column("genesis", LargeBinary, nullable=False),  # sha-256 of the text
    Column("sealed", BigInteger, nullable=False),  # the newest seal goes as far as this number
    Column("dirty", Boolean, nullable=False),  # it has entries after that one
    Index(None, "node", "epoch", unique=True),
    Index("ix_evidence_chains_dirty", "id", sqlite_where=_DIRTY, postgresql_where=_DIRTY),
)

evidence_entries = Table(
    "evidence_entries",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("peer", String(256), nullable=False),
    Column("operation", String(64)),
    Column("message_id", String(256)),
    Column("relates_to", String(256)),
    Column("outcome", String(256), nullable=False),
    Column("size", Integer, nullable=False),  # octets
    Column("digest", LargeBinary, nullable=False),  # sha-256 of the bytes as they travelled
    Column("algorithm", String(16)),  # of the message's signature; the next three go with it
    Column("signed", LargeBinary),  # digest of the canonical SignedInfo, by the signature's hash
    Column("value", LargeBinary),  # SignatureValue
    Column("certificate", LargeBinary),  # sha-256 of the signer's certificate
    Column("link", LargeBinary, nullable=False),
)

evidence_bodies = Table(  # the bytes of a message, until they are erased
    "evidence_bodies",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# The same of messages that are kept until what they carry was handed over. A row's first octets are padding,
# so that the message itself lies in overflow pages, which SQLite zeroes when they are freed: in a page with
# other rows, what was moved before it was deleted can stay behind.
evidence_transient = Table(
    "evidence_transient",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("padding", LargeBinary, nullable=False),  # PADDING
    Column("body", LargeBinary, nullable=False),
)

PADDING = 4_096
"""Octets: as many as SQLite keeps of one row in a page that other rows share, at most, and more."""

evidence_certificates = Table(  # of everybody who signed an entry's message or a seal
    "evidence_certificates",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("der", LargeBinary, nullable=False),
)

evidence_seals = Table(
    "evidence_seals",
    metadata,
    Column("number", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),  # gateway.evidence.seal
    Column("signature", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),  # sha-256
    Column("copied", Boolean, nullable=False),  # to the folder outside
)
