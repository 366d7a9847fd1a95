"""Consistency checks: runs with their findings, and comparisons made for others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0013"
down_revision = "r0012"
branch_labels = None
depends_on = None
serves = "r0010"  # new tables, which older programs do without

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tables beside those that there are."""
    op.create_table(
        "consistency_runs",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("position", sa.String(11)),
        sa.Column("sending", sa.Boolean, nullable=False),
        sa.Column("upto", sa.String(11)),
        sa.Column("piece", sa.Integer, nullable=False),
        sa.Column("here_count", sa.Integer, nullable=False),
        sa.Column("here_digest", sa.String(64), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("octets", sa.BigInteger, nullable=False),
        sa.Column("there_count", sa.Integer),
        sa.Column("there_digest", sa.String(64)),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("owner", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consistency_runs"),
    )
    op.create_index("ix_consistency_runs_reference", "consistency_runs", ["reference"], unique=True)
    op.create_index("ix_consistency_runs_state", "consistency_runs", ["state"])
    op.create_table(
        "consistency_findings",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        *_finding(),
        sa.Column("in_flight", sa.Boolean, nullable=False),
        sa.Column("repaired_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_consistency_findings"),
    )
    op.create_index("ix_consistency_findings_run", "consistency_findings", ["run"])
    op.create_table(
        "consistency_comparisons",
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("piece", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_consistency_comparisons"),
    )
    op.create_table(
        "consistency_compared",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        *_finding(),
        sa.PrimaryKeyConstraint("id", name="pk_consistency_compared"),
    )
    op.create_index("ix_consistency_compared_reference", "consistency_compared", ["reference"])


def _finding() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("number_sent", sa.Integer),
        sa.Column("number_there", sa.Integer),
        sa.Column("items", sa.String(128), nullable=False),
    ]
