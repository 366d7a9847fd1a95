"""What a question is made from: who asks, about whom, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.conformance.run import Asked
from gateway.contract import Service, write_request
from gateway.domain.caller import Caller
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord

NOWHERE: Final = "conformance-run"
"""A reference that no run, move or file has."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who asks, about whom, and when; ``other_town`` is another municipality whose CS is known there."""

    caller: Caller
    record: IdentityRecord
    today: dt.date
    other_town: MunicipalityCode | None = None

    def day(self, days: int = 0) -> dt.date:
        """So many days from today."""
        return self.today + dt.timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Question:
    """An operation and its request by what is known (None where it cannot be made).

    ``fault`` is the operation's own fault that answers it, None where it is answered.
    """

    operation: str
    request: Callable[[Circumstances], Any]
    purpose: Purpose = Purpose.RECORD_COPY
    fault: str | None = None

    def asked(self, service: Service, known: Circumstances) -> Asked | None:
        """The question as a message of the service."""
        mine = replace(known, caller=replace(known.caller, purpose=self.purpose))
        request = self.request(mine)
        if request is None:
            return None
        operation = service.operation(self.operation)
        return Asked(operation, write_request(service, operation, request), self.fault)
