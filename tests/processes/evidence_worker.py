"""A process of its own that appends evidence, for the tests of races and kills.

    python evidence_worker.py MODE FOLDER CHAIN [ARGUMENT…]

``CHAIN`` is the chain to share, or 0 for one of its own. It prints ``ready``, waits for a line, and works.
"""

from __future__ import annotations

import sys
import threading

from gateway.clock import FixedClock
from gateway.store import Store
from tests.kit.databases import location
from tests.kit.evidence import append, plain_entry
from tests.kit.identities import NOW


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def race(store: Store, threads: str, rounds: str) -> None:
    """Threads that each append two entries in a transaction, again and again."""

    def work() -> None:
        for number in range(int(rounds)):
            append(store, plain_entry(number), plain_entry(number + 1))

    running = [threading.Thread(target=work) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def committed(store: Store) -> None:
    """Append and commit, and never come to sealing."""
    append(store, plain_entry(1), plain_entry(2), plain_entry(3))
    say("appended")
    sys.stdin.readline()


def open_transaction(store: Store) -> None:
    """Append, and never come to the commit."""
    with store.unit_of_work() as work:
        store.evidence.append(work.connection, [plain_entry(1)])
        say("appended")
        sys.stdin.readline()


def main() -> None:
    mode, folder, chain, *arguments = sys.argv[1:]
    store = Store.open(location(folder), clock=FixedClock(NOW), lock_timeout_seconds=30)
    if int(chain):
        store.evidence.use(int(chain))
    say("ready")
    sys.stdin.readline()
    globals()[mode](store, *arguments)
    say("done")
    store.close()


if __name__ == "__main__":
    main()
