"""What the front and the endpoint count of messages, for whoever monitors: by operation, never by person.

Counterparts are not told apart, nor is anything that a message says: every label comes from a list that is
known before the first message, so nobody outside can make it longer.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.contract import SERVICES
from gateway.refusals import RULES
from gateway.telemetry.tally import Tally

OUTCOMES: Final = ("answered", "repeated", "fault", "refused", "failed")
"""As telemetry.message."""

BUCKETS: Final = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper ends of the classes of the time that a message takes, in seconds; one more is above the last."""

TURNED_AWAY: Final = (
    *("not-ready", "rate", "counterpart-busy", "queue-full"),
    *("http-refused", "handshake-failed", "handshake-gave-way", "connection-gave-way", "accept-failed"),
)
"""Why requests and connections were turned away before anybody read a message."""

_OUTCOME: Final = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_FIRST_BUCKET: Final = len(OUTCOMES)
_SECONDS: Final = _FIRST_BUCKET + len(BUCKETS) + 1
_BLOCK: Final = _SECONDS + 1
_OTHER_THREADS: Final = 3
"""In a worker process, beside those of its pool: the quick one, the loop's and the housekeeping's."""
_BEAT: Final = 5.0
"""Seconds after which a worker whose event loop did not come by no longer counts as serving."""


@dataclass(frozen=True, slots=True)
class OperationCounts:
    """What became of one operation's messages; both names are empty for what was refused before it had one.

    ``buckets`` holds how many took how long, as BUCKETS, not added up; ``seconds`` is their whole time.
    """

    service: str
    operation: str
    outcomes: dict[str, int]
    buckets: list[int]
    seconds: float


class Tallies:
    """All counts of one system's workers, and whether they serve."""

    def __init__(self, processes: int = 1, threads: int = 4) -> None:
        """``threads`` are those of one process that work on messages."""
        self._operations = [
            ("", "", ""),
            *(
                (operation.action, service.name, operation.name)
                for service in SERVICES.values()
                for operation in service.operations.values()
            ),
        ]
        self._base = {action: _BLOCK * n for n, (action, _, _) in enumerate(self._operations)}
        first = _BLOCK * len(self._operations)
        self._rules = {name: first + n for n, name in enumerate(RULES)}
        first += len(RULES)
        self._turned = {name: first + n for n, name in enumerate(TURNED_AWAY)}
        self._tally = Tally(first + len(TURNED_AWAY), processes=processes, threads=threads + _OTHER_THREADS)
        self._cells = self._tally.cells
        self._pulse = Tally(2, processes=processes, threads=1)

    def begin(self, process: int) -> None:
        """From here on this process counts as the worker of this number."""
        self._tally.begin(process)
        self._pulse.begin(process)

    def message(self, action: str, outcome: str, seconds: float, rule: str | None = None) -> None:
        """Count a message that took so long; about half a microsecond."""
        cells, row = self._cells, self._tally.row()
        base = row + self._base.get(action, 0)
        cells[base + _OUTCOME[outcome]] += 1.0
        cells[base + _FIRST_BUCKET + bisect_left(BUCKETS, seconds)] += 1.0
        cells[base + _SECONDS] += seconds
        if rule is not None:
            cells[row + self._rules[rule]] += 1.0

    def turned_away(self, why: str) -> None:
        """Count what was turned away for a reason of TURNED_AWAY; any other text is none of ours."""
        if (cell := self._turned.get(why)) is not None:
            self._tally.add(cell)

    def beat(self, held: int) -> None:
        """This worker's loop came by; ``held`` requests wait in it or are worked on."""
        row = self._pulse.row()
        self._pulse.cells[row] = time.monotonic()  # the same in all processes of a machine
        self._pulse.cells[row + 1] = held

    def serving(self) -> tuple[int, int]:
        """How many workers serve, and how many requests they hold."""
        since = time.monotonic() - _BEAT
        pulse = self._pulse.cells.tolist()
        live = [held for beat, held in zip(pulse[::2], pulse[1::2], strict=True) if beat > since]
        return len(live), int(sum(live))

    def read(self) -> tuple[list[OperationCounts], dict[str, int], dict[str, int]]:
        """The operations that had a message, refusals by rule, and what was turned away by reason."""
        sums = self._tally.sums()
        return (
            list(self._read(sums)),
            {name: int(sums[cell]) for name, cell in self._rules.items()},
            {name: int(sums[cell]) for name, cell in self._turned.items()},
        )

    def _read(self, sums: list[float]) -> Iterator[OperationCounts]:
        for number, (_, service, operation) in enumerate(self._operations):
            block = sums[number * _BLOCK : (number + 1) * _BLOCK]
            if any(block):
                yield OperationCounts(
                    service,
                    operation,
                    {outcome: int(block[n]) for outcome, n in _OUTCOME.items()},
                    [int(count) for count in block[_FIRST_BUCKET:_SECONDS]],
                    block[_SECONDS],
                )
