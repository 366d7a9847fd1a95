"""Step 11: the signer is a counterpart of ours, the connection is the same counterpart's, its role may call
the operation, and what the Body names (municipality, terminal, operator, purpose, legal basis) is registered
to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.access.counterparts import Counterparts
from gateway.access.policy import may_call
from gateway.domain.caller import Caller
from gateway.domain.inquiry import LegalBasis
from gateway.refusals import Refused
from gateway.settings import Counterpart
from gateway.trust import TrustedCertificate, TrustStore, Usage


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the connection. ``counterpart`` is None for a stranger; ``refusal`` says why."""

    address: str
    counterpart: Counterpart | None
    refusal: Refused | None

    @property
    def name(self) -> str:
        """The counterpart's id, or the address of a stranger, for logs and refusal records."""
        return self.counterpart.id if self.counterpart else self.address


class Admission:
    """Judges senders against the registered counterparts.

    ``plain_http`` admits connections without TLS (loopback, development): the signature alone then tells
    who asks, and faults to a sender that is not known yet stay unsigned.
    """

    def __init__(self, trust: TrustStore, counterparts: Counterparts, *, plain_http: bool = False) -> None:
        self._trust = trust
        self._counterparts = counterparts
        self._plain_http = plain_http

    def peer(self, certificate: bytes | None, address: str, now: datetime) -> Peer:
        """Who opened the connection, judged anew for each request: revocation may have come since."""
        try:
            return Peer(address, self._on_connection(certificate, now), None)
        except Refused as refusal:
            return Peer(address, None, refusal)

    def _on_connection(self, certificate: bytes | None, now: datetime) -> Counterpart | None:
        if certificate is None:
            if self._plain_http:
                return None
            raise Refused("tls-missing")
        try:
            trusted = self._trust.check(certificate, usage=Usage.TLS_CLIENT, at=now)
        except Refused as cause:
            raise Refused("tls-untrusted", found=f"{cause}: {cause.found}", wanted=cause.wanted) from None
        counterpart = self._counterparts.on_connection(trusted)
        if counterpart is None:
            raise Refused("sender-unknown", where="TLS certificate", found=trusted.subject)
        return counterpart

    def step_11_sender(
        self, certificate: TrustedCertificate, peer: Peer, service: str, operation: str
    ) -> Counterpart:
        """The counterpart that signed, once it is the connection's too and may call the operation."""
        if peer.refusal is not None:
            raise peer.refusal
        sender = self._counterparts.signing(certificate)
        if sender is None:
            raise Refused(
                "sender-unknown", where="signature", found=f"{certificate.subject} by {certificate.anchor}"
            )
        if peer.counterpart is not None and peer.counterpart.id != sender.id:
            raise Refused(
                "tls-other-counterpart", found=f"signed by {sender.id}, connected by {peer.counterpart.id}"
            )
        if not may_call(sender.role, service, operation):
            raise Refused("role", found=f"{sender.role} calls {service}.{operation}")
        return sender

    def step_11_named(self, sender: Counterpart, caller: Caller, basis: LegalBasis | None = None) -> None:
        """What the Body says of who asks; judged as soon as the Body is read.

        ``basis`` is the legal basis of an inquiry, None where none is named. Another municipal CS vouches for
        its own terminals, operators, purposes and bases, a prefectural server for those of all its
        municipalities, the national server for those of all; every other counterpart may name only what is
        registered to it.
        """
        municipality = caller.municipality.digits
        if sender.role == "prefectural_server" and sender.municipality is not None:
            if caller.municipality.prefecture != sender.municipality[:2]:
                raise Refused("municipality", wanted="one of the counterpart's prefecture")
            return
        if sender.role == "national_server":
            return  # whose operations are about every municipality
        if municipality != sender.municipality and municipality not in sender.municipalities:
            raise Refused("municipality", wanted="one registered to the counterpart")
        if sender.role == "municipal_cs":
            return
        if caller.terminal not in sender.terminals:
            raise Refused("terminal", wanted="one registered to the counterpart")
        operator = (caller.operator.verification_id, caller.operator.operator_id)
        if operator not in {(known.verification_id, known.operator_id) for known in sender.operators}:
            raise Refused("operator", wanted="one registered to the counterpart")
        if caller.purpose.value not in sender.purposes:
            raise Refused("purpose", wanted="one registered to the counterpart")
        if basis is not None and basis.value not in sender.legal_bases:
            raise Refused("legal-basis", wanted="one registered to the counterpart")
