"""From network.json to a target of the conformance cases: who asks, with which good question, and how."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from clients.connect import http_caller
from gateway.access.policy import CALLERS
from gateway.conformance import Received, Target
from gateway.contract import SERVICES, Operation, Service, write_request
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.domain.verification import IdentityQuestion
from gateway.errors import UsageError
from gateway.settings import clock_of, load_settings
from gateway.state import StateFolder
from gateway.trust import TrustedCertificate
from gateway.trust.configured import signer, trust_store
from gateway.wss.configured import profile_of
from gateway.wss.verify import Verifier

OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"terminal": "VerifyIdentity", "national": "VerifyIdentity", "prefectural": "SearchPerson"}
)
"""The services that can be judged, each with the question that its cases are made from."""


@contextmanager
def opened(network: Mapping[str, Any], target_id: str, service_name: str | None) -> Iterator[Target]:
    """The target, with its connections open within. Raises UsageError."""
    system = _named(network, target_id)
    service = _service(system, service_name)
    operation = service.operation(OPERATIONS[service.name])
    sender = _sender(network, system, service)
    state = StateFolder.open(Path(sender["state"]))
    settings = load_settings(state.settings_file)
    clock, trust = clock_of(settings, state.path), trust_store(settings, state.path)
    url = str(system["services"][service.name]["url"])
    holders = {
        (holder.anchor, holder.issuer, holder.subject)
        for known in settings.counterparts
        if known.id == target_id
        for holder in known.signing
    }

    def is_target(certificate: TrustedCertificate) -> bool:
        return (certificate.anchor, certificate.issuer, certificate.subject) in holders

    http = http_caller(settings, state.path, destination=target_id, trust=trust, clock=clock)

    def post(raw: bytes, headers: Mapping[str, str], deadline: float) -> Received:
        reply = http.post(urlsplit(url).path, raw, headers, deadline=deadline)
        return Received(reply.status, reply.content_type, reply.body)

    try:
        yield Target(
            service=service,
            operation=operation,
            url=url,
            content=_content(network, service, operation),
            signer=signer(settings, state.path),
            verifier=Verifier(trust, profile_of(settings)),
            is_target=is_target,
            clock=clock,
            post=post,
        )
    finally:
        http.close()


def _named(network: Mapping[str, Any], target_id: str) -> Mapping[str, Any]:
    served = {str(system["id"]): system for system in network["systems"] if "services" in system}
    if target_id not in served:
        raise UsageError(f"no server {target_id!r} in this network; there are: {', '.join(served)}")
    return dict(served[target_id])


def _service(system: Mapping[str, Any], name: str | None) -> Service:
    offered = [one for one in OPERATIONS if one in system["services"]]
    if name is None and offered:
        return SERVICES[offered[0]]
    if name not in offered:
        raise UsageError(
            f"{system['id']}: of its services these can be judged: {', '.join(offered) or 'none'}"
        )
    return SERVICES[name]


def _sender(network: Mapping[str, Any], system: Mapping[str, Any], service: Service) -> Mapping[str, Any]:
    """A system of ours that may call the service and has the target among its destinations."""
    roles = CALLERS[service.name, OPERATIONS[service.name]]
    for entry in network["systems"]:
        if entry["role"] not in roles or "state" not in entry:
            continue
        settings = load_settings(StateFolder.open(Path(entry["state"])).settings_file)
        if any(destination.id == system["id"] for destination in settings.destinations):
            return dict(entry)
    raise UsageError(f"no system of this network whose keys are here calls {service.name} at {system['id']}")


def _content(network: Mapping[str, Any], service: Service, operation: Operation) -> etree._Element:
    """A good question about the first of the sample's synthetic people, as the first terminal asks it."""
    terminal = next(
        entry for entry in network["systems"] if entry.get("terminals") and entry.get("operators")
    )
    operator = terminal["operators"][0]
    caller = Caller(
        MunicipalityCode(terminal["municipality"]),
        terminal["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        Purpose.RECORD_COPY,
    )
    person = _person(Path(network["sample"]["people"]))
    question: IdentityQuestion | SearchQuestion
    if operation.name == "VerifyIdentity":
        question = IdentityQuestion(caller, ResidentRecordCode(person["resident_record_code"]))
    else:
        name, address = RegisterText(person["name"]), RegisterText(person["address"])
        question = SearchQuestion(
            caller, SearchTerms(name=(name, Match.EXACT), address=(address, Match.PREFIX))
        )
    return write_request(service, operation, question)


def _person(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8", newline="") as stream:
        return next(csv.DictReader(stream))
