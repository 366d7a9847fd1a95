"""Inquiries by file: files, their pieces, their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None
serves = "r0010"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tables beside those that there are."""
    op.create_table(
        "inquiry_files",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("office", sa.String(64), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("verification_id", sa.String(64), nullable=False),
        sa.Column("operator_id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(32), nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("without_record", sa.Integer, nullable=False),
        sa.Column("in_vain", sa.Integer, nullable=False),
        sa.Column("error_line", sa.Integer),
        sa.Column("error_column", sa.String(32)),
        sa.Column("error_code", sa.String(32)),
        sa.Column("header", sa.Text),
        sa.Column("token", sa.String(32)),
        sa.Column("owner", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(128)),
        sa.Column("handed", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_inquiry_files"),
    )
    op.create_index(
        "ix_inquiry_files_municipality_terminal_office_file",
        "inquiry_files",
        ["municipality", "terminal", "office", "file"],
        unique=True,
    )
    op.create_index("ix_inquiry_files_state", "inquiry_files", ["state"])
    op.create_table(
        "inquiry_pieces",
        sa.Column("file", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("piece", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("file", "piece", name="pk_inquiry_pieces"),
    )
    op.create_table(
        "inquiry_answers",
        sa.Column("file", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("first", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("file", "first", name="pk_inquiry_answers"),
    )
