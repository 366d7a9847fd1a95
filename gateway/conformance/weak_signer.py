"""A signer with whatever RSA key it is given, to see that a key which is too small is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.trust.signer import RSA_SHA256


class WeakSigner:
    """Signs with rsa-sha256 and judges nothing, unlike gateway.trust.FileSigner."""

    algorithm = RSA_SHA256

    def __init__(self, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self.certificate_der = certificate.public_bytes(Encoding.DER)

    @classmethod
    def load(cls, key: Path, certificate: Path) -> Self:
        """From PEM files. Raises OSError, ValueError, TypeError (no RSA key)."""
        secret = load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(secret, rsa.RSAPrivateKey):
            raise TypeError(f"{key}: not an RSA key")
        return cls(secret, x509.load_pem_x509_certificate(certificate.read_bytes()))

    def sign(self, data: bytes) -> bytes:
        """RSA PKCS #1 v1.5."""
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
