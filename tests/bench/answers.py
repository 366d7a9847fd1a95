"""A sample of the answers, verified after the run by code that is not the gateway's (tests.kit)."""

from __future__ import annotations

import base64
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.bench.ready import Request
from tests.kit import signing, tree


def verify(raw: bytes, request: Request, certificate: x509.Certificate) -> None:
    """Raises ValueError unless ``raw`` is a record found, signed by that key, for this request."""
    root = tree.parse(raw)
    info = root.one("SignedInfo")
    covered = {_covered(root, reference) for reference in info.elements if reference.local == "Reference"}
    wanted = {
        "Body", "Timestamp", "BinarySecurityToken", "SignatureConfirmation",
        "To", "Action", "MessageID", "RelatesTo",
    }  # fmt: skip
    _demand(covered == wanted, f"signed are {sorted(covered)}")
    _check_value(base64.b64decode(root.one("SignatureValue").text), tree.canonical(info), certificate)
    _demand(root.one("RelatesTo").text == request.message_id, "an answer to another message")
    _demand(
        root.one("SignatureConfirmation").attributes["Value"] == request.signature_value,
        "another signature is confirmed",
    )
    _demand(root.one("Body", "found", "result").text == "found", "nobody was found")


def _covered(root: tree.Node, reference: tree.Node) -> str:
    node = signing.by_id(root, reference.attributes["URI"].removeprefix("#"))
    if node is None:
        raise ValueError("a reference to nothing")
    digest = hashlib.sha256(tree.canonical(node)).digest()
    _demand(base64.b64decode(reference.one("DigestValue").text) == digest, f"the digest of {node.local}")
    return node.local


def _check_value(value: bytes, data: bytes, certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(value, data, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        r, s = (int.from_bytes(half, "big") for half in (value[:32], value[32:]))
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    else:
        raise ValueError("a key of another kind")  # noqa: TRY004 - all that is wrong is one error here


def _demand(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
