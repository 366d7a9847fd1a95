"""The independent second engine: xmlsec (libxmlsec1). It verifies only, and only what step 5 let through."""

from __future__ import annotations

import xmlsec
from cryptography.hazmat.primitives import serialization

from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.engine import Question, check_digest, halves


class XmlsecEngine:
    """Judges the whole Signature element at once.

    xmlsec's own transform allow-list stays off: it knows no RSA-PSS constant. Ours (step 5) stands before it.
    """

    def check(self, question: Question) -> None:
        """As Engine.check."""
        if question.algorithm.padding == "ecdsa":
            halves(question)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(
            question.public_key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
            xmlsec.constants.KeyDataFormatPem,
        )
        try:
            for signed in question.covered:
                context.register_id(signed.element, "Id", names.WSU)
            context.verify(question.security.signature)
        except (xmlsec.Error, xmlsec.VerificationError) as error:
            _name_the_digest(question)
            raise Refused("signature-value", found=f"xmlsec: {type(error).__name__}") from None


def _name_the_digest(question: Question) -> None:
    """xmlsec says only that something is wrong: where our own digest differs too, say which one."""
    for signed in question.covered:
        check_digest(signed)
