"""The conformance cases against running servers: the gateway's own and the simulated counterparts'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.cli.network.plan import DEVELOPMENT
from gateway.conformance import QUESTIONS, chosen
from gateway.contract import SERVICES
from tests.kit.network import GATEWAY, Network, running

NATIONAL, PREFECTURAL, JLIS = "national-server", "13-prefectural-server", "jlis-server"
CARDS = next(system.id for system in DEVELOPMENT.systems if system.role == "card_management_system")
OTHER_TOWN = "141003-cs"
SERVED = {
    "terminal": GATEWAY,
    "resident_record": GATEWAY,
    "municipal": GATEWAY,
    "number_use": GATEWAY,
    "addressee_terminal": GATEWAY,
    "consistency_result": GATEWAY,
    "national": NATIONAL,
    "prefectural": PREFECTURAL,
    "consistency": PREFECTURAL,
    "jlis": JLIS,
    "card_management": CARDS,
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    only = (GATEWAY, OTHER_TOWN, NATIONAL, PREFECTURAL, JLIS, CARDS)
    with running(tmp_path_factory.mktemp("network") / "net", only=only) as started:
        yield started


def test_every_service_is_tried() -> None:
    assert set(SERVED) == set(QUESTIONS) == set(SERVICES)


@pytest.mark.parametrize("service", SERVED)
def test_a_server_of_the_network_passes(network: Network, service: str, tmp_path: Path) -> None:
    """Every case where the bodies are short and long; the others what depends on the service."""
    families = () if service in {"terminal", "resident_record"} else ("exchange", "addressing", "contract")
    wanted = chosen(families)
    junit, html = tmp_path / "run.xml", tmp_path / "run.html"
    ended = network.command(
        *("conformance", "run", "--network", network.folder / "network.json", "--target", SERVED[service]),
        *("--service", service, "--junit", junit, "--html", html, "--json"),
        *(part for family in families for part in ("--family", family)),
    )
    report = json.loads(ended.stdout)
    assert {case["id"]: case["complaints"] for case in report["cases"] if not case["passed"]} == {}
    assert (ended.returncode, report["passed"]) == (0, len(wanted))
    assert len(etree.fromstring(junit.read_bytes()).findall("testcase")) == len(wanted)
    assert html.read_text("utf-8").count('<summary class="passed">') == len(wanted)
