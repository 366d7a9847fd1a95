"""Requests signed before the run: the same questions in turn, each message with a MessageID of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.contract import Operation, Service, write_body
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.state import StateFolder
from gateway.trust import FileSigner
from gateway.wss.sign import Outgoing, new_message_id, sign
from tests.bench.rig import SERVICE, Rig

OPERATION = SERVICE.operation("SearchPerson")
_QUESTIONS = 200
_LIFETIME = timedelta(minutes=10)
_CALLER = Caller(
    MunicipalityCode("131016"), "131016-T001", Operator("V1310160001", "OP01"), Purpose.RECORD_COPY
)


@dataclass(frozen=True, slots=True)
class Request:
    """One signed message."""

    path: str
    action: str
    message_id: str
    signature_value: str
    raw: bytes

    def http(self) -> bytes:
        """The whole HTTP request."""
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f'SOAPAction: "{self.action}"\r\nContent-Length: {len(self.raw)}\r\n\r\n'
        ).encode("ascii") + self.raw


def question(record: IdentityRecord) -> SearchQuestion:
    """Who of this municipality has this name, this date of birth and this address? (As a rule one person.)"""
    terms = SearchTerms(
        name=(record.name, Match.EXACT),
        birth_date=record.birth_date,
        address=(record.address, Match.EXACT),
    )
    return SearchQuestion(_CALLER, terms, residence=_CALLER.municipality)


def sign_requests(rig: Rig, count: int) -> list[Request]:
    """So many searches of the terminal, the same questions in turn."""
    bodies = [write_body(SERVICE, OPERATION, question(record)) for record in rig.people[:_QUESTIONS]]
    return sign_all(rig, rig.terminal, SERVICE, OPERATION, (bodies * (count // len(bodies) + 1))[:count])


def sign_all(
    rig: Rig, state: StateFolder, service: Service, operation: Operation, bodies: Sequence[bytes]
) -> list[Request]:
    """A message of the system of ``state`` for each Body, signed by as many processes as there are cores."""
    cores = os.cpu_count() or 1
    each = -(-len(bodies) // cores)
    jobs = [
        _Signing(state, rig.url(service), service.path, operation.action, bodies[at : at + each])
        for at in range(0, len(bodies), each)
    ]
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        return [request for part in pool.map(_sign, jobs) for request in part]


@dataclass(frozen=True, slots=True)
class _Signing:
    state: StateFolder
    url: str
    path: str
    action: str
    bodies: Sequence[bytes]


def _sign(job: _Signing) -> list[Request]:
    signer = FileSigner.load(job.state.keys / "signing.key.pem", job.state.certificates / "signing.pem")
    made = []
    for body in job.bodies:
        outgoing = Outgoing(body, to=job.url, action=job.action, message_id=new_message_id())
        signed = sign(outgoing, signer, datetime.now(UTC), _LIFETIME)
        made.append(Request(job.path, job.action, signed.message_id, signed.signature_value, signed.raw))
    return made
