"""Evidence at size: entries appended, verified and erased per second, and what verify needs of memory.

    python -m tests.bench.evidence [ENTRIES] [BODY-BYTES]      default 1,000,000 entries of 500 bytes

It works in a temporary folder, and prints one line for each figure. CPU and memory are this process's.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from gateway.clock import FixedClock
from gateway.evidence import Entry, Signature
from gateway.evidence.seal_trust import SealTrust
from gateway.store import Store
from gateway.store.evidence_audit import Audit
from gateway.store.evidence_erase import erase
from gateway.store.evidence_sealer import Sealer
from tests.kit.evidence import SYSTEM, file_signer
from tests.kit.identities import NOW, authority

_BATCH = 1_000


def main() -> None:
    """Build, verify, erase, verify again."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock(NOW)
        store = Store.open(Path(folder), clock=clock, upgrade=True)
        seals = Sealer(store, file_signer(), clock, system=SYSTEM)
        with _measured("append and seal", entries):
            for batch in _batches(entries, size):
                with store.unit_of_work() as work:
                    store.evidence.append(work.connection, batch)
                seals()
        _verify(store, "verify", entries)
        _verify(store, "verify --no-bodies", entries, bodies=False)
        with _measured("erase", entries):
            for _ in erase(store, NOW + timedelta(days=1), system=SYSTEM, now=NOW):
                pass
            store.forget_pages()
        _verify(store, "verify, all erased", entries)
        _say(f"file: {sum(file.stat().st_size for file in Path(folder).rglob('*')) / 1e6:,.0f} MB")
        store.close()


def _verify(store: Store, what: str, entries: int, *, bodies: bool = True) -> None:
    before = _peak()
    with _measured(what, entries):
        trust = SealTrust(file_signer().certificate_der, [authority().certificate])
        report = Audit(store.evidence_rows, SYSTEM, trust, bodies=bodies).run()
    if not report.good or report.entries < entries:
        raise SystemExit(f"{report.entries} entries, {report.findings[:3]}")
    _say(f"    peak memory grew by {_peak() - before:.1f} MB")


def _batches(entries: int, size: int) -> Iterator[list[Entry]]:
    body = os.urandom(size)
    signature = Signature("rsa-sha256", os.urandom(32), os.urandom(256), file_signer().certificate_der)
    for first in range(0, entries, _BATCH):
        yield [
            Entry.message(
                body,
                at=NOW,
                direction="in",
                peer="131016-terminal-1",
                kind="request",
                outcome="answered",
                operation="VerifyIdentity",
                message_id=f"urn:uuid:{number:036d}",
                signature=signature,
            )
            for number in range(first, min(first + _BATCH, entries))
        ]


class _measured:  # noqa: N801 - reads as a word of the with statement
    """Prints entries per second, wall and CPU."""

    def __init__(self, what: str, entries: int) -> None:
        self._what = what
        self._entries = entries

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        rate, each = self._entries / wall, cpu / self._entries * 1e6
        _say(f"{self._what}: {wall:.1f} s, {rate:,.0f} entries/s, {each:.1f} us CPU each")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
