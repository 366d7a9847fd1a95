"""Addressees: who was part of one, who is to be extracted, and messages that go once they are handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From version 7 to version 8."""
    op.create_table(
        "addressees",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("number_digest", sa.LargeBinary),
        sa.Column("content_digest", sa.LargeBinary),
        sa.Column("notice", sa.String(256), nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_addressees"),
    )
    op.create_index(
        "ix_addressees_municipality_number_digest",
        "addressees",
        ["municipality", "number_digest"],
        unique=True,
    )
    op.create_index("ix_addressees_accepted_at", "addressees", ["accepted_at"])
    op.create_table(
        "addressee_people",
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("addressee", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person", "addressee", name="pk_addressee_people"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "addressee_messages",
        sa.Column("sender", sa.String(128), nullable=False),
        sa.Column("message_id", sa.String(256), nullable=False),
        sa.Column("notice", sa.String(256), nullable=False),
        sa.PrimaryKeyConstraint("sender", "message_id", name="pk_addressee_messages"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "addressee_targets",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_addressee_targets"),
    )
    op.create_index("ix_addressee_targets_person", "addressee_targets", ["person"], unique=True)
    op.create_table(
        "received_addressees",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("postal_code", sa.String(7), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("people", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_received_addressees"),
    )
    op.create_index(
        "ix_received_addressees_municipality_number",
        "received_addressees",
        ["municipality", "number"],
        unique=True,
    )
    op.create_table(
        "evidence_transient",
        sa.Column("id", _ROW_ID, nullable=False, autoincrement=False),
        sa.Column("padding", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_transient"),
    )
