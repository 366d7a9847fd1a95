"""Evidence: chains, their entries, the bytes of messages, certificates and seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From version 4 to version 5."""
    op.create_table(
        "evidence_chains",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("genesis", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.BigInteger, nullable=False),
        sa.Column("dirty", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_chains"),
    )
    op.create_index("ix_evidence_chains_node_epoch", "evidence_chains", ["node", "epoch"], unique=True)
    op.create_index(
        "ix_evidence_chains_dirty",
        "evidence_chains",
        ["id"],
        sqlite_where=sa.text("dirty"),
        postgresql_where=sa.text("dirty"),
    )
    op.create_table(
        "evidence_entries",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("peer", sa.String(256), nullable=False),
        sa.Column("operation", sa.String(64)),
        sa.Column("message_id", sa.String(256)),
        sa.Column("relates_to", sa.String(256)),
        sa.Column("outcome", sa.String(256), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("algorithm", sa.String(16)),
        sa.Column("signed", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary),
        sa.Column("certificate", sa.LargeBinary),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_entries"),
    )
    op.create_table(
        "evidence_bodies",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_bodies"),
    )
    op.create_table(
        "evidence_certificates",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("der", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_evidence_certificates"),
    )
    op.create_table(
        "evidence_seals",
        sa.Column("number", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("certificate", sa.LargeBinary, nullable=False),
        sa.Column("copied", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_evidence_seals"),
    )
