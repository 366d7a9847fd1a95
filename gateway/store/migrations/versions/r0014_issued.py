"""What a simulated 機構 has issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0014"
down_revision = "r0013"
branch_labels = None
depends_on = None
serves = "r0010"


def upgrade() -> None:
    """A table beside those that there are."""
    op.create_table(
        "issued",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("digits", sa.String(12), nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("about", sa.String(11), nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "digits", name="pk_issued"),
    )
    op.create_index(
        "ix_issued_municipality_kind_reference_place",
        "issued",
        ["municipality", "kind", "reference", "place"],
        unique=True,
    )
