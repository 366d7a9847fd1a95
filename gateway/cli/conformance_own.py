"""A target of the conformance cases by its address and credentials given one by one, without a network."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from cryptography import x509

from clients._http import HttpCaller
from gateway.cli.conformance_asking import Asking, post_of
from gateway.cli.conformance_ground import store_of
from gateway.clock import SystemClock
from gateway.conformance import QUESTIONS, Sender, Target
from gateway.contract import SERVICES, Service
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.values import InvalidValue
from gateway.errors import CounterpartAnswerInvalid, UsageError
from gateway.refusals import Refused
from gateway.trust import FileSigner, TrustedCertificate, TrustStore, Usage
from gateway.wss.verify import Verifier

_ANSWER_BYTES: Final = 1 << 24
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Own:
    """What the command line gives; files are PEM, ``people`` is CSV as ``people make`` writes it.

    ``operator`` is ``VERIFICATION_ID/OPERATOR_ID``; ``signed_by`` the certificate by which the target signs,
    None for any that the authorities vouch for.
    """

    url: str
    service: str | None
    signing_key: Path | None
    signing_certificate: Path | None
    tls_key: Path | None
    tls_certificate: Path | None
    trust: Sequence[Path]
    lists: Sequence[Path]
    signed_by: Path | None
    municipality: str | None
    terminal: str | None
    operator: str | None
    people: Path | None
    tls12: bool


@contextmanager
def opened_own(own: Own) -> Iterator[Target]:
    """The target, with its connections open within. Raises UsageError that names the option, StateError."""
    service, address = _service(own), urlsplit(own.url)
    trust, clock = store_of(own.trust, own.lists), SystemClock()
    caller, signed_by = _caller(own), _certificate("--signed-by", own.signed_by)
    asking = Asking.about(_given("--people", own.people), service, caller, clock)

    def is_target(certificate: TrustedCertificate) -> bool:
        return signed_by is None or (certificate.issuer, certificate.subject) == signed_by

    signer = FileSigner.load(
        _given("--signing-key", own.signing_key), _given("--signing-certificate", own.signing_certificate)
    )
    http = _http(own, address, trust, clock)
    try:
        yield Target(
            service=service,
            url=own.url,
            question=asking.question(),
            sender=Sender(signer, post_of(http, address.path)),
            verifier=Verifier(trust),
            is_target=is_target,
            clock=clock,
            situation=asking.situation,
        )
    finally:
        http.close()


def _service(own: Own) -> Service:
    by_path = {service.path: name for name, service in SERVICES.items()}
    name = own.service or by_path.get(urlsplit(own.url).path)
    if name is None or name not in QUESTIONS:
        raise UsageError(f"--service NAME: one of {', '.join(QUESTIONS)} (the address does not tell it)")
    return SERVICES[name]


def _caller(own: Own) -> Caller:
    verification_id, slash, operator_id = _given("--operator", own.operator).partition("/")
    if not slash:
        raise UsageError("--operator VERIFICATION_ID/OPERATOR_ID")
    try:
        return Caller(
            MunicipalityCode(_given("--municipality", own.municipality)),
            _given("--terminal", own.terminal),
            Operator(verification_id, operator_id),
            Purpose.RECORD_COPY,
        )
    except InvalidValue as error:
        raise UsageError(f"--municipality, --terminal, --operator: {error}") from None


def _http(own: Own, address: SplitResult, trust: TrustStore, clock: SystemClock) -> HttpCaller:
    def check_server(certificate: bytes) -> None:
        try:
            trust.check(certificate, usage=Usage.TLS_SERVER, at=clock.now())
        except Refused as refusal:
            raise CounterpartAnswerInvalid(f"the server's certificate was refused: {refusal}") from refusal

    context = _context(own) if address.scheme == "https" else None
    try:
        return HttpCaller(own.url, context, check_server=check_server, answer_bytes=_ANSWER_BYTES)
    except ValueError as error:
        raise UsageError(f"--url {own.url}: {error}") from None


def _context(own: Own) -> ssl.SSLContext:
    key = _given("--tls-key", own.tls_key)
    certificate = _given("--tls-certificate", own.tls_certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2 if own.tls12 else ssl.TLSVersion.TLSv1_3
    try:
        for file in own.trust:
            context.load_verify_locations(cafile=file)
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"--tls-certificate {certificate}, --tls-key {key}: {error.strerror}") from None
    return context


def _certificate(option: str, file: Path | None) -> tuple[str, str] | None:
    """Issuer and subject."""
    if file is None:
        return None
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"{option} {file}: is no certificate in PEM") from None
    return found.issuer.rfc4514_string(), found.subject.rfc4514_string()


def _given(option: str, value: _T | None) -> _T:
    if value is None:
        raise UsageError(f"{option} is missing: {_NEEDED}")
    return value


_NEEDED: Final = (
    "without --network a run needs --url, --trust, --signing-key, --signing-certificate, --tls-key, "
    "--tls-certificate, --municipality, --terminal, --operator and --people"
)
