"""What is written down of a request: one log line, and for a refused one its record for ``explain``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from gateway import telemetry
from gateway.errors import StoreError
from gateway.evidence import Entry
from gateway.refusals import Refused
from gateway.store import ChainLine, RefusalRecord, Store
from gateway.transport.call import Call
from gateway.transport.http import HttpAnswer

_UUID = re.compile("urn:uuid:[0-9a-fA-F-]{36}")


def loggable(message_id: str | None) -> str | None:
    """A MessageID as a log line may have it: a UUID as it is, any other text (a sender's own) as a digest."""
    if message_id is None or _UUID.fullmatch(message_id):
        return message_id
    return "sha256:" + hashlib.sha256(message_id.encode()).hexdigest()[:32]


class Journal:
    """Keeps refusal records, and writes the line of each message."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def line(self, call: Call, outcome: str, answer: HttpAnswer, refusal: Refused | None = None) -> None:
        """The one line of a message; ``outcome`` as telemetry.message."""
        refused = {"step": refusal.rule.step, "rule": refusal.rule.name} if refusal else {}
        telemetry.message(
            call.reference,
            counterpart=call.sender.id if call.sender else call.peer.name,
            operation=call.operation.name if call.operation else None,
            message_id=loggable(call.about.message_id),
            outcome=outcome,
            timings={**call.timings, "total": call.total()},
            service=call.service.name if call.service else None,
            status=answer.status,
            bytes_in=len(call.http.body),
            bytes_out=len(answer.body),
            **refused,
        )

    def keep(self, call: Call, evidence: Sequence[Entry]) -> None:
        """Evidence of a message that met an error of our own, if the store takes it: it may be the cause."""
        try:
            self._store.keep(evidence)
        except StoreError:
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
        try:
            self._store.refusals.record(record)
        except StoreError:
            telemetry.warning("refusal-not-recorded", reference=call.reference)
