"""Requests signed before the run: the same questions in turn, each message with a MessageID of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from gateway.contract import write_request
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import Match, SearchQuestion, SearchTerms
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

    message_id: str
    signature_value: str
    raw: bytes

    def http(self) -> bytes:
        """The whole HTTP request."""
        return (
            f"POST {SERVICE.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f'SOAPAction: "{OPERATION.action}"\r\nContent-Length: {len(self.raw)}\r\n\r\n'
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
    """So many requests of the terminal, made by as many processes as there are cores."""
    bodies = [
        etree.tostring(write_request(SERVICE, OPERATION, question(record)))
        for record in rig.people[:_QUESTIONS]
    ]
    cores = os.cpu_count() or 1
    state, each = rig.terminal, -(-count // cores)
    job = (state.keys / "signing.key.pem", state.certificates / "signing.pem", rig.url, bodies, each)
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        made = pool.map(_sign, [job] * cores)
    return [request for part in made for request in part][:count]


def _sign(job: tuple[Path, Path, str, Sequence[bytes], int]) -> list[Request]:
    key, certificate, url, bodies, count = job
    signer = FileSigner.load(key, certificate)
    made = []
    for number in range(count):
        body = etree.fromstring(bodies[number % len(bodies)])
        outgoing = Outgoing(body, to=url, action=OPERATION.action, message_id=new_message_id())
        signed = sign(outgoing, signer, datetime.now(UTC), _LIFETIME)
        made.append(Request(signed.message_id, signed.signature_value, signed.raw))
    return made
