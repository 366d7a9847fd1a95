"""The access log: accesses, their people, where each chain of them ends, and the key that seals people."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tables beside those that there are; an older program would leave them empty, so none is served."""
    op.create_table(
        "access_chains",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("erased", sa.BigInteger, nullable=False),
        sa.Column("erased_link", sa.LargeBinary, nullable=False),
        sa.Column("noted", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_chains"),
    )
    op.create_index("ix_access_chains_node", "access_chains", ["node"], unique=True)
    op.create_table(
        "accesses",
        sa.Column("id", _ROW_ID, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("municipality", sa.String(6)),
        sa.Column("terminal", sa.String(64)),
        sa.Column("verification_id", sa.String(64)),
        sa.Column("operator_id", sa.String(64)),
        sa.Column("purpose", sa.String(256)),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(256)),
        sa.Column("with_number", sa.Boolean, nullable=False),
        sa.Column("passed_to", sa.String(64)),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accesses"),
    )
    op.create_index("ix_accesses_at", "accesses", ["at"])
    op.create_table(
        "access_people",
        sa.Column("access", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("subject", sa.String(8), nullable=False),
        sa.Column("effect", sa.String(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("access", "position", name="pk_access_people"),
        sqlite_with_rowid=False,
    )
    keys = op.create_table(
        "access_keys",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_keys"),
    )
    op.bulk_insert(keys, [{"id": 1, "secret": secrets.token_bytes(96)}])
