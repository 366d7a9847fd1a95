"""Changes of people: who is struck, the numbers of changes, every change as it was reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """From version 5 to version 6."""
    op.add_column("people", sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.create_table(
        "person_standings",
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("on_record", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("person", "municipality", name="pk_person_standings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_changes",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("event_date", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("cancels", sa.Integer),
        sa.Column("message_id", sa.String(256)),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_changes"),
    )
    op.create_index(
        "ix_person_changes_person_municipality_number_revision",
        "person_changes",
        ["person", "municipality", "number", "revision"],
        unique=True,
    )
