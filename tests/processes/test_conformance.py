"""The conformance cases against running servers: the gateway's own and the simulated counterparts'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.conformance import load_cases
from tests.kit.network import Network, running

PREFECTURAL = "13-prefectural-server"
ONLY = ("131016-cs", "national-server", PREFECTURAL)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY) as started:
        yield started


@pytest.mark.parametrize("target", ["131016-cs", "national-server", PREFECTURAL])
def test_a_server_of_the_network_passes_every_case(network: Network, target: str, tmp_path: Path) -> None:
    junit, html = tmp_path / "run.xml", tmp_path / "run.html"
    ended = network.command(
        *("conformance", "run", "--network", network.folder / "network.json", "--target", target),
        *("--junit", junit, "--html", html, "--json"),
    )
    report = json.loads(ended.stdout)
    assert {case["id"]: case["complaints"] for case in report["cases"] if not case["passed"]} == {}
    assert (ended.returncode, report["passed"]) == (0, len(load_cases()))
    assert len(etree.fromstring(junit.read_bytes()).findall("testcase")) == len(load_cases())
    assert html.read_text("utf-8").count('<summary class="passed">') == len(load_cases())
