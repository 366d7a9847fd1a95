"""Signing identities that must be refused, under the names of network.json's ``negative``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.kit.door import signer_of
from tests.kit.forge import altered, usage
from tests.kit.identities import NOW, Identity, TestAuthority, authority, make_key

NAME = "terminal-1"
_YEAR = timedelta(days=365)


@cache
def bad_signing() -> Mapping[str, Identity]:
    """One thing is wrong with each, but for the last two, whose TLS certificate goes with them."""
    good = signer_of(NAME)
    key_usage = altered(_extensions(good), (usage("key_encipherment"), True))
    of_authority = altered(
        _extensions(good),
        (x509.BasicConstraints(True, 0), True),
        (usage("digital_signature", "key_cert_sign"), True),
    )
    return {
        "expired": _again(good, begin=NOW - 2 * _YEAR, end=NOW - _YEAR),
        "not_yet_valid": _again(good, begin=NOW + _YEAR, end=NOW + 2 * _YEAR),
        "revoked": revoked(),
        "other_ca": TestAuthority("Refusal Tests").identity("P-256", NAME),
        "ca_as_leaf": _again(good, extensions=of_authority),
        "wrong_usage": _again(good, extensions=key_usage),
        "small_key": authority().identity("RSA-1024", NAME),
        "unknown_system": signer_of("nobody"),
        "wrong_role": signer_of("records-1"),
    }


@cache
def revoked() -> Identity:
    """Who is on the door's list of the revoked: the terminal under a certificate of before."""
    key = make_key("P-256")
    return Identity(key, authority().certify(key, NAME))


def _extensions(one: Identity) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return tuple((extension.value, extension.critical) for extension in one.certificate.extensions)


def _again(
    good: Identity,
    *,
    begin: datetime = NOW - _YEAR,
    end: datetime = NOW + _YEAR,
    extensions: Iterable[tuple[Any, bool]] | None = None,
) -> Identity:
    """The same key and name under another certificate of the same authority."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(good.certificate.subject)
        .issuer_name(good.certificate.issuer)
        .public_key(good.certificate.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    for value, critical in _extensions(good) if extensions is None else extensions:
        builder = builder.add_extension(value, critical)
    return Identity(good.key, builder.sign(authority().key, hashes.SHA256()))
