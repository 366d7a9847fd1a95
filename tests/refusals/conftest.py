"""Fixtures of the refusal tests: verifiers with both engines over the tests' own authority."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.trust import Anchor, TrustStore
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.engine_xmlsec import XmlsecEngine
from gateway.wss.verify import Verifier
from tests.kit import identities
from tests.kit.refusal import Bench

ENGINES = {"lxml": LxmlEngine, "xmlsec": XmlsecEngine}


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    """A trust store with one anchor, revocation by CRL."""
    authority = identities.authority()
    folder: Path = tmp_path_factory.mktemp("authority")
    anchor = Anchor(
        name="tests",
        certificate=authority.certificate,
        intermediates=(),
        crl_files=(authority.write_crl(folder),),
        revocation="crl",
        extended_key_usage={},
    )
    return TrustStore([anchor])


@pytest.fixture(params=sorted(ENGINES))
def bench(request: pytest.FixtureRequest, trust: TrustStore) -> Bench:
    """A verifier of steps 2 to 10; every test that takes it runs with both engines."""
    return Bench(Verifier(trust, engine=ENGINES[request.param]()))
