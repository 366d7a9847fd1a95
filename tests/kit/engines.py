"""The two engines, the tests' own authority as what they trust, and what they make of a message."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.refusals import Refused
from gateway.trust import Anchor, TrustStore
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.engine_xmlsec import XmlsecEngine
from gateway.wss.verify import VerifiedMessage, Verifier
from tests.kit import identities
from tests.kit.identities import NOW
from tests.kit.refusal import ANSWER, REQUEST

ENGINES: Final = {"lxml": LxmlEngine, "xmlsec": XmlsecEngine}


def both(trust: TrustStore) -> tuple[Verifier, Verifier]:
    """A verifier for each engine."""
    return Verifier(trust, engine=LxmlEngine()), Verifier(trust, engine=XmlsecEngine())


def own_trust(folder: Path) -> TrustStore:
    """One anchor, the tests' own authority, whose revocation list goes into ``folder``."""
    authority = identities.authority()
    anchor = Anchor(
        name="tests",
        certificate=authority.certificate,
        intermediates=(),
        crl_files=(authority.write_crl(folder),),
        revocation="crl",
        extended_key_usage={},
    )
    return TrustStore([anchor])


def outcome(verifier: Verifier, raw: bytes, *, answer: bool) -> tuple[object, ...]:
    """What a verifier hands on, or the step at which it refuses; any other exception goes through."""
    try:
        verified = verifier.answer(raw, ANSWER, NOW) if answer else verifier.request(raw, REQUEST, NOW)
    except Refused as refused:
        return ("refused", refused.rule.step)
    return handed_on(verified)


def handed_on(verified: VerifiedMessage) -> tuple[object, ...]:
    """Everything that anyone downstream reads."""
    return (
        verified.content_digest,
        verified.signed_info_digest,
        verified.addressing,
        verified.expires,
        verified.about.created,
        verified.certificate.der,
        verified.bound,
    )
