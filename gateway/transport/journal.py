"""What is written down of a request: one log line, and for a refused one its record for ``explain``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Final

from gateway import telemetry
from gateway.errors import StateError, StoreError
from gateway.evidence import Entry
from gateway.kept_refused import KeptRefused
from gateway.refusals import Refused
from gateway.store import ChainLine, RefusalRecord, SealedAccess, Store
from gateway.transport.call import Call
from gateway.transport.http import HttpAnswer
from gateway.transport.tallies import Tallies

UNDECIDED: Final = "guard-undecided"
SAMPLED: Final = "refusals-sampled"
STRANGERS: Final = "unknown peers"
_UUID = re.compile("urn:uuid:[0-9a-fA-F-]{36}")


def loggable(message_id: str | None) -> str | None:
    """A MessageID as a log line may have it: a UUID as it is, any other text (a sender's own) as a digest."""
    if message_id is None or _UUID.fullmatch(message_id):
        return message_id
    return "sha256:" + hashlib.sha256(message_id.encode()).hexdigest()[:32]


class Journal:
    """Keeps refusal records, and writes the line of each message."""

    def __init__(
        self, store: Store, alarms: telemetry.Alarms, kept: KeptRefused | None, tallies: Tallies
    ) -> None:
        self._store = store
        self._alarms = alarms
        self._kept = kept
        self._tallies = tallies

    def line(self, call: Call, outcome: str, answer: HttpAnswer, refusal: Refused | None = None) -> None:
        """The one line of a message, which is counted; ``outcome`` as telemetry.message."""
        total = call.total()
        self._tallies.message(
            call.operation.action if call.operation else "",
            outcome,
            total / 1000,
            refusal.rule.name if refusal else None,
        )
        refused = {"step": refusal.rule.step, "rule": refusal.rule.name} if refusal else {}
        fault = {"fault": call.fault} if outcome == "fault" else {}
        telemetry.message(
            call.reference,
            counterpart=call.sender.id if call.sender else call.peer.name,
            operation=call.operation.name if call.operation else None,
            message_id=loggable(call.about.message_id),
            outcome=outcome,
            timings={**call.timings, "total": total},
            service=call.service.name if call.service else None,
            status=answer.status,
            bytes_in=len(call.http.body),
            bytes_out=len(answer.body),
            **refused,
            **fault,
        )

    def keep(
        self, call: Call, evidence: Sequence[Entry], accesses: Callable[[], Sequence[SealedAccess]]
    ) -> None:
        """Of a message that was not answered, if the store takes it: it may be the cause."""
        try:
            self._store.keep(evidence, accesses())
        except Exception:  # noqa: BLE001 - the message's answer leaves in any case
            telemetry.warning("evidence-not-kept", reference=call.reference)

    def refused(self, call: Call, refusal: Refused) -> None:
        """The record behind a fault's reference. A store that fails here must not turn a no into silence."""
        about, body = call.about, call.http.body
        record = RefusalRecord(
            reference=call.reference,
            at=call.now,
            step=refusal.rule.step,
            rule=refusal.rule.name,
            fault=str(refusal.rule.fault),
            peer=call.peer.name,
            size=len(body),
            digest=hashlib.sha256(body).hexdigest(),
            found=refusal.found,
            wanted=refusal.wanted,
            where=refusal.where,
            service=call.service.name if call.service else None,
            operation=call.operation.name if call.operation else None,
            message_id=about.message_id,
            chain=tuple(ChainLine(*link) for link in about.chain),
            created=about.created,
            expires=about.expires,
        )
        if refusal.rule.name == UNDECIDED:
            self._alarms.renew(UNDECIDED)
        try:
            recorded = self._store.refusals.record(record)
        except StoreError:
            telemetry.warning("refusal-not-recorded", reference=call.reference)
            return
        if not recorded:  # whoever is not known could make any number of alarms
            known = call.peer.counterpart
            self._alarms.renew(SAMPLED, STRANGERS if known is None else known.id)
        if recorded and self._kept is not None:
            try:
                self._kept.keep(call.reference, body)
            except StateError:
                telemetry.warning("refused-message-not-kept", reference=call.reference)
