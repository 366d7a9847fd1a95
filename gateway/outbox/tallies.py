"""What the dispatchers of a system count: what became of their attempts, by destination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.outbox.dispatcher import ATTEMPT_OUTCOMES
from gateway.telemetry.tally import Tally


class DeliveryTallies:
    """Attempts of all dispatchers, by destination and outcome (ATTEMPT_OUTCOMES)."""

    def __init__(self, destinations: Sequence[str], dispatchers: int) -> None:
        keys = [(destination, outcome) for destination in destinations for outcome in ATTEMPT_OUTCOMES]
        self._cells = {key: cell for cell, key in enumerate(keys)}
        self._tally = Tally(len(keys), processes=dispatchers, threads=1)  # the clerk alone counts

    def begin(self, dispatcher: int) -> None:
        """From here on this process counts as the dispatcher of this number."""
        self._tally.begin(dispatcher)

    def count(self, destination: str, outcome: str) -> None:
        """Count one attempt."""
        self._tally.add(self._cells[destination, outcome])

    def read(self) -> Iterator[tuple[str, str, int]]:
        """Destination, outcome and how often."""
        sums = self._tally.sums()
        for (destination, outcome), cell in self._cells.items():
            yield destination, outcome, int(sums[cell])
