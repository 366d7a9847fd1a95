"""個人番号カード (Individual Number Cards), and what was done to each."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from gateway.store.tables.base import ROW_ID, metadata

card_states = Table(  # the state of a person's 個人番号カード, by 住民票コード
    "card_states",
    metadata,
    Column("code", String(11), primary_key=True),
    Column("state", String(16), nullable=False),
    sqlite_with_rowid=False,
)

cards = Table(  # 個人番号カード, one row each
    "cards",
    metadata,
    Column("serial", String(12), primary_key=True),
    Column("code", String(11), nullable=False),  # the 住民票コード in the card
    Column("state", String(16), nullable=False),  # domain.card.CardState
    Column("municipality", String(6), nullable=False),  # the holder's
    Column("version", Integer, nullable=False),  # as the card management system counts
    Column("revision", Integer, nullable=False),  # as this database counts its writes of the row
    Column("issued_on", String(10)),  # days as 2026-11-26
    Column("valid_until", String(10)),
    Column("residence_until", String(10)),
    Column("continue_by", String(10)),
    Column("ends_on", String(10)),  # the first of the three, while the card is in use
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "code"),
    Index(None, "ends_on"),
    sqlite_with_rowid=False,
)

card_events = Table(  # everything that was done to a card, in the order of its recording
    "card_events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("serial", String(12), nullable=False),
    Column("event", String(16)),  # domain.card.CardEvent; none: only the state was told
    Column("reason", String(24)),  # domain.card_update.RevocationReason
    Column("event_date", String(10), nullable=False),
    Column("state", String(16), nullable=False),  # after it
    Column("actor", String(24), nullable=False),  # domain.card_update.CardActor
    Column("reference", String(64), nullable=False),  # of the update, the same here and there
    Column("outcome", String(16), nullable=False),  # domain.card_history.CardOutcome
    Column("answer", String(24)),  # what the card management system answered: CardResult
    Column("message_id", String(256)),  # of the update in the outbox
    Column("recorded_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Index(None, "serial", "id"),
    Index(None, "reference", "serial", unique=True),
    Index(None, "message_id"),
)
