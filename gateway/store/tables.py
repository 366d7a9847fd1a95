"""Every table of the store, on one screen. migrations/ holds the way from one version to the next.

Instants are microseconds (instants.py). Only types that SQLite and PostgreSQL share.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite's row id must be called INTEGER

messages = Table(  # the duplicate guard: one row for each (sender, MessageID) that was let in
    "guard_messages",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("sender", String(128), nullable=False),
    Column("message_id", String(256), nullable=False),
    Column("body_digest", LargeBinary, nullable=False),  # of the canonical child of the Body
    Column("state", String(8), nullable=False),  # claimed, answered, released (guard_rules.State)
    Column("token", String(32), nullable=False),  # fencing: drawn anew for each claim
    Column("lease_until", BigInteger, nullable=False),
    Column("kept_until", BigInteger, nullable=False),
    Column("answer_action", String(512)),
    Column("answer_body", LargeBinary),  # canonical XML of the answer's Body child
    Column("answer_fault", Boolean),
    Index(None, "sender", "message_id", unique=True),
    Index(None, "kept_until"),
)

signatures = Table(  # every canonical SignedInfo that was let in, until its message has expired anyway
    "guard_signatures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index(None, "until"),
)

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

clock_marks = Table(  # the newest instant that a commit has seen, one row for each machine's clock
    "clock_marks",
    metadata,
    Column("node", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# The register of people. ``person`` is a number of this database's own, never shown.

_KEY = Text().with_variant(Text(collation="C"), "postgresql")  # compared code point by code point
# sqlite_with_rowid=False: the rows lie in the order of the primary key, and there is no second tree.

people = Table(
    "people",
    metadata,
    Column("person", _ROW_ID, primary_key=True),
    Column("version", Integer, nullable=False),  # the current one
)

person_codes = Table(  # 住民票コード now
    "person_codes",
    metadata,
    Column("code", String(11), primary_key=True),
    Column("person", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

person_numbers = Table(  # 個人番号 now
    "person_numbers",
    metadata,
    Column("individual_number", String(12), primary_key=True),
    Column("person", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

person_versions = Table(  # 履歴: each state of a record that there was, never overwritten
    "person_versions",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("code", String(11), nullable=False),
    Column("individual_number", String(12)),
    Column("name", Text, nullable=False),
    Column("kana", Text),
    Column("latin_name", Text),
    Column("common_name", Text),
    Column("former_surname", Text),
    Column("birth_date", Text, nullable=False),  # register_rows.write_date
    Column("sex", String(1), nullable=False),
    Column("address", Text, nullable=False),
    Column("municipality", String(6), nullable=False),
    Column("valid_from", Text),  # register_rows.write_date
    Column("reason", String(32)),  # change_reason.ChangeReason; none: a first stock
    Column("recorded_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def _search(name: str, *order: str) -> Table:
    """Names x addresses that a person has or had, by their search keys, sorted in one order."""
    return Table(
        name,
        metadata,
        *(Column(key, _KEY, nullable=False) for key in ("name_key", "kana_key", "address_key", "birth_key")),
        Column("person", BigInteger, nullable=False),
        Column("sex", String(1), nullable=False),
        Column("municipality", String(6), nullable=False),
        PrimaryKeyConstraint(*order, "person"),
        sqlite_with_rowid=False,
    )


# One for each item that a search can begin with: which of them is read is decided in register_search.py.
search_by_name = _search("search_by_name", "name_key", "address_key", "birth_key", "kana_key")
search_by_kana = _search("search_by_kana", "kana_key", "address_key", "birth_key", "name_key")
search_by_address = _search("search_by_address", "address_key", "kana_key", "name_key", "birth_key")
search_by_birth = _search("search_by_birth", "birth_key", "name_key", "kana_key", "address_key")

search_staging = Table(  # a bulk load's rows until they are sorted into the tables above; empty otherwise
    "search_staging",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("person", BigInteger, nullable=False),
    Column("code", String(11), nullable=False),
    Column("individual_number", String(12)),
    Column("name_key", _KEY, nullable=False),
    Column("kana_key", _KEY, nullable=False),
    Column("address_key", _KEY, nullable=False),
    Column("birth_key", _KEY, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("municipality", String(6), nullable=False),
)

register_marks = Table(  # facts about the register as a whole: version of its keys, what was loaded
    "register_marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

card_states = Table(  # the state of a person's 個人番号カード, by 住民票コード
    "card_states",
    metadata,
    Column("code", String(11), primary_key=True),
    Column("state", String(16), nullable=False),
    sqlite_with_rowid=False,
)

budget_spends = Table(  # negative answers of verification and search, by who asked and for whom
    "budget_spends",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("kind", String(16), nullable=False),  # operator, terminal, person
    Column("subject", String(64), nullable=False),  # HMAC-SHA-256 under this database's own key, hex
    Column("at", BigInteger, nullable=False),
    Index(None, "kind", "subject", "at"),
    Index(None, "at"),
)

outbox_lines = Table(  # one row for each (destination, key) with anything undelivered; claimed as a whole
    "outbox_lines",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("destination", String(64), nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("waiting", Integer, nullable=False),  # messages in the line
    Column("due_at", BigInteger),  # leased: the lease's end; none: a dead letter stands first
    Column("token", String(32)),  # fencing: drawn anew for each claim; none: not leased
    Column("owner", String(64)),  # which dispatcher holds the lease
    Index(None, "destination", "order_key", unique=True),
    Index(None, "destination", "due_at"),
)

_IN_LINE, _SETTLED = text("line IS NOT NULL"), text("settled_at IS NOT NULL")

outbox = Table(  # messages to counterparts, in the order of ``id`` within a line
    "outbox",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("line", BigInteger),  # none: delivered or dropped
    Column("destination", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("action", String(256), nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("message_id", String(256), nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical XML; empty once delivered or dropped
    Column("state", String(9), nullable=False),  # outbox_states.OutboxState
    Column("enqueued_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", String(64)),
    Column("business", Boolean, nullable=False),
    Column("duplicate_since", BigInteger),
    Column("settled_at", BigInteger),
    Column("answer_message_id", String(256)),
    Column("answer_digest", LargeBinary),  # sha-256 of its bytes, which the evidence log has
    Index(None, "line", "id", sqlite_where=_IN_LINE, postgresql_where=_IN_LINE),
    Index(None, "message_id", unique=True),
    Index(None, "settled_at", sqlite_where=_SETTLED, postgresql_where=_SETTLED),
)

outbox_message_ids = Table(  # MessageIDs that a requeue after a business fault replaced
    "outbox_message_ids",
    metadata,
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("message_id", String(256), nullable=False),
    Column("given_up_at", BigInteger, nullable=False),
    Column("code", String(64), nullable=False),
)

# Evidence (gateway.evidence has the texts that are digested). An entry's id is its chain's times 2^40, plus
# its number: entries of a chain lie together and in order, and the newest is found without an index.

_DIRTY = text("dirty")

evidence_chains = Table(  # one row for each node and start
    "evidence_chains",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
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
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
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
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

evidence_certificates = Table(  # of everybody who signed an entry's message or a seal
    "evidence_certificates",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("der", LargeBinary, nullable=False),
)

evidence_seals = Table(
    "evidence_seals",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),  # gateway.evidence.seal
    Column("signature", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),  # sha-256
    Column("copied", Boolean, nullable=False),  # to the folder outside
)
