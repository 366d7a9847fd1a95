"""The store as the settings name it. Nobody outside of tests opens one in another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from gateway.clock import Clock
from gateway.settings import Settings
from gateway.store.failures import unbroken
from gateway.store.store import Store


def open_store(folder: Path, settings: Settings, *, clock: Clock, **changes: Any) -> Store:
    """The store of a system in its state folder, or where ``database_url`` says; ``changes`` are as for
    Store.open. Raises StoreError."""
    location = settings.database_url or folder
    return unbroken(lambda: Store.open(location, clock=clock, node=settings.node, **changes))


def in_the_open(database_url: str) -> bool:
    """Whether a database is asked over a network without proof of whose it is."""
    if not database_url.startswith("postgresql"):
        return False
    url = make_url(database_url)
    named = url.query.get("host", url.host or "")
    hosts = [host for part in ([named] if isinstance(named, str) else named) for host in part.split(",")]
    near = all(
        not host or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"} for host in hosts
    )
    return not near and url.query.get("sslmode") != "verify-full"
