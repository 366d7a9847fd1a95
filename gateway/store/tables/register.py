"""The register of people. ``person`` is a number of this database's own, never shown."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, PrimaryKeyConstraint, String, Table, Text, text

from gateway.store.tables.base import ROW_ID, metadata

_KEY = Text().with_variant(Text(collation="C"), "postgresql")  # compared code point by code point

# sqlite_with_rowid=False: the rows lie in the order of the primary key, and there is no second tree.

people = Table(
    "people",
    metadata,
    Column("person", ROW_ID, primary_key=True),
    Column("version", Integer, nullable=False),  # the current one
    Column("removed", Boolean, nullable=False, server_default=text("false")),  # 消除: not found any more
)

person_codes = Table(  # 住民票コード now
    "person_codes",
    metadata,
    Column("code", String(11), primary_key=True),
    Column("person", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

person_numbers = Table(  # 個人番号 now
    "person_numbers",
    metadata,
    Column("individual_number", String(12), primary_key=True),
    Column("person", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

person_versions = Table(  # 履歴: each state of a record that there was, never overwritten
    "person_versions",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("code", String(11), nullable=False),
    Column("individual_number", String(12)),
    Column("name", Text, nullable=False),
    Column("kana", Text),
    Column("latin_name", Text),
    Column("common_name", Text),
    Column("former_surname", Text),
    Column("birth_date", Text, nullable=False),  # register_rows.write_date
    Column("sex", String(1), nullable=False),
    Column("address", Text, nullable=False),
    Column("municipality", String(6), nullable=False),
    Column("valid_from", Text),  # register_rows.write_date
    Column("reason", String(32)),  # change_reason.ChangeReason; none: a first stock
    Column("recorded_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def _search(name: str, *order: str) -> Table:
    """Names x addresses that a person has or had, by their search keys, sorted in one order."""
    return Table(
        name,
        metadata,
        *(Column(key, _KEY, nullable=False) for key in ("name_key", "kana_key", "address_key", "birth_key")),
        Column("person", BigInteger, nullable=False),
        Column("sex", String(1), nullable=False),
        Column("municipality", String(6), nullable=False),
        PrimaryKeyConstraint(*order, "person"),
        sqlite_with_rowid=False,
    )


# One for each item that a search can begin with: which of them is read is decided in register_search.py.
search_by_name = _search("search_by_name", "name_key", "address_key", "birth_key", "kana_key")

search_by_kana = _search("search_by_kana", "kana_key", "address_key", "birth_key", "name_key")

search_by_address = _search("search_by_address", "address_key", "kana_key", "name_key", "birth_key")

search_by_birth = _search("search_by_birth", "birth_key", "name_key", "kana_key", "address_key")

search_staging = Table(  # a bulk load's rows until they are sorted into the tables above; empty otherwise
    "search_staging",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("person", BigInteger, nullable=False),
    Column("code", String(11), nullable=False),
    Column("individual_number", String(12)),
    Column("name_key", _KEY, nullable=False),
    Column("kana_key", _KEY, nullable=False),
    Column("address_key", _KEY, nullable=False),
    Column("birth_key", _KEY, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("municipality", String(6), nullable=False),
)

register_marks = Table(  # facts about the register as a whole: version of its keys, what was loaded
    "register_marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
