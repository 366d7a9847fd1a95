"""Signing keys behind one small interface, so that a key in a file and one in an HSM differ here only."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.errors import StateError

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256 = f"{_MORE}rsa-sha256"
ECDSA_SHA256 = f"{_MORE}ecdsa-sha256"
ECDSA_SHA384 = f"{_MORE}ecdsa-sha384"


class Signer(Protocol):
    """A private key, its certificate and the one algorithm it is used with."""

    @property
    def certificate_der(self) -> bytes:
        """The certificate, DER."""
        ...

    @property
    def algorithm(self) -> str:
        """The SignatureMethod URI (XML Signature 1.1; RFC 9231)."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data`` as XML Signature wants it: ECDSA as r and s, of equal length."""
        ...


def at_present(signer: Signer) -> Signer:
    """The signer of this instant, where it is one that is exchanged while the system runs (trust.renewal)."""
    present = getattr(signer, "present", None)
    return signer if present is None else present()


class FileSigner:
    """A key and a certificate from PEM files, parsed once. Never shows the key."""

    __slots__ = ("_key", "algorithm", "certificate_der")

    def __init__(
        self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, certificate: x509.Certificate
    ) -> None:
        """Raises StateError for a key not RSA 2048 to 4096, P-256 or P-384, or not the certificate's."""
        if key.public_key() != certificate.public_key():
            raise StateError("the private key does not belong to the certificate")
        self._key = key
        self.algorithm = _algorithm(key)
        self.certificate_der = certificate.public_bytes(Encoding.DER)

    @classmethod
    def load(cls, key: Path, certificate: Path) -> FileSigner:
        """Read both files. Raises StateError: unreadable, key readable by others, or not fit to sign."""
        try:
            if stat.S_IMODE(key.stat().st_mode) & 0o077:
                raise StateError(f"{key}: others than the owner may read it (wanted: mode 0600)")
            secret = load_pem_private_key(key.read_bytes(), password=None)
            pem = certificate.read_bytes()
            if pem.count(b"-----BEGIN ") != 1:
                raise StateError(f"{certificate}: not exactly one PEM block")
            public = x509.load_pem_x509_certificate(pem)
        except OSError as exc:
            raise StateError(f"{exc.filename}: {exc.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise StateError(f"{key}, {certificate}: not an unencrypted PEM key and a certificate") from None
        if not isinstance(secret, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise StateError(f"{key}: not an RSA or EC key")
        try:
            return cls(secret, public)
        except StateError as exc:
            raise StateError(f"{key}: {exc}") from None

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``: RSA PKCS #1 v1.5, or ECDSA as r and s."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        digest = hashes.SHA256() if self.algorithm == ECDSA_SHA256 else hashes.SHA384()
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(digest)))
        length = (self._key.key_size + 7) // 8
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")

    def __repr__(self) -> str:
        return f"FileSigner({self.algorithm.rpartition('#')[2]})"


def _algorithm(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        if not 2048 <= key.key_size <= 4096:
            raise StateError(f"an RSA key of {key.key_size} bits (wanted: 2048 to 4096)")
        return RSA_SHA256
    if isinstance(key.curve, ec.SECP256R1):
        return ECDSA_SHA256
    if isinstance(key.curve, ec.SECP384R1):
        return ECDSA_SHA384
    raise StateError(f"a key on {key.curve.name} (wanted: P-256 or P-384)")
