"""The rules of step 7 for a certificate whose path is known, each refusing by its own name.

What is found and wanted is for the refusal record: subjects of systems, serials, times and days, never
anything about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509

from gateway.refusals import Refused
from gateway.trust.certificate import extension_of, instant, is_authority, link_of
from gateway.trust.crl import RevocationList
from gateway.trust.model import Anchor, Usage
from gateway.trust.snapshot import Snapshot

CRL_SKEW = timedelta(seconds=60)
"""How far in the future thisUpdate may lie: clocks differ, and a list may be renewed during a check."""

Path = Sequence[x509.Certificate]


def judge_validity(certificate: x509.Certificate, path: Path, at: datetime) -> None:
    """``at`` lies from notBefore to notAfter, both included (RFC 5280 4.1.2.5)."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    wanted = f"from {instant(begin)} to {instant(end)}"
    if at < begin:
        raise Refused(
            "certificate-not-yet-valid", found=_found(f"now {instant(at)}", path, at), wanted=wanted
        )
    if at > end:
        raise Refused("certificate-expired", found=_found(f"now {instant(at)}", path, at), wanted=wanted)


def judge_leaf(path: Path, anchor: Anchor, usage: Usage, at: datetime) -> None:
    """Not an authority; digitalSignature; the extended key usage that the anchor demands for ``usage``.

    An authority that limits its extended key usages may not issue others, so the demand holds for each
    intermediate that carries the extension too.
    """
    leaf = path[0]
    if is_authority(leaf):
        raise Refused("certificate-is-ca", found=_found("an authority", path, at), wanted="an end entity")
    key_usage = extension_of(leaf, x509.KeyUsage)
    if key_usage is None or not key_usage.digital_signature:
        found = "no key usage" if key_usage is None else "a key usage without digitalSignature"
        raise Refused("certificate-key-usage", found=_found(found, path, at), wanted="digitalSignature")
    demanded = anchor.extended_key_usage.get(usage)
    if demanded is not None and not all(_serves(one, demanded) for one in path[:-1]):
        raise Refused(
            "certificate-extended-key-usage",
            found=_found(f"{usage.value}: {_usages(leaf)}", path, at),
            wanted=demanded,
        )


def judge_revocation(path: Path, anchor: Anchor, snapshot: Snapshot, at: datetime) -> list[RevocationList]:
    """Each certificate below the anchor is known not to be revoked; authorities are judged first.

    The answer holds the list that spoke for each, leaf first; it is empty when revocation is off.
    """
    if anchor.revocation == "off":
        return []
    spoke = []
    for certificate, issuer in reversed(list(pairwise(path))):
        current = snapshot.list_for(anchor, issuer)
        name = issuer.subject.rfc4514_string()
        if current is None or current.this_update > at + CRL_SKEW:
            found = "no list" if current is None else f"thisUpdate {instant(current.this_update)}"
            raise Refused("revocation-unknown", found=_found(found, path, at), wanted=f"a CRL of {name}")
        if at > current.next_update:
            found = f"now {instant(at)}, CRL {current.number} of {name}"
            wanted = f"at most {instant(current.next_update)}"
            raise Refused("revocation-stale", found=_found(found, path, at), wanted=wanted)
        if certificate.serial_number in current.serials:
            raise Refused(
                "certificate-revoked",
                found=_found(f"{certificate.serial_number:x} {_since(current, certificate)}", path, at),
                wanted=f"not in CRL {current.number} of {name}",
            )
        spoke.append(current)
    return spoke[::-1]


def describe(path: Path, at: datetime) -> list[str]:
    """A path as text, leaf first, one piece a certificate, with days left."""
    lines = []
    for certificate in path:
        link = link_of(certificate, None, None)
        lines.append(
            f"subject={link.subject} serial={link.serial} not_before={instant(link.not_before)} "
            f"not_after={instant(link.not_after)} days_left={link.days_left(at)}"
        )
    return lines


def _found(what: str, path: Path, at: datetime) -> str:
    return " | ".join([what, *describe(path, at)])


def _serves(certificate: x509.Certificate, demanded: str) -> bool:
    usages = extension_of(certificate, x509.ExtendedKeyUsage)
    if usages is None:
        return is_authority(certificate)
    return demanded in {oid.dotted_string for oid in usages}


def _usages(certificate: x509.Certificate) -> str:
    usages = extension_of(certificate, x509.ExtendedKeyUsage)
    return "none" if usages is None else " ".join(oid.dotted_string for oid in usages)


def _since(current: RevocationList, certificate: x509.Certificate) -> str:
    entry = current.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return "" if entry is None else f"since {instant(entry.revocation_date_utc)}"
