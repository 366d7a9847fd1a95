"""The first tables: duplicate guard, refusal records and their counts, clock marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "guard_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("sender", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(256), nullable=False),
        sa.Column("body_digest", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("kept_until", sa.BigInteger, nullable=False),
        sa.Column("answer_action", sa.String(512)),
        sa.Column("answer_body", sa.LargeBinary),
        sa.Column("answer_fault", sa.Boolean),
        sa.PrimaryKeyConstraint("id", name="pk_guard_messages"),
    )
    op.create_index(
        "ix_guard_messages_sender_message_id", "guard_messages", ["sender", "message_id"], unique=True
    )
    op.create_index("ix_guard_messages_kept_until", "guard_messages", ["kept_until"])
    op.create_table(
        "guard_signatures",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_guard_signatures"),
    )
    op.create_index("ix_guard_signatures_until", "guard_signatures", ["until"])
    op.create_table(
        "refusals",
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("fault", sa.String(64), nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("peer", sa.String(256), nullable=False),
        sa.Column("service", sa.String(64)),
        sa.Column("operation", sa.String(64)),
        sa.Column("message_id", sa.String(256)),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger),
        sa.Column("expires", sa.BigInteger),
        sa.PrimaryKeyConstraint("reference", name="pk_refusals"),
    )
    op.create_index("ix_refusals_at", "refusals", ["at"])
    op.create_table(
        "refusal_counts",
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("peer", sa.String(256), nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("minute", "peer", name="pk_refusal_counts"),
    )
    op.create_table(
        "clock_marks",
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_clock_marks"),
    )
