"""From network.json to a target of the conformance cases: who asks, with which good question, and how."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clients.connect import http_caller
from gateway.access.policy import CALLERS
from gateway.cli.conformance_ground import network_document
from gateway.conformance import QUESTIONS, Received, Target
from gateway.contract import SERVICES, Service
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import UsageError
from gateway.settings import clock_of, load_settings
from gateway.state import StateFolder
from gateway.trust import TrustedCertificate
from gateway.trust.configured import signer, trust_store
from gateway.wss.configured import profile_of
from gateway.wss.verify import Verifier


@contextmanager
def opened(file: Path, target_id: str, service_name: str | None) -> Iterator[Target]:
    """A target of the network that ``file`` tells of, with its connections open within.

    Raises UsageError, and StateError for a file that is no network.json.
    """
    network = network_document(file)
    system = _named(network, target_id)
    service = _service(system, service_name)
    question = QUESTIONS[service.name]
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
            operation=service.operation(question.operation),
            url=url,
            content=question.content(service, _caller(network, sender), _person(network)),
            fault=question.fault,
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
    offered = [one for one in QUESTIONS if one in system["services"]]
    if name is None and offered:
        return SERVICES[offered[0]]
    if name not in offered:
        raise UsageError(f"{system['id']}: it has these services: {', '.join(offered) or 'none'}")
    return SERVICES[name]


def _sender(network: Mapping[str, Any], system: Mapping[str, Any], service: Service) -> Mapping[str, Any]:
    """A system of ours that may call the service and has the target among its destinations."""
    roles = CALLERS[service.name, QUESTIONS[service.name].operation]
    for entry in network["systems"]:
        if entry["role"] not in roles or "state" not in entry:
            continue
        settings = load_settings(StateFolder.open(Path(entry["state"])).settings_file)
        if any(destination.id == system["id"] for destination in settings.destinations):
            return dict(entry)
    raise UsageError(f"no system of this network whose keys are here calls {service.name} at {system['id']}")


def _caller(network: Mapping[str, Any], sender: Mapping[str, Any]) -> Caller:
    """The sender's own clerk; where it has none, one whose questions it passes on, of its town if it can."""
    clerks = [entry for entry in network["systems"] if entry.get("terminals") and entry.get("operators")]
    named = min(
        clerks,
        key=lambda one: (
            one["id"] != sender["id"],
            one["municipality"] != sender.get("municipality"),
            one["role"] != "integrated_terminal",
        ),
    )
    operator = named["operators"][0]
    return Caller(
        MunicipalityCode(named["municipality"]),
        named["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        Purpose.RECORD_COPY,
    )


def _person(network: Mapping[str, Any]) -> dict[str, str]:
    """The first of the sample's synthetic people."""
    with Path(network["sample"]["people"]).open(encoding="utf-8", newline="") as stream:
        return next(csv.DictReader(stream))
