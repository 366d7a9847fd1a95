"""Step 4: the exact content of the one wsse:Security header.

Children by name and count (order where the schema fixes it), attributes by a closed list, no stray text,
unique ids over the whole document whatever they are called, canonical Base64, strict times. What is read
here is read once; later steps work on the values of ``Security`` and never look anything up by name again.
"""

from __future__ import annotations

import binascii
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.envelope import Envelope, local_name, only_elements
from gateway.wss.profile import Limits

_SPACES: Final = re.compile(r"[ \t\r\n]+")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z", re.ASCII
)
_IDS: Final = etree.XPath(
    "//@*[translate(local-name(), 'ID', 'id') = 'id' or local-name() = 'AssertionID']", smart_strings=False
)
_TOKEN_CHARACTERS: Final = 24_000  # a longer token is no certificate that is taken
_ELEMENTS: Final = etree.XPath("count(//*)")
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    names.SECURITY: frozenset({names.MUST_UNDERSTAND, names.WSU_ID}),
    names.TOKEN: frozenset({"EncodingType", "ValueType", names.WSU_ID}),
    names.TIMESTAMP: frozenset({names.WSU_ID}),
    names.SIGNATURE: frozenset({"Id"}),
    names.SIGNED_INFO: frozenset({"Id"}),
    names.SIGNATURE_VALUE: frozenset({"Id"}),
    names.KEY_INFO: frozenset({"Id"}),
    names.CANONICALIZATION_METHOD: frozenset({"Algorithm"}),
    names.SIGNATURE_METHOD: frozenset({"Algorithm"}),
    names.REFERENCE: frozenset({"URI", "Id"}),
    names.TRANSFORM: frozenset({"Algorithm"}),
    names.DIGEST_METHOD: frozenset({"Algorithm"}),
    names.INCLUSIVE_NAMESPACES: frozenset({"PrefixList"}),
    names.TOKEN_REFERENCE: frozenset({names.WSU_ID, names.TOKEN_TYPE}),
    names.TOKEN_POINTER: frozenset({"URI", "ValueType"}),
    names.CONFIRMATION: frozenset({"Value", names.WSU_ID}),
}
"""The attributes that an element of the security header may carry; an element not named: none."""


class Reference(NamedTuple):
    """One ds:Reference as received: where it points, its transforms, its digest."""

    uri: str | None
    transforms: tuple[str | None, ...]
    prefixes: tuple[str, ...]
    digest_algorithm: str | None
    digest: bytes


class Security(NamedTuple):
    """The content of the Security header, read once."""

    element: etree._Element
    token: etree._Element
    token_bytes: bytes
    timestamp: etree._Element
    created: datetime
    expires: datetime
    signature: etree._Element
    signed_info: etree._Element
    canonicalization: str | None
    signed_info_prefixes: tuple[str, ...]
    signature_algorithm: str | None
    signature_bytes: bytes
    signature_text: str  # SignatureValue without white space, as a SignatureConfirmation repeats it
    references: tuple[Reference, ...]
    key_uri: str | None
    key_value_type: str | None
    confirmation: etree._Element | None


def step_4_security(envelope: Envelope, limits: Limits) -> Security:
    """The one Security header for us, taken apart."""
    if not envelope.security:
        raise Refused("security-missing")
    if len(envelope.security) > 1:
        raise Refused("security-doubled", found=f"{len(envelope.security)}")
    security = envelope.security[0]
    if security.get(names.MUST_UNDERSTAND) != "1":
        raise Refused("security-must-understand")
    _check_ids(envelope.root)
    children = Counter(str(child.tag) for child in security)
    confirmations = children.pop(names.CONFIRMATION, 0)
    if confirmations > 1 or children != {names.TOKEN: 1, names.TIMESTAMP: 1, names.SIGNATURE: 1}:
        raise Refused("security-children", found=_listing(security))
    parts = {child.tag: child for child in security}
    token, timestamp, signature = parts[names.TOKEN], parts[names.TIMESTAMP], parts[names.SIGNATURE]

    if (
        token.get("ValueType") != names.X509_V3
        or token.get("EncodingType", names.BASE64_BINARY) != names.BASE64_BINARY
    ):
        raise Refused("token-type", wanted=names.X509_V3)
    if [child.tag for child in timestamp] != [names.CREATED, names.EXPIRES]:
        raise Refused("timestamp-children", found=_listing(timestamp))
    if [child.tag for child in signature] != [names.SIGNED_INFO, names.SIGNATURE_VALUE, names.KEY_INFO]:
        raise Refused("signature-children", found=_listing(signature))
    signed_info, value, key_info = signature
    canonicalization, method, references = _read_signed_info(signed_info, limits)
    pointer = _read_key_info(key_info)
    _check_inside(security)
    signature_bytes = read_base64(value, "SignatureValue")
    return Security(
        element=security,
        token=token,
        token_bytes=read_token(token),
        timestamp=timestamp,
        created=read_instant(timestamp[0]),
        expires=read_instant(timestamp[1]),
        signature=signature,
        signed_info=signed_info,
        canonicalization=canonicalization.get("Algorithm"),
        signed_info_prefixes=_prefixes(canonicalization),
        signature_algorithm=method.get("Algorithm"),
        signature_bytes=signature_bytes,
        signature_text=encode_base64(signature_bytes),
        references=references,
        key_uri=pointer.get("URI"),
        key_value_type=pointer.get("ValueType"),
        confirmation=parts.get(names.CONFIRMATION),
    )


