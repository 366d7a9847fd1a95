"""A certificate whose EC key spells out its curve instead of naming it (the form of CVE-2020-0601).

No library writes such a certificate any more, so its DER is put together here: P-256's own parameters,
in the explicit form of RFC 3279 section 2.3.5, which RFC 5480 section 2.1.1 forbids.
"""

from __future__ import annotations

import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.kit import identities
from tests.kit.identities import Identity

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
_PRIME_FIELD = bytes.fromhex("06072a8648ce3d0101")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


@functools.cache
def explicit_parameters() -> Identity:
    """A signing identity of the trusted authority with a key on a spelled-out P-256."""
    authority = identities.authority()
    key = ec.generate_private_key(ec.SECP256R1())
    good = authority.certify(key, "explicit curve")
    named = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    spelled = _sequence(_sequence(_EC_PUBLIC_KEY, _parameters()), _value(0x03, b"\0" + point))
    content = _content(good.tbs_certificate_bytes).replace(named, spelled)
    signed = _value(0x30, content)
    signature = authority.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    der = _sequence(signed, _ECDSA_SHA256, _value(0x03, b"\0" + signature))
    return Identity(key, x509.load_der_x509_certificate(der))


def _parameters() -> bytes:
    field = _sequence(_PRIME_FIELD, _integer(_P))
    curve = _sequence(_value(0x04, (_P - 3).to_bytes(32, "big")), _value(0x04, _B.to_bytes(32, "big")))
    return _sequence(_integer(1), field, curve, _value(0x04, bytes.fromhex(_G)), _integer(_N), _integer(1))


def _integer(number: int) -> bytes:
    return _value(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _sequence(*parts: bytes) -> bytes:
    return _value(0x30, b"".join(parts))


def _value(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _content(der: bytes) -> bytes:
    return der[2 + (der[1] & 0x7F if der[1] & 0x80 else 0) :]
