"""Namespaces and qualified names of the profile, in Clark notation."""

from __future__ import annotations

from typing import Final

from gateway import refusals

SOAP: Final = refusals.SOAP
WSA: Final = refusals.WSA
WSSE: Final = refusals.WSSE
WSU: Final = refusals.WSU

WSSE11: Final = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
XINCLUDE: Final = "http://www.w3.org/2001/XInclude"
XOP: Final = "http://www.w3.org/2004/08/xop/include"

ENVELOPE: Final = f"{{{SOAP}}}Envelope"
HEADER: Final = f"{{{SOAP}}}Header"
BODY: Final = f"{{{SOAP}}}Body"
FAULT: Final = f"{{{SOAP}}}Fault"
MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
ACTOR: Final = f"{{{SOAP}}}actor"
ACTOR_NEXT: Final = "http://schemas.xmlsoap.org/soap/actor/next"

SECURITY: Final = f"{{{WSSE}}}Security"
TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
TOKEN_REFERENCE: Final = f"{{{WSSE}}}SecurityTokenReference"
TOKEN_POINTER: Final = f"{{{WSSE}}}Reference"
CONFIRMATION: Final = f"{{{WSSE11}}}SignatureConfirmation"
TOKEN_TYPE: Final = f"{{{WSSE11}}}TokenType"
TIMESTAMP: Final = f"{{{WSU}}}Timestamp"
CREATED: Final = f"{{{WSU}}}Created"
EXPIRES: Final = f"{{{WSU}}}Expires"
WSU_ID: Final = f"{{{WSU}}}Id"

SIGNATURE: Final = f"{{{DS}}}Signature"
SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
KEY_INFO: Final = f"{{{DS}}}KeyInfo"
CANONICALIZATION_METHOD: Final = f"{{{DS}}}CanonicalizationMethod"
SIGNATURE_METHOD: Final = f"{{{DS}}}SignatureMethod"
REFERENCE: Final = f"{{{DS}}}Reference"
TRANSFORMS: Final = f"{{{DS}}}Transforms"
TRANSFORM: Final = f"{{{DS}}}Transform"
DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
INCLUSIVE_NAMESPACES: Final = f"{{{EC}}}InclusiveNamespaces"

X509_V3: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64_BINARY: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

TOLD: Final = frozenset(
    {
        "Envelope", "Header", "Body", "Fault", "Security", "BinarySecurityToken", "SecurityTokenReference",
        "Reference", "KeyIdentifier", "SignatureConfirmation", "Timestamp", "Created", "Expires",
        "Signature", "SignedInfo", "SignatureValue", "KeyInfo", "Object", "Manifest",
        "CanonicalizationMethod", "SignatureMethod", "HMACOutputLength", "Transforms", "Transform",
        "DigestMethod", "DigestValue", "KeyName", "KeyValue", "X509Data", "X509IssuerSerial",
        "RetrievalMethod", "InclusiveNamespaces", "UsernameToken", "EncryptedKey", "EncryptedData",
        "Assertion", "To", "Action", "MessageID", "RelatesTo", "ReplyTo", "FaultTo", "From", "Address",
    }
)  # fmt: skip
"""Local names that a fault or a refusal record may tell; all others are a sender's own words."""

ANONYMOUS: Final = f"{WSA}/anonymous"
UNSPECIFIED: Final = f"{WSA}/unspecified"
REPLY: Final = f"{WSA}/reply"
ACTION_FAULT_ADDRESSING: Final = f"{WSA}/fault"
ACTION_FAULT_SOAP: Final = f"{WSA}/soap/fault"
