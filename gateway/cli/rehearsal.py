"""Asks counterparts really whether they would take a system's newest key and certificate.

The question is a request of an operation that we may call, whose Body's element is empty. A counterpart
judges connection, signature and sender before it reads the Body (steps 1 to 11 of the message profile), and
the Body before it does anything (step 13): one that takes the certificate answers InvalidRequest, signed and
bound to the question. It keeps a refusal record of it, and nothing else.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from clients.connect import connect, tls_context
from gateway.access.policy import CALLERS
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.status_line import cause_of
from gateway.contract import SERVICES, Operation
from gateway.errors import (
    CounterpartError,
    CounterpartFault,
    StateError,
)
from gateway.settings import Counterpart, Settings, clock_of
from gateway.state import StateFolder
from gateway.trust import FileSigner, TrustStore
from gateway.trust.configured import trust_store
from gateway.trust.renewal import KeyPair, pairs
from gateway.wss.sign import new_message_id

SERVED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {service: system.role for system in DEVELOPMENT.systems for service in system.services}
)
"""Service to the role of who serves it."""

_TAKEN: Final = frozenset({"InvalidRequest", "NotPermitted"})
"""Said only to a sender whose signature and certificate were believed."""


_NOT_ASKED: Final = "it only calls us: it meets the new one in an answer"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one counterpart made of it; ``takes_it`` is None when that is not known."""

    id: str
    role: str
    asked: bool
    takes_it: bool | None
    detail: str

    @property
    def shown(self) -> str:
        """For people."""
        return {True: "yes", False: "NO", None: "not known"}[self.takes_it]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id,
            "role": self.role,
            "asked": self.asked,
            "takes_it": self.takes_it,
            "detail": self.detail,
        }


def rehearse(state: StateFolder, settings: Settings) -> list[Rehearsed]:
    """Every counterpart in the settings' order. Raises StateError when our own files cannot be used."""
    signing, tls = (pairs(settings, state.path, use)[-1] for use in ("signing", "tls"))
    signer = FileSigner.load(signing.key, signing.certificate)
    context = _context(settings, state, tls)
    trust = trust_store(settings, state.path)
    called = {destination.id for destination in settings.destinations}
    return [
        _ask(known, state, settings, signer, context, trust)
        if known.id in called
        else Rehearsed(known.id, known.role, False, None, _NOT_ASKED)
        for known in settings.counterparts
    ]


def _context(settings: Settings, state: StateFolder, pair: KeyPair) -> ssl.SSLContext:
    try:
        return tls_context(settings, state.path, pair)
    except OSError as error:  # ssl.SSLError is one
        raise StateError(f"{pair.certificate}: {error}") from None


def _ask(
    known: Counterpart,
    state: StateFolder,
    settings: Settings,
    signer: FileSigner,
    context: ssl.SSLContext,
    trust: TrustStore,
) -> Rehearsed:
    found = _operation(settings.system.role, known.role)
    if found is None:
        return Rehearsed(known.id, known.role, False, None, "we may call nothing of it")
    service, operation = found
    channel = connect(
        settings,
        state.path,
        destination=known.id,
        service=service,
        trust=trust,
        clock=clock_of(settings, state.path),
        signing=signer,
        tls=context,
    )
    try:
        channel.deliver(etree.tostring(etree.Element(operation.request)), operation.action, new_message_id())
    except CounterpartError as error:
        takes_it, detail = _judged(error)
    else:
        takes_it, detail = None, "it answered a question without content"
    finally:
        channel.close()
    return Rehearsed(known.id, known.role, True, takes_it, detail)


def _judged(error: CounterpartError) -> tuple[bool | None, str]:
    """What a counterpart's answer, or its closing of the connection, says of us."""
    if isinstance(error, CounterpartFault):
        if error.standing == "bound" and error.code in _TAKEN:
            return True, "connection and signature are believed"
        return False, f"refuses: {error.code} {error.reference or ''}".strip()
    cause = error.__cause__
    refused = isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "")
    return (False if refused else None), cause_of(error)


def _operation(ours: str, theirs: str) -> tuple[str, Operation] | None:
    """An operation of a counterpart of this role that we may call."""
    for (service, name), callers in CALLERS.items():
        if ours in callers and SERVED_BY.get(service) == theirs:
            return service, SERVICES[service].operation(name)
    return None
