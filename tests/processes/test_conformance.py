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
    short = ("exchange", "addressing", "contract", "repeat", "domain")
    families = () if service in {"terminal", "resident_record"} else short
    wanted = [case for case in chosen(families) if case.fits(service)]
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


def test_with_credentials_one_by_one(network: Network) -> None:
    """What a vendor was given: an address, certificates, and whom her messages may name."""
    document = json.loads((network.folder / "network.json").read_text("utf-8"))
    systems = {system["id"]: system for system in document["systems"]}
    terminal, gateway, trust = systems["131016-terminal-1"], systems[GATEWAY], document["trust"]
    operator = terminal["operators"][0]
    given: list[object] = [
        *("--url", gateway["services"]["terminal"]["url"]),
        *("--signing-key", terminal["signing"]["key"]),
        *("--signing-certificate", terminal["signing"]["certificate"]),
        *("--tls-key", terminal["tls"]["key"], "--tls-certificate", terminal["tls"]["certificate"]),
        *(part for file in (*trust["anchors"], *trust["intermediates"]) for part in ("--trust", file)),
        *(part for file in trust["crls"] for part in ("--crl", file)),
        *("--signed-by", gateway["signing"]["certificate"]),
        *("--municipality", terminal["municipality"], "--terminal", terminal["terminals"][0]),
        *("--operator", f"{operator['verification_id']}/{operator['operator_id']}"),
        *("--people", document["sample"]["people"]),
    ]
    ended = network.command("conformance", "run", *given, "--json")
    report = json.loads(ended.stdout)
    assert {case["id"]: case["complaints"] for case in report["cases"] if case["complaints"]} == {}
    assert (ended.returncode, report["failed"]) == (0, 0)
    left = {case["id"] for case in report["cases"] if case["not_run"]}
    moves = {"move-before-it-happens", "move-too-late", "move-of-a-resident"}  # from another town
    assert left == {case.id for case in chosen() if case.credential} | moves
    by_another = list(given)
    by_another[by_another.index("--signed-by") + 1] = systems[NATIONAL]["signing"]["certificate"]
    wrong = network.command("conformance", "run", *by_another, "--case", "good-request")
    assert wrong.returncode == 1
    assert "not signed by the system that was asked" in wrong.stdout
    at = given.index("--tls-key")
    missing = network.command("conformance", "run", *given[:at], *given[at + 2 :])
    assert (missing.returncode, "--tls-key is missing" in missing.stderr) == (2, True)
