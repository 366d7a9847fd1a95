"""signxml: its own signer and verifier over a message that was put together by hand."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from parts import KEY_INFO, NAMES, SIGNED, SOAP, WSSE, Call, envelope, run
from signxml import CanonicalizationMethod, XMLSigner, XMLVerifier, methods
from signxml.verifier import SignatureConfiguration

EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0


def sign(call: Call) -> bytes:
    message = envelope(call)
    key = load_pem_private_key(Path(call.key).read_bytes(), None)
    signer = XMLSigner(
        method=methods.detached,
        signature_algorithm="rsa-sha256" if isinstance(key, RSAPrivateKey) else "ecdsa-sha256",
        c14n_algorithm=EXCLUSIVE,
    )
    signature = signer.sign(
        message,
        key=key,
        cert=Path(call.certificate).read_text(encoding="ascii"),
        reference_uri=list(SIGNED),
        key_info=etree.fromstring(KEY_INFO),
    )
    message.find("s:Header/w:Security", NAMES).append(signature)
    return etree.tostring(message, encoding="utf-8")


def verify(raw: bytes, call: Call) -> None:
    message = etree.fromstring(raw)
    XMLVerifier().verify(
        raw,
        x509_cert=Path(call.answers).read_text(encoding="ascii"),
        validate_schema=False,
        expect_config=SignatureConfiguration(
            location=f"./{{{SOAP}}}Header/{{{WSSE}}}Security/",
            expect_references=len(message.findall(".//d:Reference", NAMES)),
            default_reference_c14n_method=EXCLUSIVE,
        ),
    )


run(version("signxml"), sign, verify)
