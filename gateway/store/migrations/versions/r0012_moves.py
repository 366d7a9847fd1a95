"""Special move-ins: moves in both roles with their people, events and remarks; what a prefecture was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0012"
down_revision = "r0011"
branch_labels = None
depends_on = None
serves = "r0010"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tables beside those that there are; an older program leaves them empty."""
    op.create_table(
        "moves",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("serial", sa.String(12)),
        sa.Column("peer", sa.String(6)),
        sa.Column("theirs", sa.String(64)),
        sa.Column("line", sa.String(64), nullable=False),
        sa.Column("planned_on", sa.String(10)),
        sa.Column("moved_on", sa.String(10)),
        sa.Column("notified_on", sa.String(10)),
        sa.Column("result", sa.String(24)),
        sa.Column("certificate", sa.LargeBinary),
        sa.Column("arrival", sa.LargeBinary),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_moves"),
    )
    op.create_index("ix_moves_reference", "moves", ["reference"], unique=True)
    op.create_index("ix_moves_peer_theirs", "moves", ["peer", "theirs"])
    op.create_index("ix_moves_state_planned_on", "moves", ["state", "planned_on"])
    op.create_table(
        "move_people",
        sa.Column("move", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.PrimaryKeyConstraint("move", "position", name="pk_move_people"),
    )
    op.create_index("ix_move_people_code", "move_people", ["code"])
    op.create_table(
        "move_events",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("move", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(16), nullable=False),
        sa.Column("result", sa.String(24)),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_move_events"),
    )
    op.create_index("ix_move_events_move_id", "move_events", ["move", "id"])
    op.create_table(
        "move_remarks",
        sa.Column("move", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("move", "position", name="pk_move_remarks"),
    )
    op.create_table(
        "confirmed_moves",
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("destination", sa.String(6), nullable=False),
        sa.Column("moved_on", sa.String(10), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("municipality", "reference", "code", name="pk_confirmed_moves"),
        sqlite_with_rowid=False,
    )
