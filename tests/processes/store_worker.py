"""A process of its own over one state folder, for the store's race and crash tests.

    python store_worker.py MODE FOLDER [ARGUMENT…]

It prints ``ready``, waits for a line on standard input, works, and prints one JSON document.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.clock import SystemClock
from gateway.refusals import Refused
from gateway.store import ChainLine, Claimed, RefusalRecord, Store, Stored, StoredAnswer
from tests.kit.arrivals import arrival, terms
from tests.kit.databases import location


def claim(guard: Any, message_id: str, signature: bytes, lease_seconds: float = 10.0) -> Any:
    """What the guard says of a message that comes now."""
    now = datetime.now(UTC)
    return guard.claim(arrival(now, signature, message_id=message_id), **terms(now, lease_seconds))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def name_of(outcome: object) -> str:
    return type(outcome).__name__.lower()


def in_threads(count: int, work: Any) -> list[Any]:
    """What ``count`` threads return that begin together."""
    results: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def add(store: Store, threads: str, rounds: str) -> Any:
    """Read, then update, then commit: the lost-update race. Gives the longest wait in seconds."""

    def work(_number: int) -> float:
        longest = 0.0
        for _ in range(int(rounds)):
            began = time.perf_counter()
            with store.unit_of_work() as unit:
                sql = unit.connection.exec_driver_sql
                value = sql("SELECT value FROM race").scalar_one()
                sql(f"UPDATE race SET value = {value + 1}")  # noqa: S608
            longest = max(longest, time.perf_counter() - began)
        return longest

    return max(in_threads(int(threads), work))


def identical(store: Store, threads: str, messages: str) -> Any:
    """Each thread of each process presents the same signed messages."""

    def work(_number: int) -> list[str]:
        names = []
        for message in range(int(messages)):
            try:
                outcome = claim(store.guard, f"m{message}", b"s%d" % message)
                names.append(name_of(outcome))
            except Refused as refused:
                names.append(refused.rule.name)
        return names

    return in_threads(int(threads), work)


def fresh(store: Store, threads: str, messages: str, process: str) -> Any:
    """Each thread presents the same messages under signatures of its own, and works what it is given."""

    def work(number: int) -> list[list[str]]:
        results = []
        for message in range(int(messages)):
            signature = f"{process}-{number}-{message}".encode()
            now = datetime.now(UTC)
            outcome = store.guard.claim_or_wait(
                arrival(now, signature, message_id=f"m{message}"),
                **terms(now),
                wait_until=now + timedelta(seconds=10),
            )
            if isinstance(outcome, Claimed):
                time.sleep(0.01)
                answer = StoredAnswer("a", signature)
                store.guard.settle(outcome.token, answer)
            elif isinstance(outcome, Stored):
                answer = outcome.answer
            results.append([name_of(outcome), answer.body.decode()])
        return results

    return in_threads(int(threads), work)


def one_transaction(store: Store, threads: str, messages: str, process: str) -> Any:
    """As ``fresh``, claimed and settled together with an effect."""

    def work(number: int) -> list[list[str]]:
        results = []
        for message in range(int(messages)):
            signature = f"{process}-{number}-{message}".encode()
            answer = StoredAnswer("a", signature)
            with store.unit_of_work() as unit:
                outcome = claim(unit.guard, f"m{message}", signature)
                if isinstance(outcome, Claimed):
                    unit.connection.exec_driver_sql("UPDATE race SET value = value + 1")
                    unit.guard.settle(outcome.token, answer)
                elif isinstance(outcome, Stored):
                    answer = outcome.answer
            results.append([name_of(outcome), answer.body.decode()])
        return results

    return in_threads(int(threads), work)


def claim_and_hang(store: Store, lease_seconds: str) -> Any:
    """Claim one message and wait to be killed."""
    outcome = claim(store.guard, "m", b"s1", float(lease_seconds))
    say(json.dumps(name_of(outcome)))
    time.sleep(60)


def write_and_hang(store: Store) -> Any:
    """Claim and settle in a transaction that is never committed, and wait to be killed."""
    with store.unit_of_work() as unit:
        outcome = claim(unit.guard, "m", b"s1")
        if isinstance(outcome, Claimed):
            unit.guard.settle(outcome.token, StoredAnswer("a", b"x" * 200_000))
        say(json.dumps(name_of(outcome)))
        time.sleep(60)


def refuse(store: Store, count: str, process: str) -> Any:
    """Record refusals of one peer within one minute."""
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    chain = (ChainLine("CN=a", "CN=b", at),)
    return sum(
        store.refusals.record(
            RefusalRecord(f"{process}-{n}", at, 8, "digest", "wsse:FailedCheck", "peer", 1, "00", chain=chain)
        )
        for n in range(int(count))
    )


def fill(store: Store, octets: str) -> Any:
    """Write on with a file size limit: the write that hits it must end this process."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(octets), int(octets)))
    for message in range(1_000):
        with store.unit_of_work() as unit:
            outcome = claim(unit.guard, f"m{message}", b"s%d" % message)
            if isinstance(outcome, Claimed):
                unit.guard.settle(outcome.token, StoredAnswer("a", b"x" * 10_000))
        say(str(message))


def main() -> None:
    mode, folder, *arguments = sys.argv[1:]
    store = Store.open(
        location(folder), clock=SystemClock(), upgrade=mode == "create", lock_timeout_seconds=30
    )
    say("ready")
    sys.stdin.readline()
    result = None if mode == "create" else globals()[mode](store, *arguments)
    say(json.dumps(result))
    store.close()


if __name__ == "__main__":
    main()
