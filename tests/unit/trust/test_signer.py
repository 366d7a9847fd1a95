"""Signing keys from files: what is signed is verified by cryptography alone, what is unfit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.errors import StateError
from gateway.trust import ECDSA_SHA256, ECDSA_SHA384, RSA_SHA256, FileSigner, Signer
from tests.kit.forge import LEAF, der, key, make


def files(folder: Path, secret: Any, certified: Any = None, mode: int = 0o600) -> tuple[Path, Path]:
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key_file.chmod(mode)
    certificate = make("system", certified or secret, "issuing", key("issuing"), LEAF)
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return key_file, certificate_file


@pytest.mark.parametrize("size", [2048, 3072])
def test_rsa(tmp_path: Path, size: int) -> None:
    secret = key("signer", f"RSA-{size}")
    signer: Signer = FileSigner.load(*files(tmp_path, secret))
    assert signer.algorithm == RSA_SHA256 == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    secret.public_key().verify(signer.sign(b"data"), b"data", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("kind", "algorithm", "digest", "length"),
    [("P-256", ECDSA_SHA256, hashes.SHA256(), 32), ("P-384", ECDSA_SHA384, hashes.SHA384(), 48)],
)
def test_ecdsa_is_r_and_s_of_equal_length(
    tmp_path: Path, kind: str, algorithm: str, digest: hashes.HashAlgorithm, length: int
) -> None:
    secret = key("signer", kind)
    signer: Signer = FileSigner.load(*files(tmp_path, secret))
    assert signer.algorithm == algorithm
    # 300 signatures: about one in 128 has a leading zero octet in r or s
    for number in range(300):
        data = number.to_bytes(2, "big")
        value = signer.sign(data)
        assert len(value) == 2 * length
        r, s = int.from_bytes(value[:length], "big"), int.from_bytes(value[length:], "big")
        secret.public_key().verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))


def test_algorithm_names() -> None:
    assert ECDSA_SHA256 == "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    assert ECDSA_SHA384 == "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"


def test_the_certificate_is_given_as_der_and_the_key_is_never_shown(tmp_path: Path) -> None:
    key_file, certificate_file = files(tmp_path, key("signer"))
    signer = FileSigner.load(key_file, certificate_file)
    certificate = make("system", key("signer"), "issuing", key("issuing"), LEAF)
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    assert FileSigner.load(key_file, certificate_file).certificate_der == der(certificate)
    assert repr(signer) == "FileSigner(ecdsa-sha256)"


def test_key_of_another_certificate(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="does not belong"):
        FileSigner.load(*files(tmp_path, key("signer"), certified=key("another")))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o610, 0o602])
def test_key_readable_by_others(tmp_path: Path, mode: int) -> None:
    with pytest.raises(StateError, match="0600"):
        FileSigner.load(*files(tmp_path, key("signer"), mode=mode))


@pytest.mark.parametrize("kind", ["RSA-1024", "RSA-2040", "RSA-4104", "P-521", "k1", "Ed25519", "DSA"])
def test_unfit_kinds_of_keys(tmp_path: Path, kind: str) -> None:
    with pytest.raises(StateError):
        FileSigner.load(*files(tmp_path, key("signer", kind)))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    key_file, certificate_file = files(tmp_path, key("signer"))
    pem = certificate_file.read_bytes()
    for bad in (b"", b"rubbish", pem + pem, key_file.read_bytes()):
        certificate_file.write_bytes(bad)
        with pytest.raises(StateError, match="PEM"):
            FileSigner.load(key_file, certificate_file)
    certificate_file.write_bytes(pem)
    secret = key("signer").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    for bad in (b"", b"rubbish", pem, secret):
        key_file.write_bytes(bad)
        with pytest.raises(StateError, match="PEM"):
            FileSigner.load(key_file, certificate_file)
    key_file.unlink()
    with pytest.raises(StateError, match="No such file"):
        FileSigner.load(key_file, certificate_file)
