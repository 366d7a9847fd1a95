"""What operators do: which older programs may work on these tables, and every restore from a backup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None
serves = "r0009"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tables beside those that there are."""
    op.create_table(
        "schema_serves",
        sa.Column("revision", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_schema_serves"),
    )
    op.create_table(
        "restores",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("backup_at", sa.BigInteger, nullable=False),
        sa.Column("lost_seal", sa.BigInteger),
        sa.Column("guard", sa.String(8), nullable=False),
        sa.Column("taken_over", sa.Integer, nullable=False),
        sa.Column("effects_lost", sa.Integer, nullable=False),
        sa.Column("window_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_restores"),
    )
