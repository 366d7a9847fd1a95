"""What the simulated card management system does with addressees (送付先情報) that it is told of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from gateway import telemetry
from gateway.domain.addressee_delivery import AddresseeOutcome, AddresseePiece, AddresseeReceipt
from gateway.domain.addressee_rules import AddresseeResult
from gateway.flows.decision import Decision
from gateway.flows.notified_addressees import NotifiedAddressees
from gateway.running import Parts
from gateway.simulators.serving import Simulated


def addressee_handler(
    system: Simulated, parts: Parts
) -> Callable[[AddresseePiece], Decision[AddresseeReceipt]]:
    """The use case behind NotifyAddressees, over the system's own store."""
    book = parts.store.received_addressees
    notified = NotifiedAddressees(
        book,
        parts.clock,
        write=book.write,
        refused=lambda code: telemetry.warning("addressee-refused", code=code),
    )

    def notify(piece: AddresseePiece) -> Decision[AddresseeReceipt]:
        decision = notified(piece)
        if not system.mistakes_the_person:
            return decision
        return dataclasses.replace(decision, answer=_about_others(decision.answer))

    return notify


def _about_others(receipt: AddresseeReceipt) -> AddresseeReceipt:
    """A well-formed, well-signed receipt for one addressee more than was told of, or one less."""
    outcomes = receipt.outcomes
    more = AddresseeOutcome(len(outcomes) + 1, AddresseeResult.ACCEPTED)
    return dataclasses.replace(receipt, outcomes=outcomes[:-1] if len(outcomes) > 1 else (*outcomes, more))