def _check_inside(security: etree._Element) -> None:
    """Attributes by the closed list, and text only in elements that hold nothing else."""
    for element in security.iter(etree.Element):
        foreign = set(element.attrib) - _ATTRIBUTES.get(str(element.tag), frozenset())
        if foreign:
            raise Refused(
                "security-attributes", where=local_name(element), found=f"{len(foreign)} that it may not have"
            )
        if len(element) and not only_elements(element):
            raise Refused("security-text", where=local_name(element))


def _check_ids(root: etree._Element) -> None:
    """No two id attributes alike, of whatever name, case and namespace: no reference has two readings."""
    values = [str(value).strip() for value in _IDS(root)]
    if len(set(values)) != len(values):
        raise Refused("id-doubled", found=f"{len(values)} ids, {len(set(values))} different")


def _read_signed_info(
    signed_info: etree._Element, limits: Limits
) -> tuple[etree._Element, etree._Element, tuple[Reference, ...]]:
    tags = [child.tag for child in signed_info]
    count = len(tags) - 2
    if (
        count < 1
        or tags != [names.CANONICALIZATION_METHOD, names.SIGNATURE_METHOD] + [names.REFERENCE] * count
    ):
        raise Refused("signed-info-children", found=_listing(signed_info))
    if count > limits.references:
        raise Refused("too-many-references", found=f"{count}", wanted=f"at most {limits.references}")
    canonicalization, method = signed_info[0], signed_info[1]
    if len(method) or method.text:  # an HMACOutputLength, or parameters that no allowed algorithm takes
        raise Refused("signed-info-children", where="SignatureMethod")
    references = tuple(_read_reference(child) for child in signed_info[2:])
    tokens = set(_prefixes(canonicalization)).union(*(reference.prefixes for reference in references))
    if len(tokens) > limits.prefixes:
        raise Refused("too-many-prefixes", found=f"{len(tokens)}", wanted=f"at most {limits.prefixes}")
    if tokens and len(tokens) * _ELEMENTS(signed_info) > limits.prefix_work:
        raise Refused("too-many-prefixes", found=f"{len(tokens)} for a message of this size")
    return canonicalization, method, references


def _read_reference(reference: etree._Element) -> Reference:
    if [child.tag for child in reference] != [names.TRANSFORMS, names.DIGEST_METHOD, names.DIGEST_VALUE]:
        raise Refused("reference-children", found=_listing(reference))
    transforms, method, value = reference
    if any(child.tag != names.TRANSFORM for child in transforms) or len(method) or method.text:
        raise Refused("reference-children", found=_listing(transforms), where="Transforms")
    return Reference(
        uri=reference.get("URI"),
        transforms=tuple(transform.get("Algorithm") for transform in transforms),
        prefixes=tuple(prefix for transform in transforms for prefix in _prefixes(transform)),
        digest_algorithm=method.get("Algorithm"),
        digest=read_base64(value, "DigestValue"),
    )


def _prefixes(method: etree._Element) -> tuple[str, ...]:
    """The PrefixList of a Transform or CanonicalizationMethod; any other parameter is refused."""
    if not len(method):
        if method.text:
            raise Refused("security-text", where=local_name(method))
        return ()
    if [child.tag for child in method] != [names.INCLUSIVE_NAMESPACES] or len(method[0]) or method[0].text:
        raise Refused("signed-info-children", where=local_name(method), found=_listing(method))
    return tuple(method[0].get("PrefixList", "").split())


def _read_key_info(key_info: etree._Element) -> etree._Element:
    """The one wsse:Reference of the one SecurityTokenReference; other key forms are refused here."""
    if [child.tag for child in key_info] != [names.TOKEN_REFERENCE]:
        raise Refused("key-info-children", found=_listing(key_info))
    holder = key_info[0]
    if [child.tag for child in holder] != [names.TOKEN_POINTER] or len(holder[0]) or holder[0].text:
        raise Refused("key-info-children", where="SecurityTokenReference", found=_listing(holder))
    return holder[0]


def read_base64(element: etree._Element, where: str) -> bytes:
    """The bytes of a Base64 element: canonical, but for white space (Santuario breaks lines with CRLF)."""
    decoded = None if len(element) else _decoded(element.text or "")
    if not decoded:
        raise Refused("base64", where=where)
    return decoded


def read_token(token: etree._Element) -> bytes:
    """The bytes of a BinarySecurityToken; those of the last few senders are remembered."""
    text = token.text or ""
    decoded = (
        None if len(token) else _decoded_token(text) if len(text) <= _TOKEN_CHARACTERS else _decoded(text)
    )
    if not decoded:
        raise Refused("base64", where="BinarySecurityToken")
    return decoded


def _decoded(text: str) -> bytes | None:
    """The octets; the decoder forgives much, but only the one spelling that encodes back is accepted."""
    decoded = _decoded_as_spelt(text)
    return _decoded_as_spelt(_SPACES.sub("", text)) if decoded is None else decoded


def _decoded_as_spelt(text: str) -> bytes | None:
    try:
        decoded = binascii.a2b_base64(text)
    except ValueError:
        return None
    return decoded if encode_base64(decoded) == text else None


_decoded_token = lru_cache(maxsize=64)(_decoded)


def encode_base64(octets: bytes) -> str:
    """Base64 without line breaks."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def read_instant(element: etree._Element) -> datetime:
    """A UTC instant by a grammar of our own (XML Schema's dateTime allows more than WSS R3220 wants)."""
    match = _INSTANT.fullmatch((element.text or "").strip(" \t\r\n")) if not len(element) else None
    if match is None:
        raise Refused("timestamp-format", where=local_name(element))
    whole, fraction = match.groups("")
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")
    except ValueError:
        raise Refused("timestamp-format", where=local_name(element)) from None


def _listing(element: etree._Element) -> str:
    """The children's local names, at most twenty, for the refusal record."""
    return " ".join(local_name(child) for child in element[:20]) or "nothing"
