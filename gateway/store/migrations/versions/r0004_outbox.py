"""The outbox: messages to deliver, the lines they stand in, and MessageIDs that were given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From version 3 to version 4."""
    op.create_table(
        "outbox_lines",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("token", sa.String(32)),
        sa.Column("owner", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_lines"),
    )
    op.create_index(
        "ix_outbox_lines_destination_order_key", "outbox_lines", ["destination", "order_key"], unique=True
    )
    op.create_index("ix_outbox_lines_destination_due_at", "outbox_lines", ["destination", "due_at"])
    op.create_table(
        "outbox",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("line", sa.BigInteger),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("action", sa.String(256), nullable=False),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(256), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("enqueued_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("business", sa.Boolean, nullable=False),
        sa.Column("duplicate_since", sa.BigInteger),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("answer_message_id", sa.String(256)),
        sa.Column("answer_digest", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_line_id",
        "outbox",
        ["line", "id"],
        sqlite_where=sa.text("line IS NOT NULL"),
        postgresql_where=sa.text("line IS NOT NULL"),
    )
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"], unique=True)
    op.create_index(
        "ix_outbox_settled_at",
        "outbox",
        ["settled_at"],
        sqlite_where=sa.text("settled_at IS NOT NULL"),
        postgresql_where=sa.text("settled_at IS NOT NULL"),
    )
    op.create_table(
        "outbox_message_ids",
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("message_id", sa.String(256), nullable=False),
        sa.Column("given_up_at", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("row", "number", name="pk_outbox_message_ids"),
    )
