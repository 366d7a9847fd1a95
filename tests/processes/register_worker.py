"""A process of its own over one register: loads it slowly, or changes and searches people in threads.

python register_worker.py MODE FOLDER [ARGUMENT…]     prints one JSON document at its end
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.clock import SystemClock
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.store import Found, Newcomer, Progress, Store, register_load
from tests.kit.databases import location
from tests.kit.townspeople import townspeople

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def load(store: Store, count: str) -> Any:
    """Say each step of a load."""
    register_load.BATCH, register_load.RANGE = 200, 300

    def report(progress: Progress) -> None:
        say(f"{progress.phase} {progress.done}")

    newcomers = (Newcomer((record,)) for record in townspeople(int(count)))
    return store.loader.load(newcomers, source="town", recorded_at=NOW, progress=report)


def change(store: Store, mark: str, threads: str, rounds: str) -> Any:
    """Each thread moves the same people about and looks for each at once, by the old address and the new."""
    people = list(townspeople(5))
    lost: list[str] = []

    def work(number: int) -> None:
        for round_ in range(int(rounds)):
            for person in people:
                address = RegisterText(f"北海道函館市{mark}町{number}丁目{round_}番")
                with store.unit_of_work() as unit:
                    moved = replace(person, address=address)
                    store.register.put(unit, moved, valid_from=None, reason=None, recorded_at=NOW)
                for lived in (address, person.address):
                    found = store.register.search(
                        SearchTerms(name=(person.name, Match.EXACT), address=(lived, Match.EXACT))
                    )
                    if not isinstance(found, Found) or person.code not in {r.code for r in found.records}:
                        lost.append(f"{mark} {number} {round_}")

    workers = [threading.Thread(target=work, args=(number,)) for number in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return lost


def main() -> None:
    mode, folder, *arguments = sys.argv[1:]
    store = Store.open(location(folder), clock=SystemClock(), lock_timeout_seconds=30)
    say("ready")
    result = {"load": load, "change": change}[mode](store, *arguments)
    say(json.dumps(result))
    store.close()


if __name__ == "__main__":
    main()
