"""SOAP stacks that are used as they come: known by how they write, and refused for what they leave out."""

from __future__ import annotations

import re
from typing import Final

from gateway.diagnosis.finding import Finding

_HEX: Final = rb"[0-9A-Fa-f]"
_UUID: Final = _HEX + rb"{8}(?:-" + _HEX + rb"{4}){3}-" + _HEX + rb"{12}"
_ENVELOPED: Final = rb"http://www\.w3\.org/2000/09/xmldsig#enveloped-signature"

_WRITING: Final = {
    # Ids _0, _1 … in no namespace, or the enveloped transform beside a token named x509-…
    "node-soap-defaults": re.compile(
        rb"<[\w.:-]*Body[^>]*\sId=\"_[0-9]+\"|[\w.-]+:Id=\"x509-" + _HEX + rb"{32}\".*" + _ENVELOPED, re.S
    ),
    # The Signature before a token whose Id is id-UUID.
    "zeep-defaults": re.compile(
        rb"Security[^>]*><(?:\w+:)?Signature\b.*BinarySecurityToken[^>]*:Id=\"id-" + _UUID + rb"\"", re.S
    ),
    # One Reference, to id-…, of a Signature SIG-….
    "wss4j-defaults": re.compile(
        rb"Id=\"SIG-[0-9A-Fa-f-]{32,}\"(?:(?!<ds:Reference ).)*<ds:Reference URI=\"#id-[^>]*>"
        rb"(?:(?!<ds:Reference ).)*</ds:SignedInfo>",
        re.S,
    ),
    "wcf-defaults": re.compile(
        rb"u:Id=\"uuid-" + _UUID + rb"-[0-9]+\"|DerivedKeyToken|<e:EncryptedKey", re.S
    ),
}


def whose_defaults(raw: bytes) -> Finding | None:
    """The stack that wrote a message without the settings that the profile needs, if it can be told."""
    for code, writing in _WRITING.items():
        if writing.search(raw):
            return Finding.of(code, "Security", proved=False)
    return None
