"""Renewing a system's own key and certificate: made beside those in use, judged, and named with an instant.

From that instant on the system signs, and shows itself on connections, with the new ones, without a restart
(gateway.trust.renewal). Counterparts know a certificate's holder, not the certificate: one of the same
subject and issuer is believed beside the old one.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients.connect import tls_context
from gateway.cli.exits import Refusal
from gateway.errors import StateError, UsageError
from gateway.pki import Authority
from gateway.pki.keys import digest_for, make_key, read_certificate_file, read_key, write_key, write_pem
from gateway.refusals import Refused
from gateway.settings import CALLER_ROLES, Settings, clock_of, offset_of
from gateway.state import StateFolder, write_atomically
from gateway.trust import FileSigner, Usage
from gateway.trust.configured import trust_store
from gateway.trust.renewal import RENEWALS, USES, KeyPair, Use, listed, pair_at, pairs

SOONEST = timedelta(seconds=3)
"""From naming a pair to its use, when no instant is given: every process has seen it by then."""


KINDS: Final[Mapping[Use, str]] = MappingProxyType({"signing": "RSA-2048", "tls": "P-256"})
"""The kinds of keys that are made when none is asked for."""

_NOT_OURS_TO_KNOW: Final = frozenset({"certificate-path", "revocation-unknown", "revocation-stale"})


@dataclass(frozen=True, slots=True)
class Renewed:
    """A pair that was named, and files that nothing uses any more."""

    use: Use
    pair: KeyPair
    ends: datetime
    unused: tuple[Path, ...]


class Renewal:
    """The renewal of one use of a system's keys."""

    def __init__(self, state: StateFolder, settings: Settings, use: Use) -> None:
        """Raises StateError for a list of renewals that cannot be read."""
        self._state = state
        self._settings = settings
        self._use: Use = use
        self.now = clock_of(settings, state.path).now()
        self._present = pair_at(settings, state.path, use, self.now)
        self._stem = stem = f"{use}-{self.now:%Y%m%dT%H%M%SZ}"
        for number in count(2):
            if not self._key.exists():
                break
            self._stem = f"{stem}-{number}"

    @property
    def _key(self) -> Path:
        return self._state.keys / f"{self._stem}.key.pem"

    @property
    def _certificate(self) -> Path:
        return self._state.certificates / f"{self._stem}.pem"

    def by_development_pki(
        self,
        authority: Authority,
        since: datetime | None = None,
        *,
        kind: str = "",
        at: datetime | None = None,
    ) -> Renewed:
        """A new key, certified by the development PKI, its days counted from ``at`` (else from now).

        Raises Refusal, StateError, UsageError.
        """
        system = self._settings.system
        authority.issue(
            self._use,
            role=system.role,
            system=system.id,
            municipality=system.municipality,
            at=at or self.now,
            valid_from=datetime.now(UTC) if at or offset_of(self._settings, self._state.path) else None,
            key_kind=kind or KINDS[self._use],
            key_file=self._key,
            certificate_file=self._certificate,
        )
        return self._name(self._key, since)

    def request(self, kind: str = "") -> tuple[Path, Path]:
        """A new key, and a request (PKCS #10) for an authority elsewhere, in the names of the present one."""
        present = read_certificate_file(self._present.certificate)
        key = make_key(kind or KINDS[self._use])
        write_key(self._key, key)
        builder = x509.CertificateSigningRequestBuilder().subject_name(present.subject)
        for kept in (x509.SubjectAlternativeName, x509.KeyUsage, x509.ExtendedKeyUsage):
            try:
                extension = present.extensions.get_extension_for_class(kept)
            except x509.ExtensionNotFound:
                continue
            builder = builder.add_extension(extension.value, critical=extension.critical)
        file = self._certificate.with_suffix(".csr.pem")
        write_atomically(file, builder.sign(key, digest_for(key)).public_bytes(Encoding.PEM))
        return self._key, file

    def issued(self, certificate: Path, since: datetime | None) -> Renewed:
        """A certificate that an authority issued on a request of ours. Raises Refusal, StateError."""
        found = read_certificate_file(certificate)
        wanted = _public(found)
        for key in sorted(self._state.keys.glob(f"{self._use}-*.key.pem")):
            if _public(read_key(key)) == wanted:
                write_pem(self._certificate, found)
                return self._name(key, since)
        raise Refusal(
            f"{certificate}: no key in {self._state.keys} belongs to it ('pki renew --request' makes one)"
        )

    def cancel(self) -> KeyPair:
        """Take the newest pair off the list: the one before counts again. Raises Refusal."""
        named = pairs(self._settings, self._state.path, self._use)
        if len(named) < 2:
            raise Refusal(f"{self._use}: nothing was renewed")
        self._write(named[1:-1])
        return named[-2]

    def _name(self, key: Path, since: datetime | None) -> Renewed:
        since = since or (self.now + SOONEST)
        pair = KeyPair(key, self._certificate, since.replace(microsecond=0))
        try:
            ends = self._judge(pair)
        except BaseException:
            self._certificate.unlink(missing_ok=True)
            raise
        named = pairs(self._settings, self._state.path, self._use)[1:]
        past = [one for one in named if one.since is not None and one.since <= self.now]
        self._write((*past[-1:], pair))
        gone = [one for one in named if one not in past[-1:]]
        return Renewed(
            self._use, pair, ends, tuple(file for one in gone for file in (one.key, one.certificate))
        )

    def _judge(self, pair: KeyPair) -> datetime:
        """When the new certificate ends. Raises Refusal for one that would do harm."""
        since = pair.since or self.now
        new, old = (read_certificate_file(one.certificate) for one in (pair, self._present))
        if (new.subject, new.issuer) != (old.subject, old.issuer):
            raise Refusal(
                f"the new certificate is of {new.subject.rfc4514_string()} by {new.issuer.rfc4514_string()}, "
                "the present one of another holder: counterparts would not know it"
            )
        if not new.not_valid_before_utc <= since < new.not_valid_after_utc:
            raise Refusal(f"the new certificate is not valid at {since:%Y-%m-%dT%H:%M:%SZ}")
        if new.not_valid_after_utc <= old.not_valid_after_utc:
            raise Refusal("the new certificate ends no later than the present one")
        self._key_is_new(pair, new)
        self._fits(pair)
        for usage in self._usages():
            try:
                trust_store(self._settings, self._state.path).check(
                    new.public_bytes(Encoding.DER), usage=usage, at=max(since, self.now)
                )
            except Refused as refusal:
                # Our own authority need not be among those that we trust for others, nor its list be of then.
                if refusal.rule.name not in _NOT_OURS_TO_KNOW:
                    raise Refusal(f"the new certificate would be refused: {refusal.rule.name}") from None
        return new.not_valid_after_utc

    def _key_is_new(self, pair: KeyPair, new: x509.Certificate) -> None:
        for use in USES:
            for one in pairs(self._settings, self._state.path, use):
                if one.certificate == pair.certificate or not one.certificate.exists():
                    continue
                if _public(read_certificate_file(one.certificate)) == _public(new):
                    raise Refusal(f"the new key is not new: {one.certificate.name} has it")

    def _fits(self, pair: KeyPair) -> None:
        try:
            if self._use == "signing":
                FileSigner.load(pair.key, pair.certificate)
            else:
                tls_context(self._settings, self._state.path, pair)
        except (ssl.SSLError, StateError) as error:
            raise Refusal(f"the new key and certificate cannot be used: {error}") from None

    def _usages(self) -> Sequence[Usage]:
        if self._use == "signing":
            return (Usage.SIGNING,)
        if self._settings.system.role in CALLER_ROLES:
            return (Usage.TLS_CLIENT,)
        return (Usage.TLS_SERVER, Usage.TLS_CLIENT)

    def _write(self, named: Sequence[KeyPair]) -> None:
        folder = self._state.path
        content: Mapping[Any, list[dict[str, str]]] = {
            **listed(folder),
            self._use: [
                {
                    "from": f"{one.since:%Y-%m-%dT%H:%M:%SZ}",
                    "key": str(one.key.relative_to(folder)),
                    "certificate": str(one.certificate.relative_to(folder)),
                }
                for one in named
            ],
        }
        write_atomically(folder / RENEWALS, json.dumps(content, indent=2).encode("ascii"))


def development_pki(state: StateFolder, named: Path | None) -> Authority:
    """The PKI that a folder holds, or that of the network in which the system is. Raises UsageError."""
    folder = named or state.path.parent / "pki"
    if not folder.is_dir():
        raise UsageError(
            "no development PKI: give --pki DIR; elsewhere an authority wants --request, then --certificate"
        )
    inside = folder / "pki"
    return Authority.open(inside if inside.is_dir() else folder)


def _public(one: Any) -> bytes:
    return bytes(one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
