"""What a PostgreSQL must promise before a message is trusted to it; asked on every new connection.

A server that was exchanged for another while we run (a failover, a moved address) is asked too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from gateway.errors import StoreError

POSTGRESQL_FLOOR: Final = 14
"""The oldest version that is still mended, and the first with all that is used here."""

SESSION: Final[Mapping[str, str]] = {
    "default_transaction_isolation": "read committed",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "10s",
    "standard_conforming_strings": "on",
}
"""Set by us on every connection, and read back: a pooler between may drop them."""

_MUST: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "server_version_num": (
        lambda found: int(found) >= POSTGRESQL_FLOOR * 10_000,
        f"version {POSTGRESQL_FLOOR} or later is needed",
    ),
    "fsync": (lambda found: found == "on", "a crash of the machine would lose and damage what was committed"),
    "full_page_writes": (lambda found: found == "on", "a crash of the machine would leave torn pages"),
    "synchronous_commit": (
        lambda found: found not in {"off", "false"},
        "what was acknowledged would be lost in a crash",
    ),
    "server_encoding": (lambda found: found == "UTF8", "names need UTF8"),
    "client_encoding": (lambda found: found == "UTF8", "names need UTF8"),
    "default_transaction_isolation": (
        lambda found: found == "read committed",
        "this program's transactions are written for read committed",
    ),
    "idle_in_transaction_session_timeout": (
        lambda found: found != "0",
        "a node that hangs would hold its locks for ever",
    ),
    "lock_timeout": (lambda found: found != "0", "a request would wait for a lock for ever"),
    "statement_timeout": (lambda found: found != "0", "a request would wait for a statement for ever"),
    "standard_conforming_strings": (lambda found: found == "on", "texts would be read in another way"),
    "zero_damaged_pages": (lambda found: found == "off", "damage would be hidden by forgetting rows"),
    "ignore_checksum_failure": (lambda found: found == "off", "damage would be read as if it were good"),
    "session_replication_role": (lambda found: found == "origin", "constraints would not be kept"),
}
_ASK: Final = (
    "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
    " UNION ALL SELECT 'standby', pg_is_in_recovery()::text"
)
_NOT_PERMANENT: Final = text(
    "SELECT c.relname FROM pg_class c WHERE c.relpersistence <> 'p' AND c.relname = ANY(:names)"
    " AND pg_table_is_visible(c.oid) ORDER BY c.relname"
)


def check_promises(connection: Any) -> None:
    """Raise StoreError unless the server behind a driver's connection keeps every promise."""
    found = dict(connection.execute(_ASK, (list(_MUST),)).fetchall())
    if found.pop("standby") != "false":
        raise StoreError("the database is a standby: nothing may be decided on what it tells")
    broken = broken_promises(found)
    if broken:
        raise StoreError("the database does not keep its promises: " + "; ".join(broken))


def broken_promises(found: Mapping[str, str]) -> list[str]:
    """One text for each setting (name and value as pg_settings has them) that is not as it must be."""
    return [
        f"{name} is {found.get(name, 'unknown')}: {why}"
        for name, (good, why) in _MUST.items()
        if name not in found or not good(found[name])
    ]


def permanent(connection: Connection, tables: Mapping[str, object]) -> str:
    """Which tables of ours are unlogged or temporary, in one text; empty when none is."""
    names = connection.execute(_NOT_PERMANENT, {"names": list(tables)}).scalars().all()
    return f"tables that a crash empties (not LOGGED): {', '.join(names)}" if names else ""
