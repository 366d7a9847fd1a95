"""Every kind of damage is named rightly, and none is taken for another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.diagnosis import CAUSES, Diagnosis, diagnose
from gateway.trust import Anchor, TrustStore
from gateway.wss.profile import Profile
from tests.kit import identities
from tests.kit.identities import NOW
from tests.kit.messages import good_request
from tests.kit.refusal import REQUEST
from tests.unit.diagnosis.damage import DAMAGES, OTHERS, Damage

STACKS = {"node-soap-defaults", "zeep-defaults", "wss4j-defaults", "wcf-defaults"}


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    authority = identities.authority()
    lists = (authority.write_crl(tmp_path_factory.mktemp("authority")),)
    return TrustStore(
        [
            Anchor(
                name="tests",
                certificate=authority.certificate,
                intermediates=(),
                crl_files=lists,
                revocation="crl",
                extended_key_usage={},
            )
        ]
    )


def diagnosed(raw: bytes, trust: TrustStore) -> Diagnosis:
    others = {"the TLS certificate": OTHERS["tls"].certificate.public_key()}
    return diagnose(raw, REQUEST, trust=trust, now=NOW, profile=Profile(), others=others)


def found(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(finding.cause.code, finding.where) for finding in diagnosis.findings]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_named(damage: Damage, trust: TrustStore) -> None:
    diagnosis = diagnosed(damage.make(), trust)

    assert diagnosis.trace.refused is not None
    assert sorted(found(diagnosis)) == sorted(damage.findings)


def test_a_good_message_has_nothing_to_explain(trust: TrustStore) -> None:
    diagnosis = diagnosed(good_request().raw(), trust)

    assert diagnosis.trace.refused is None
    assert diagnosis.findings == ()
    assert all(part.holds for part, _ in diagnosis.covered)


def test_there_are_forty_kinds_and_every_cause_is_among_them() -> None:
    named = {code for damage in DAMAGES for code, _ in damage.findings}

    assert len(DAMAGES) >= 40
    assert named | STACKS == set(CAUSES)


def test_a_finding_quotes_nothing_of_the_message(trust: TrustStore) -> None:
    for damage in DAMAGES:
        for finding in diagnosed(damage.make(), trust).findings:
            assert "髙橋" not in f"{finding.where}{finding.told}"
            assert len(finding.told) < 40


def test_the_canonical_bytes_are_those_of_the_digest(trust: TrustStore, tmp_path: Path) -> None:
    import hashlib

    diagnosis = diagnosed(good_request().raw(), trust)

    assert len(diagnosis.covered) == 6
    for part, octets in diagnosis.covered:
        assert hashlib.new(part.algorithm, octets).hexdigest() == part.computed == part.digest
