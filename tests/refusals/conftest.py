"""Fixtures of the refusal tests: verifiers with both engines over the tests' own authority."""

from __future__ import annotations

import pytest

from gateway.trust import TrustStore
from gateway.wss.verify import Verifier
from tests.kit.engines import ENGINES, own_trust
from tests.kit.refusal import Bench


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    """A trust store with one anchor, revocation by CRL."""
    return own_trust(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=sorted(ENGINES))
def bench(request: pytest.FixtureRequest, trust: TrustStore) -> Bench:
    """A verifier of steps 2 to 10; every test that takes it runs with both engines."""
    return Bench(Verifier(trust, engine=ENGINES[request.param]()))
