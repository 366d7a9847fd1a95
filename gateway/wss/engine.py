"""Step 8: what an engine is asked, and the engine that asks two and lets neither be wrong alone.

An engine judges arithmetic only: the digest of every covered element and the signature over SignedInfo.
Which elements, algorithms and keys are acceptable was decided before it is asked.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree

from gateway.refusals import Refused
from gateway.wss.envelope import local_name
from gateway.wss.profile import CURVES, DIGEST_ALGORITHMS, SignatureAlgorithm
from gateway.wss.references import Signed
from gateway.wss.security import Security

_DER_SEQUENCE: Final = b"\x30"
_DEFAULT_PREFIX: Final = "#default"
_TEACHES_DEFAULT: Final = b'<!DOCTYPE a [<!ATTLIST a b CDATA "#default">]><a/>'
_WITH_DEFAULT: Final = b'<a xmlns="urn:d"><p:b xmlns:p="urn:p"></p:b></a>'
_KEEPS_DEFAULT: Final = b'<p:b xmlns="urn:d" xmlns:p="urn:p"></p:b>'
_HASHES: Final = {uri: getattr(hashlib, name) for uri, name in DIGEST_ALGORITHMS.items()}
_taught = threading.local()


class Question(NamedTuple):
    """Everything an engine needs to judge one signature."""

    security: Security
    algorithm: SignatureAlgorithm
    covered: tuple[Signed, ...]
    public_key: PublicKeyTypes
    certificate_der: bytes
    signed_info: bytes  # canonical, by the CanonicalizationMethod


class Engine(Protocol):
    """One implementation of XML Signature's arithmetic."""

    def check(self, question: Question) -> None:
        """Return when every digest and the signature value hold; raise Refused otherwise."""
        ...


class TwoEngines:
    """A first engine that decides, and a second that looks over its shoulder on a share of messages.

    When they disagree, in either direction, the message is refused (engines-disagree) and ``alarm`` is
    called: one of two independent implementations is wrong, and nobody can tell which.
    """

    def __init__(
        self, first: Engine, second: Engine, *, share: float, alarm: Callable[[str], object]
    ) -> None:
        self._first = first
        self._second = second
        self._share = share  # of messages, 0.0 to 1.0
        self._alarm = alarm

    def check(self, question: Question) -> None:
        """As Engine.check."""
        if random.random() >= self._share:  # noqa: S311 # a sampling share, no secret
            self._first.check(question)
            return
        first, second = _verdict(self._first, question), _verdict(self._second, question)
        if (first is None) != (second is None):
            self._alarm("engines-disagree")
            raise Refused("engines-disagree", found=f"first: {first or 'good'}; second: {second or 'good'}")
        if first is not None:
            raise first


def _verdict(engine: Engine, question: Question) -> Refused | None:
    try:
        engine.check(question)
    except Refused as refusal:
        return refusal
    return None


def canonical(element: etree._Element, prefixes: Sequence[str] = ()) -> bytes:
    """The exclusive canonical form of an element; one that has none is a refusal, never an error."""
    if _DEFAULT_PREFIX in prefixes and not _default_prefix_counts():
        raise Refused("canonicalization-failed", found="this lxml drops #default from a PrefixList")
    try:
        form = _c14n(element, list(prefixes) or None)
    except etree.C14NError:
        raise Refused("canonicalization-failed") from None
    if not form:
        raise Refused("canonicalization-failed", found="nothing")
    return form


def _c14n(element: etree._Element, prefixes: list[str] | None) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
    )


def _default_prefix_counts() -> bool:
    """Teach this thread's lxml the word ``#default``, once, and see that it is honoured from then on.

    lxml hands libxml2 only those PrefixList tokens that stand in the thread's dictionary of names, where no
    document can put this one (Basic Security Profile R5408 wants it, WSS4J writes it); an attribute's
    default value in a document of our own does.
    """
    known: bool | None = getattr(_taught, "default", None)
    if known is None:
        etree.fromstring(_TEACHES_DEFAULT, etree.XMLParser(load_dtd=False, no_network=True))
        known = _taught.default = (
            _c14n(etree.fromstring(_WITH_DEFAULT)[0], [_DEFAULT_PREFIX]) == _KEEPS_DEFAULT
        )
    return known


def halves(question: Question) -> tuple[int, int]:
    """r and s of an ECDSA value: side by side, each as long as the curve's coordinate.

    XML Signature 1.1 section 6.4.3. libxmlsec1 takes longer halves too, so both engines ask here first.
    """
    key, value = question.public_key, question.security.signature_bytes
    size = CURVES[key.curve.name] if isinstance(key, ec.EllipticCurvePublicKey) else 0
    if not size or len(value) != 2 * size:
        kind = "an ECDSA value in DER" if value[:1] == _DER_SEQUENCE else f"{len(value)} bytes"
        raise Refused("signature-value", found=kind, wanted=f"r and s, {size} bytes each")
    return int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")


def check_digest(signed: Signed) -> None:
    """Refuse an element whose bytes, in canonical form, are not the ones that the sender digested."""
    reference = signed.reference
    form = canonical(signed.element, reference.prefixes)
    digest = _HASHES[str(reference.digest_algorithm)](form).digest()
    if not hmac.compare_digest(digest, reference.digest):
        raise Refused(
            "digest",
            where=local_name(signed.element),
            found=f"computed {digest.hex()}",
            wanted=f"received {reference.digest.hex()}",
        )


def digest_of_canonical(element: etree._Element) -> bytes:
    """SHA-256 of the plain exclusive canonical form: what the duplicate guard compares."""
    return hashlib.sha256(canonical(element)).digest()
