"""Keys and PEM files of the development PKI: made, written for the owner only, read back."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.errors import StateError, UsageError
from gateway.state import FOLDER_MODE, write_atomically

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

KEY_KINDS = ("RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384")
"""The kinds of keys that the message profile accepts and this PKI makes."""

_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def make_key(kind: str, *, weak: bool = False) -> PrivateKey:
    """A new key of ``kind``. Raises UsageError for a kind that is not made; ``weak`` allows RSA-1024."""
    if kind not in KEY_KINDS and not (weak and kind == "RSA-1024"):
        raise UsageError(f"there are no keys of kind {kind!r}; there are: {', '.join(KEY_KINDS)}")
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def write_key(file: Path, key: PrivateKey) -> None:
    """Write a key as unencrypted PKCS #8, mode 0600, in one step."""
    make_folder(file.parent)
    write_atomically(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def read_key(file: Path) -> PrivateKey:
    """Read a key. Raises StateError when it cannot be."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise StateError(f"{file}: not an unencrypted private key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise StateError(f"{file}: neither an RSA nor an EC key")
    return key


def write_pem(file: Path, what: x509.Certificate | x509.CertificateRevocationList) -> None:
    """Write a certificate or a CRL as one PEM block, in one step."""
    make_folder(file.parent)
    write_atomically(file, what.public_bytes(Encoding.PEM))


def read_certificate_file(file: Path) -> x509.Certificate:
    """Read the one certificate in a PEM file. Raises StateError when there is not exactly one."""
    try:
        pem = file.read_bytes()
        if pem.count(b"-----BEGIN ") != 1:
            raise StateError(f"{file}: not exactly one PEM block")
        return x509.load_pem_x509_certificate(pem)
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise StateError(f"{file}: not a certificate in PEM") from None


def make_folder(folder: Path) -> None:
    """Make a folder, mode 0700; one that is there keeps its mode. Raises StateError when it cannot be."""
    try:
        # mkdir(parents=True) would give the folders in between another mode.
        for one in (*reversed(folder.parents), folder):
            if not one.exists():
                one.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise StateError(f"{folder}: cannot be made ({error.strerror})") from None


def digest_for(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The digest that an authority with this key signs with."""
    return (
        hashes.SHA384()
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256
        else hashes.SHA256()
    )
