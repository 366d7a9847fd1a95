"""The register of people: records with their history, search keys, bulk load, states of cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_SEARCH = {
    "search_by_name": ("name_key", "address_key", "birth_key", "kana_key"),
    "search_by_kana": ("kana_key", "address_key", "birth_key", "name_key"),
    "search_by_address": ("address_key", "kana_key", "name_key", "birth_key"),
    "search_by_birth": ("birth_key", "name_key", "kana_key", "address_key"),
}


def _keys() -> list[sa.Column[str]]:
    names = ("name_key", "kana_key", "address_key", "birth_key")
    return [sa.Column(name, _KEY, nullable=False) for name in names]


def _clustered(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, sqlite_with_rowid=False)


def upgrade() -> None:
    """From the first tables."""
    op.create_table(
        "people",
        sa.Column("person", _ROW_ID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_people"),
    )
    _clustered(
        "person_codes",
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_person_codes"),
    )
    _clustered(
        "person_numbers",
        sa.Column("individual_number", sa.String(12), nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("individual_number", name="pk_person_numbers"),
    )
    _clustered(
        "person_versions",
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("individual_number", sa.String(12)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kana", sa.Text),
        sa.Column("latin_name", sa.Text),
        sa.Column("common_name", sa.Text),
        sa.Column("former_surname", sa.Text),
        sa.Column("birth_date", sa.Text, nullable=False),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.Column("valid_from", sa.Text),
        sa.Column("reason", sa.String(32)),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person", "version", name="pk_person_versions"),
    )
    for name, order in _SEARCH.items():
        _clustered(
            name,
            *_keys(),
            sa.Column("person", sa.BigInteger, nullable=False),
            sa.Column("sex", sa.String(1), nullable=False),
            sa.Column("municipality", sa.String(6), nullable=False),
            sa.PrimaryKeyConstraint(*order, "person", name=f"pk_{name}"),
        )
    op.create_table(
        "search_staging",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("individual_number", sa.String(12)),
        *_keys(),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("municipality", sa.String(6), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_staging"),
    )
    op.create_table(
        "register_marks",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_register_marks"),
    )
    _clustered(
        "card_states",
        sa.Column("code", sa.String(11), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_card_states"),
    )
