"""Why a signature value does not match SignedInfo and the certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.diagnosis.finding import Finding
from gateway.diagnosis.forms import Form, forms
from gateway.wss.engine import Question
from gateway.wss.profile import SignatureAlgorithm

_SHA1: Final = hashes.SHA1()  # noqa: S303 # to recognise what a sender did wrong, never to accept it
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha1": _SHA1,
}
_WHERE: Final = "SignatureValue"
_SIGNED_INFO: Final = "SignedInfo"


def why_signature(question: Question, raw: bytes, others: Mapping[str, PublicKeyTypes]) -> Finding | None:
    """What explains a signature value that does not match; None when it matches.

    ``others`` are further keys that the sender may have signed with, by what they are called.
    """
    declared = question.algorithm
    key, value, data = question.public_key, question.security.signature_bytes, question.signed_info
    if _holds(key, value, data, declared.padding, declared.hash):
        return None
    for code, told, ways in _mistakes(question, declared):
        if any(_holds(key, *way) for way in ways):
            return Finding.of(code, _WHERE, told=told)
    for code, octets in _other_forms(question, raw):
        if _holds(key, value, octets, declared.padding, declared.hash):
            return Finding.of(code, _SIGNED_INFO)
    for name, other in others.items():
        if _holds(other, value, data, declared.padding, declared.hash):
            return Finding.of("other-key", _WHERE, told=name)
    if isinstance(key, rsa.RSAPublicKey) and (hashed := _signed_hash(key, value)) is not None:
        return Finding.of("signed-info-changed", _SIGNED_INFO, told=hashed)
    return Finding.of("value-unexplained", _WHERE, proved=False)


_Way = tuple[bytes, bytes, str, str]  # value, data, padding, hash


def _mistakes(question: Question, declared: SignatureAlgorithm) -> Iterator[tuple[str, str, Sequence[_Way]]]:
    """Code of the cause, what it leaves open, and the ways in which it shows."""
    value, data = question.security.signature_bytes, question.signed_info
    same = declared.padding, declared.hash
    if declared.key == "EC":
        yield "der-value", "", [(value, data, "der", name) for name in _HASHES]
    for name in _HASHES:
        yield "other-hash", name, [(value, data, declared.padding, name)]
    if declared.key == "RSA":
        for tried in ("pkcs1", "pss", "pss-any"):
            yield (
                "other-padding",
                tried.removesuffix("-any"),
                [(value, data, tried, name) for name in _HASHES],
            )
    yield "digest-signed", "", [(value, hashlib.new(name, data).digest(), *same) for name in _HASHES]
    yield (
        "digest-signed",
        "",
        [(value, hashlib.new(name, data).hexdigest().encode(), *same) for name in _HASHES],
    )
    yield "byte-order", "", [(value[::-1], data, *same)]
    half = len(value) // 2
    if declared.key == "EC":
        yield "byte-order", "", [(value[:half][::-1] + value[half:][::-1], data, *same)]
    if (plain := _from_hexadecimal(value)) is not None:
        yield "hexadecimal", "", [(plain, data, *same)]


def _other_forms(question: Question, raw: bytes) -> Iterator[Form]:
    security = question.security
    for code, octets in forms(security.signed_info, security.signed_info_prefixes, raw):
        if code not in {"other-element", "content-only", "id-added"}:
            yield code, octets


def _holds(key: PublicKeyTypes, value: bytes, data: bytes, scheme: str, hashed: str) -> bool:
    chosen = _HASHES[hashed]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, _padding(scheme, chosen), chosen)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value if scheme == "der" else _der(value), data, ec.ECDSA(chosen))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _padding(scheme: str, chosen: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if scheme == "pkcs1":
        return padding.PKCS1v15()
    salt = padding.PSS.AUTO if scheme == "pss-any" else chosen.digest_size
    return padding.PSS(padding.MGF1(chosen), salt)


def _der(value: bytes) -> bytes:
    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def _from_hexadecimal(value: bytes) -> bytes | None:
    try:
        return bytes.fromhex(value.decode("ascii"))
    except ValueError:
        return None


def _signed_hash(key: rsa.RSAPublicKey, value: bytes) -> str | None:
    """The hash that a PKCS #1 v1.5 value of this key was made with, whatever was signed; None for no such."""
    for name, algorithm in _HASHES.items():
        try:
            key.recover_data_from_signature(value, padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            continue
        return name
    return None
