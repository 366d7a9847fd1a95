"""A good signed message as a tree that can be spoilt, signed anew, and spoilt again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from gateway.trust import Signer, at_present
from gateway.wss import names
from gateway.wss.engine import canonical
from gateway.wss.security import encode_base64

PREFIXES: Final = {
    "soap": names.SOAP,
    "wsa": names.WSA,
    "wsse": names.WSSE,
    "wsu": names.WSU,
    "ds": names.DS,
    "ec": names.EC,
}


@dataclass(slots=True)
class Draft:
    """The message under change; ``raw`` replaces the tree once bytes are what is changed."""

    root: etree._Element
    signer: Signer
    headers: dict[str, str]
    raw: bytes | None = field(default=None)

    def all(self, path: str) -> list[etree._Element]:
        """The elements at an XPath in the profile's prefixes. Raises LookupError when there is none."""
        found = self.root.xpath(path, namespaces=PREFIXES)
        if not isinstance(found, list) or not found:
            raise LookupError(path)
        return [element for element in found if isinstance(element, etree._Element)]

    def one(self, path: str) -> etree._Element:
        """The first of them."""
        return self.all(path)[0]

    def resign(self) -> None:
        """Digests anew where a Reference finds its element, then the signature value."""
        signed_info = self.one("//ds:SignedInfo")
        by_id = {
            element.get(names.WSU_ID): element for element in self.root.iter() if element.get(names.WSU_ID)
        }
        for reference in signed_info.findall(names.REFERENCE):
            element, digest = by_id.get(reference.get("URI", "")[1:]), reference.find(names.DIGEST_VALUE)
            if element is not None and digest is not None:
                digest.text = encode_base64(hashlib.sha256(canonical(element, _prefixes(reference))).digest())
        value = at_present(self.signer).sign(canonical(signed_info))
        self.one("//ds:SignatureValue").text = encode_base64(value)

    def written(self) -> bytes:
        """The bytes to be sent."""
        return etree.tostring(self.root) if self.raw is None else self.raw


def _prefixes(reference: etree._Element) -> tuple[str, ...]:
    """The PrefixList of a Reference: a fault's code is a prefixed name."""
    listed = next(reference.iter(f"{{{names.EC}}}InclusiveNamespaces"), None)
    return () if listed is None else tuple(listed.get("PrefixList", "").split())
