"""Step 6: each Reference resolves to one element that stands where it must, and nothing required is left out.

This is where XML signature wrapping ends: ids are resolved from one map over unique ids, the element found
must be, by identity, the Body, the Timestamp, the token, a WS-Addressing header or the SignatureConfirmation
of this very envelope, and these same elements are what everyone downstream is given.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lxml import etree

from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.envelope import Envelope, local_name
from gateway.wss.security import Reference, Security

_WITH_ID: Final = etree.XPath("//*[@wsu:Id]", namespaces={"wsu": names.WSU})


class Signed(NamedTuple):
    """One Reference with the element that it covers."""

    reference: Reference
    element: etree._Element


def step_6_references(envelope: Envelope, security: Security) -> tuple[Signed, ...]:
    """The References with their elements, in the order of SignedInfo; all that must be signed is."""
    signable = [envelope.body, security.timestamp, security.token, *envelope.addressing]
    if security.confirmation is not None:
        signable.append(security.confirmation)
    # Ids are unique in the document since step 4: what is found here is what the whole document has.
    places = {element.get(names.WSU_ID): element for element in signable}
    covered: list[Signed] = []
    taken: set[etree._Element] = set()
    for reference in security.references:
        target = (reference.uri or "").removeprefix("#")
        element = places.get(target)
        if element is None:
            elsewhere = next(
                (one for one in _WITH_ID(envelope.root) if one.get(names.WSU_ID) == target), None
            )
            if elsewhere is None:
                raise Refused("reference-unresolved")
            raise Refused("reference-misplaced", where=local_name(elsewhere))
        if element in taken:
            raise Refused("reference-doubled", where=local_name(element))
        taken.add(element)
        covered.append(Signed(reference, element))

    def is_covered(element: etree._Element) -> bool:
        return element in taken

    if not is_covered(envelope.body):
        raise Refused("body-unsigned")
    if not is_covered(security.timestamp):
        raise Refused("timestamp-unsigned")
    if not is_covered(security.token):
        raise Refused("token-unsigned")
    for header in envelope.addressing:
        if not is_covered(header):
            raise Refused("addressing-unsigned", where=local_name(header))
    if security.confirmation is not None and not is_covered(security.confirmation):
        raise Refused("confirmation-unsigned")
    return tuple(covered)
