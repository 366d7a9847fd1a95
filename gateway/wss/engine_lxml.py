"""The engine of the hot path: lxml's exclusive canonicalisation, hashlib and ``cryptography``."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.refusals import Refused
from gateway.wss.engine import Question, check_digest, halves

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class LxmlEngine:
    """The signature value first: a forger pays for one canonical form, not for all. Then every digest."""

    def check(self, question: Question) -> None:
        """As Engine.check."""
        self._check_value(question)
        for signed in question.covered:
            check_digest(signed)

    def _check_value(self, question: Question) -> None:
        key, algorithm, value = question.public_key, question.algorithm, question.security.signature_bytes
        chosen = _HASHES[algorithm.hash]
        try:
            if isinstance(key, rsa.RSAPublicKey):
                scheme = (
                    padding.PSS(padding.MGF1(chosen), chosen.digest_size)
                    if algorithm.padding == "pss"
                    else padding.PKCS1v15()
                )
                key.verify(value, question.signed_info, scheme, chosen)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(encode_dss_signature(*halves(question)), question.signed_info, ec.ECDSA(chosen))
            else:
                raise Refused("signature-value", found="a key of another kind")
        except InvalidSignature:
            raise Refused("signature-value", found="no match") from None
