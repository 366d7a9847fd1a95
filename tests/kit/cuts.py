"""Cuts connections to a PostgreSQL while work goes on, one at a time, chosen by a seed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.kit.postgres import Postgres, name_of

_LIVE = (
    "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'juki-gateway' ORDER BY pid"
)


@dataclass(slots=True)
class Cuts:
    """How many connections were cut so far."""

    done: int = 0


@contextlib.contextmanager
def cutting(
    server: Postgres, url: str, random: Random, *, shortest: float = 0.1, longest: float = 0.6
) -> Iterator[Cuts]:
    """Cut one of the gateway's connections every now and then, until the block ends."""
    cuts, stop = Cuts(), threading.Event()

    def run() -> None:
        while not stop.wait(random.uniform(shortest, longest)):
            live = [row[0] for row in server.execute(_LIVE, "postgres", name_of(url))]
            if live and server.execute("SELECT pg_terminate_backend(%s)", "postgres", random.choice(live)):
                cuts.done += 1

    thread = threading.Thread(target=run, name="cuts", daemon=True)
    thread.start()
    try:
        yield cuts
    finally:
        stop.set()
        thread.join()
