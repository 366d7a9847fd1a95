"""個人番号カード and everything that was done to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From version 6 to version 7."""
    op.create_table(
        "cards",
        sa.Column("serial", sa.String(12), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("issued_on", sa.String(10)),
        sa.Column("valid_until", sa.String(10)),
        sa.Column("residence_until", sa.String(10)),
        sa.Column("continue_by", sa.String(10)),
        sa.Column("ends_on", sa.String(10)),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_cards"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cards_code", "cards", ["code"])
    op.create_index("ix_cards_ends_on", "cards", ["ends_on"])
    op.create_table(
        "card_events",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("serial", sa.String(12), nullable=False),
        sa.Column("event", sa.String(16)),
        sa.Column("reason", sa.String(24)),
        sa.Column("event_date", sa.String(10), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(24), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("answer", sa.String(24)),
        sa.Column("message_id", sa.String(256)),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_card_events"),
    )
    op.create_index("ix_card_events_serial_id", "card_events", ["serial", "id"])
    op.create_index("ix_card_events_reference_serial", "card_events", ["reference", "serial"], unique=True)
    op.create_index("ix_card_events_message_id", "card_events", ["message_id"])
