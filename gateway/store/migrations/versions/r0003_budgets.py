"""Negative answers, counted for the budgets of verification and search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From version 2 to version 3."""
    op.create_table(
        "budget_spends",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget_spends"),
    )
    op.create_index("ix_budget_spends_kind_subject_at", "budget_spends", ["kind", "subject", "at"])
    op.create_index("ix_budget_spends_at", "budget_spends", ["at"])
