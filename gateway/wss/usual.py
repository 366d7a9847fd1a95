"""The counts of step 2, and steps 3 and 4, in one look, for a message in the usual form.

Any other message goes the step-by-step way.

A closed schema (shapes/) says whether every element, attribute and text from the Envelope down stands where
the usual form has it; only the Body's child is left open, and must then have no attribute at all. A yes
implies what gateway.wss.parse, .envelope and .security would say; a no decides nothing and names nothing.
A property test holds both to the same outcome.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Final

from lxml import etree

from gateway.wss import names
from gateway.wss.envelope import Envelope
from gateway.wss.parse import Parsed, past_counts
from gateway.wss.profile import EXCLUSIVE_C14N, Limits
from gateway.wss.security import Reference, Security, encode_base64, read_base64, read_instant, read_token

_BODY: Final = "boolean(/*/soap:Body/*//@*) or boolean(/*/soap:Body/*/@*)"
_INSTANCE: Final = "boolean(//@xsi:*)"
_NAMESPACES: Final = {"xsi": "http://www.w3.org/2001/XMLSchema-instance", "soap": names.SOAP}
_TRANSFORMS: Final = (EXCLUSIVE_C14N,)


@cache
def _shape() -> etree.XMLSchema:
    with as_file(files("gateway.wss") / "shapes") as folder:
        return etree.XMLSchema(etree.parse(folder / "soap.xsd"))


@cache
def _odd(depth: int, attributes: int, *, bare: bool) -> etree.XPath:
    """What the schema lets pass: attributes of XML Schema itself, and anything within the Body's child.

    There, an attribute is odd, and so is more of anything than step 2 allows.
    """
    conditions = (_BODY, past_counts(depth, attributes), *(() if bare else (_INSTANCE,)))
    return etree.XPath(" or ".join(conditions), namespaces=_NAMESPACES)


def usual_form(parsed: Parsed, limits: Limits) -> tuple[Envelope, Security] | None:
    """What steps 3 and 4 find in the message, or None when it is not in the usual form, or step 2 has more.

    Raises Refused ``base64`` and ``timestamp-format``, as step 4 does for the same values.
    """
    root = parsed.root
    if (
        not parsed.few
        or not _shape().validate(root)
        or _odd(limits.depth, limits.attributes, bare=parsed.bare)(root)
    ):
        return None
    header, body = root
    content = body[0]
    blocks = {block.tag: block for block in header}
    security = blocks.pop(names.SECURITY)
    parts = {str(part.tag): part for part in security}
    signable = [body, *blocks.values(), *(part for part in parts.values() if part.tag != names.SIGNATURE)]
    ids = {str(element.get(names.WSU_ID)).strip() for element in signable}
    signed_info, value, key_info = parts[names.SIGNATURE]
    references = signed_info[2:]
    if len(ids) < len(signable) or len(references) > limits.references:
        return None
    envelope = Envelope(root, header, body, content, tuple(blocks.values()), (security,))
    return envelope, _read(security, parts, signed_info, references, value, key_info)


def _read(
    security: etree._Element,
    parts: dict[str, etree._Element],
    signed_info: etree._Element,
    references: list[etree._Element],
    value: etree._Element,
    key_info: etree._Element,
) -> Security:
    covered = tuple(map(_reference, references))
    signature_bytes = read_base64(value, "SignatureValue")
    pointer = key_info[0][0]
    timestamp = parts[names.TIMESTAMP]
    created, expires = timestamp
    return Security(
        element=security,
        token=parts[names.TOKEN],
        token_bytes=read_token(parts[names.TOKEN]),
        timestamp=timestamp,
        created=read_instant(created),
        expires=read_instant(expires),
        signature=parts[names.SIGNATURE],
        signed_info=signed_info,
        canonicalization=EXCLUSIVE_C14N,
        signed_info_prefixes=(),
        signature_algorithm=signed_info[1].get("Algorithm"),
        signature_bytes=signature_bytes,
        signature_text=encode_base64(signature_bytes),
        references=covered,
        key_uri=pointer.get("URI"),
        key_value_type=pointer.get("ValueType"),
        confirmation=parts.get(names.CONFIRMATION),
    )


def _reference(reference: etree._Element) -> Reference:
    method, digest = reference[1], reference[2]  # behind Transforms
    return Reference(
        reference.get("URI"), _TRANSFORMS, (), method.get("Algorithm"), read_base64(digest, "DigestValue")
    )
