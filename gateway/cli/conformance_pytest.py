"""pytest plugin: the conformance cases as tests of a vendor's own suite.

With ``-p gateway.cli.conformance_pytest --juki-network FILE --juki-target SYSTEM`` (and ``--juki-service
NAME``) each test that takes the fixture ``juki_case`` runs once for every case:

    def test_message_profile(juki_case):
        assert juki_case.passed, juki_case.complaints

Without the options such tests are skipped. ``juki_case`` is a gateway.conformance.Outcome. It is
no plugin that pytest loads by itself: that would have pytest rewrite every module of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.conformance_target import opened
from gateway.conformance import Case, Outcome, Target, load_cases, run


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("juki-gateway", "conformance to the message profile of juki-gateway")
    group.addoption("--juki-network", metavar="FILE", help="network.json of a running network")
    group.addoption("--juki-target", metavar="SYSTEM", help="id of the system to judge")
    group.addoption("--juki-service", metavar="NAME", help="service to judge; by default the first it offers")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case."""
    if "juki_case" in metafunc.fixturenames:
        metafunc.parametrize("juki_case", load_cases(), ids=lambda case: case.id, indirect=True)


@pytest.fixture(scope="session")
def juki_target(pytestconfig: pytest.Config) -> Iterator[Target]:
    """The system that is judged, with its connections open."""
    network, target = pytestconfig.getoption("juki_network"), pytestconfig.getoption("juki_target")
    if network is None or target is None:
        pytest.skip("give --juki-network FILE and --juki-target SYSTEM")
    with opened(Path(network), target, pytestconfig.getoption("juki_service")) as judged:
        yield judged


@pytest.fixture
def juki_case(request: pytest.FixtureRequest, juki_target: Target) -> Outcome:
    """What became of one case; skips one that is about another service, or that cannot be sent."""
    case: Case = request.param
    if not case.fits(juki_target.service.name):
        pytest.skip(f"it is about {', '.join(case.services)}")
    (outcome,) = run(juki_target, [case])
    if outcome.not_run is not None:
        pytest.skip(outcome.not_run)
    return outcome
