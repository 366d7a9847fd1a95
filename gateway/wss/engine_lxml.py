"""The engine of the hot path: lxml's exclusive canonicalisation, hashlib and ``cryptography``."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.refusals import Refused
from gateway.wss.engine import DEFAULT_PREFIX, Question, canonical, check_digest, halves
from gateway.wss.engine_xmlsec import XmlsecEngine

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class LxmlEngine:
    """Digests first, then the signature value, each reference by its own PrefixList.

    lxml drops ``#default`` from a PrefixList without a word (Basic Security Profile R5408 wants it, WSS4J
    writes it), so a message that carries it is judged by the xmlsec engine as a whole.
    """

    def __init__(self) -> None:
        self._for_default_prefix = XmlsecEngine()

    def check(self, question: Question) -> None:
        """As Engine.check."""
        security = question.security
        if DEFAULT_PREFIX in security.signed_info_prefixes or any(
            DEFAULT_PREFIX in signed.reference.prefixes for signed in question.covered
        ):
            self._for_default_prefix.check(question)
            return
        for signed in question.covered:
            check_digest(signed)
        self._check_value(question, canonical(security.signed_info, security.signed_info_prefixes))

    def _check_value(self, question: Question, signed_info: bytes) -> None:
        key, algorithm, value = question.public_key, question.algorithm, question.security.signature_bytes
        chosen = _HASHES[algorithm.hash]
        try:
            if isinstance(key, rsa.RSAPublicKey):
                scheme = (
                    padding.PSS(padding.MGF1(chosen), chosen.digest_size)
                    if algorithm.padding == "pss"
                    else padding.PKCS1v15()
                )
                key.verify(value, signed_info, scheme, chosen)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(encode_dss_signature(*halves(question)), signed_info, ec.ECDSA(chosen))
            else:
                raise Refused("signature-value", found="a key of another kind")
        except InvalidSignature:
            raise Refused("signature-value", found="no match") from None
