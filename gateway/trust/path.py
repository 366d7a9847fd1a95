"""From a certificate to an anchor: the path, by cryptography's verifier with a policy of our own.

The verifier judges signatures, names, path lengths, name constraints, critical extensions and the
authorities' own extensions. What it would demand of a web server's leaf (a subject alternative name,
extended key usages) does not apply: systems are named in the subject, and the leaf's extensions are
judged by gateway.trust.rules, each by its own rule. Policy trees are deliberately not processed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from gateway.trust.model import Anchor


def _is_authority(_policy: Policy, _certificate: x509.Certificate, value: x509.BasicConstraints) -> None:
    if not value.ca:
        raise ValueError("not an authority")


def _signs_certificates(_policy: Policy, _certificate: x509.Certificate, value: x509.KeyUsage) -> None:
    if not value.key_cert_sign:
        raise ValueError("no keyCertSign")


# Name constraints must be critical (RFC 5280 4.2.1.10): the verifier would overlook a kind of name that it
# cannot judge in one that is not.
_AUTHORITIES = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.CRITICAL, _is_authority)
    .require_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
    .may_be_present(x509.NameConstraints, Criticality.CRITICAL, None)
)
_LEAVES = ExtensionPolicy.permit_all()


def find_path(leaf: x509.Certificate, anchor: Anchor, at: datetime) -> list[x509.Certificate] | None:
    """The path from ``leaf`` to the anchor's certificate, leaf first, or None.

    Where there is none at ``at``, one that holds at the nearest instant at which leaf, an intermediate
    and anchor were all valid is given: judging each link's validity then names the link that ended.
    """
    path = _path_at(leaf, anchor, at)
    if path is not None:
        return path
    for between in ((), *((one,) for one in anchor.intermediates)):
        certificates = (leaf, *between, anchor.certificate)
        begin = max(one.not_valid_before_utc for one in certificates)
        end = min(one.not_valid_after_utc for one in certificates)
        nearest = min(max(at, begin), end)
        if nearest != at:
            path = _path_at(leaf, anchor, nearest)
            if path is not None:
                return path
    return None


def _path_at(leaf: x509.Certificate, anchor: Anchor, at: datetime) -> list[x509.Certificate] | None:
    verifier = (
        PolicyBuilder()
        .store(Store([anchor.certificate]))
        .time(at.astimezone(UTC))
        .max_chain_depth(len(anchor.intermediates) + 1)
        .extension_policies(ca_policy=_AUTHORITIES, ee_policy=_LEAVES)
        .build_client_verifier()
    )
    try:
        return list(verifier.verify(leaf, list(anchor.intermediates)).chain)
    except VerificationError:
        return None
