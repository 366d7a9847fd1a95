"""Messages signed by other SOAP stacks, through steps 2 to 9 with both engines.

The good ones pass at their own instant; the bad ones are refused at the step and with the fault that
``expected.json`` names. Our tests' own canonicaliser confirms every digest as a third opinion.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.refusals import Refused
from gateway.trust import Anchor, TrustStore
from gateway.wss.verify import Verifier
from tests.kit import signing, tree
from tests.kit.engines import ENGINES
from tests.kit.refusal import check, expect_refusal

FOLDER = Path(__file__).parent.parent / "vectors"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
GOOD = sorted(name for name, entry in EXPECTED.items() if entry["accept"])
BAD = sorted(name for name, entry in EXPECTED.items() if not entry["accept"])


def verifier(name: str, engine: str) -> Verifier:
    """A verifier that trusts only the vector's own authority."""
    certificate = x509.load_pem_x509_certificate((FOLDER / EXPECTED[name].get("ca", "ca.pem")).read_bytes())
    anchor = Anchor(
        name="vectors",
        certificate=certificate,
        intermediates=(),
        crl_files=(),
        revocation="off",
        extended_key_usage={},
    )
    return Verifier(TrustStore([anchor]), engine=ENGINES[engine]())


def verify_at(name: str) -> datetime:
    """The instant to verify at."""
    text: str = EXPECTED[name]["verify_at"]
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def test_every_file_is_in_the_list() -> None:
    check({path.name for path in FOLDER.glob("*.xml")} == set(EXPECTED), "files and list differ")
    check(len(GOOD) >= 12, f"{len(GOOD)} good ones")
    check(len(BAD) >= 3, f"{len(BAD)} bad ones")


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", GOOD)
def test_a_good_vector(name: str, engine: str) -> None:
    raw = (FOLDER / name).read_bytes()
    secured = verifier(name, engine).secured(raw, verify_at(name))
    check(secured.certificate.anchor == "vectors", "the vector's anchor")


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", BAD)
def test_a_bad_vector(name: str, engine: str) -> None:
    raw = (FOLDER / name).read_bytes()
    entry = EXPECTED[name]
    steps = entry["step"] if isinstance(entry["step"], list) else [entry["step"]]
    faults = entry["fault"] if isinstance(entry["fault"], list) else [entry["fault"]]
    with pytest.raises(Refused) as caught:
        verifier(name, engine).secured(raw, verify_at(name))
    seen = (caught.value.rule.step, str(caught.value.rule.fault))
    check(seen in set(zip(steps, faults, strict=True)), f"{seen}")


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", GOOD)
def test_a_good_vector_at_another_time(name: str, engine: str) -> None:
    raw = (FOLDER / name).read_bytes()
    with expect_refusal("timestamp-expired", "wsu:MessageExpired"):
        verifier(name, engine).secured(raw, verify_at(name).replace(hour=23))


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", GOOD)
def test_a_good_vector_with_one_letter_changed(name: str, engine: str) -> None:
    raw = (FOLDER / name).read_bytes()
    changed = raw.replace(b"urn:uuid:", b"urn:uuie:", 1)
    check(changed != raw, "the letter is there")
    with pytest.raises(Refused) as caught:
        verifier(name, engine).secured(changed, verify_at(name))
    check(caught.value.rule.step == 8, f"{caught.value}")


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", GOOD)
def test_a_good_vector_under_another_anchor(name: str, engine: str, trust: TrustStore) -> None:
    with expect_refusal("certificate-path", "wsse:FailedAuthentication"):
        Verifier(trust, engine=ENGINES[engine]()).secured((FOLDER / name).read_bytes(), verify_at(name))


@pytest.mark.parametrize("name", GOOD)
def test_our_own_canonical_form_gives_every_digest(name: str) -> None:
    root = tree.parse((FOLDER / name).read_bytes())
    references = root.one("SignedInfo").all("Reference")
    check(len(references) == 6, f"{len(references)} references")
    for reference in references:
        target = signing.by_id(root, reference.attributes["URI"].removeprefix("#"))
        check(target is not None, "resolved")
        lists = reference.all("InclusiveNamespaces")
        prefixes = tuple(lists[0].attributes["PrefixList"].split()) if lists else ()
        form = tree.canonical(target, prefixes)  # type: ignore[arg-type]
        digest = base64.b64encode(hashlib.sha256(form).digest()).decode()
        check(digest == "".join(reference.one("DigestValue").text.split()), f"digest of {target}")
