"""What a prefectural or national server does with a piece: notes it, and after the last tells what it found.

The notices lie in its outbox, in the transaction that takes the last piece: they arrive, whoever is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.clock import Clock
from gateway.contract import SERVICES, write_body
from gateway.domain.consistency import ConsistencyPiece, Finding, Total
from gateway.domain.faults import operation_fault
from gateway.flows.consistency import TakePiece, notices
from gateway.settings import Settings
from gateway.store import Outgoing, Store
from gateway.wss.sign import new_message_id

_SERVICE = SERVICES["consistency_result"]
_OPERATION = _SERVICE.operation("NotifyConsistency")


def comparison_taker(settings: Settings, store: Store, clock: Clock) -> TakePiece:
    """Notes pieces in the store, and enqueues the notices to the municipal CS that is called."""
    called = {destination.id for destination in settings.destinations}
    of_town = {
        known.municipality: known.id
        for known in settings.counterparts
        if known.role == "municipal_cs" and known.id in called
    }

    def take(work: Any, piece: ConsistencyPiece, held: Total, found: Sequence[Finding]) -> None:
        town = of_town.get(piece.caller.municipality.digits)
        if town is None:
            raise operation_fault("CounterpartUnavailable")
        every = store.consistency_comparisons.take(work, piece, held, found, at=clock.now())
        if every is None:
            return
        messages = [
            Outgoing(
                town,
                _SERVICE.name,
                _OPERATION.name,
                _OPERATION.action,
                piece.run,
                write_body(_SERVICE, _OPERATION, notice),
                new_message_id(),
            )
            for notice in notices(piece, held, every)
        ]
        store.outbox.enqueue(work, *messages)

    return take
